"""Many monitors with clients that do as real ones do, and the account at the end: what was promised, and what came.

    with Fleet(installation) as fleet:
        job, *others = fleet.hire(Role.SILENT, 5)       monitors, each with a client
        fleet.ping(job)                                 tries until it is answered 204
        fleet.keep_pinging(others)                      once a second from now on, in the background
        ...                                             do harm
        until(lambda: not fleet.account().open(), seconds=120)
        fleet.account().wrongs()                        [] if everything was told once, and nothing else

Every ping carries a number of its own, so that the database can be asked for each that was answered 204. A role says
what is to be told of a monitor in the end, whatever happens to us meanwhile.
"""

import functools
import itertools
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import Enum
from types import TracebackType
from typing import Any, Self

from tests.chaos.account import Account, Promise
from tests.chaos.installation import Installation
from tests.receivers import HTTPReceiver, SMTPReceiver

HOUR_SEC, SHORTEST_SEC = 3600, 5
AT_ONCE = 100
PER_CHANNEL = 8
"""Monitors that share a webhook; a channel is sent only so much at once, and the lease of a dead sender counts."""
MAIL_EACH = 4
"""Every fourth monitor has an e-mail address too."""
NOTHING = Promise(0, 0)
KEEP_EVERY_SEC, CLIENTS, RETRY_SEC = 1.0, 6, 0.1


class Role(Enum):
    """What a monitor goes through, and what people are told of it: (openings, resolutions). A third value only tells
    apart what would else be one member."""

    KEEPS = SHORTEST_SEC, NOTHING  # pings all the time
    LOGS = HOUR_SEC, NOTHING, "logs"  # never says that it succeeded
    SILENT = SHORTEST_SEC, Promise(1, 0)  # pings once
    FAILS = HOUR_SEC, Promise(1, 0)  # reports a failure
    RETURNS = HOUR_SEC, Promise(1, 1)  # reports a failure, then a success

    @property
    def interval_sec(self) -> int:
        interval_sec: int = self.value[0]
        return interval_sec

    @property
    def promise(self) -> Promise:
        promise: Promise = self.value[1]
        return promise


@dataclass
class Job:
    """A monitor, and what its client knows: how many pings it sent, and of those answered 204 the number, and when it
    was sent and answered."""

    id: int
    url: str
    role: Role
    answered: list[tuple[str, float, float]] = field(default_factory=list)
    sent: int = 0

    def next_number(self) -> str:
        self.sent += 1
        return f"ping {self.id} {self.sent}"


class Fleet:
    """The monitors of one installation, and the receivers that are told of them."""

    def __init__(self, installation: Installation, webhooks: HTTPReceiver, mails: SMTPReceiver) -> None:
        self.jobs: list[Job] = []
        self._installation, self._webhooks, self._mails = installation, webhooks, mails
        self._numbers = itertools.count(1)
        self._stopping = threading.Event()
        self._clients = ThreadPoolExecutor(CLIENTS * 3)
        self._under_way: list[Future[None]] = []

    def hire(self, role: Role, count: int, *, grace_sec: int = 1) -> list[Job]:
        """New monitors that were never pinged."""
        made: list[Job] = []
        for first in range(0, count, AT_ONCE):
            bodies = [self._body(role, grace_sec) for _ in range(first, min(first + AT_ONCE, count))]
            asked = self._installation.api("POST", "/monitors/bulk?include=secrets", {"monitors": bodies}, expect=201)
            made += [Job(row["id"], row["secrets"]["pingUrl"], role) for row in asked["results"]]
        self.jobs += made
        return made

    def _body(self, role: Role, grace_sec: int) -> dict[str, Any]:
        number = next(self._numbers)
        body: dict[str, Any] = {
            "name": f"{role.name.lower()} {number}",
            "intervalSec": role.interval_sec,
            "heartbeatGraceSec": grace_sec,
            "alertWebhookUrl": f"{self._webhooks.url}/{number // PER_CHANNEL}",
        }
        if number % MAIL_EACH == 0:
            body["alertEmail"] = f"team{number // PER_CHANNEL}@example.com"
        return body

    def ping(self, job: Job, suffix: str = "") -> None:
        """Ping until it is answered 204, as `curl --retry` does; returns when it is, or the fleet is dismissed."""
        while not self._stopping.is_set() and not self.try_to_ping(job, suffix):
            time.sleep(RETRY_SEC)

    def try_to_ping(self, job: Job, suffix: str = "", *, size: int = 0) -> bool:
        """Ping once, with a body of about that size. Returns whether it was answered 204."""
        number, sent_at = job.next_number(), time.time()
        is_answered = self._installation.ping(job.url + suffix, f"{number}\n{'.' * size}".encode()) == 204
        if is_answered:
            job.answered.append((number, sent_at, time.time()))
        return is_answered

    def later(self, *steps: tuple[Job, str]) -> None:
        """Have a client ping in this order, in the background."""
        self._start(self._follow, steps)

    def keep_pinging(self, jobs: Sequence[Job], suffix: str = "", *, every_sec: float = KEEP_EVERY_SEC) -> None:
        """Ping each so often, in the background; who gets no answer tries again at once."""
        for client in range(CLIENTS):
            self._start(functools.partial(self._keep, suffix, every_sec), jobs[client::CLIENTS])

    def heard_of(self, jobs: Sequence[Job], *, since: float) -> bool:
        """Whether each of them was answered since then."""
        return all(job.answered and job.answered[-1][2] > since for job in jobs)

    def account(self) -> Account:
        """What the ledger and the receivers say by now."""
        promises = {job.id: job.role.promise if job.sent else NOTHING for job in self.jobs}
        answered = {number for job in self.jobs for number, *_ in tuple(job.answered)}
        return Account.of(self._installation, promises, answered, self._webhooks, self._mails)

    def _start(self, work: Callable[[Any], None], given: Any) -> None:
        self._under_way.append(self._clients.submit(work, given))

    def _follow(self, steps: Sequence[tuple[Job, str]]) -> None:
        for job, suffix in steps:
            self.ping(job, suffix)

    def _keep(self, suffix: str, every_sec: float, share: Sequence[Job]) -> None:
        while not self._stopping.is_set():
            began = time.monotonic()
            for job in share:
                self.ping(job, suffix)
            self._stopping.wait(max(0.0, every_sec - (time.monotonic() - began)))

    def dismiss(self) -> None:
        """Let the clients end; whatever went wrong in one is raised here."""
        self._stopping.set()
        self._clients.shutdown()
        for each in self._under_way:
            each.result()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.dismiss()

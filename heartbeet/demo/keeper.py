"""Keeping a demo alive: the jobs that are well go on pinging, at their times and by the ping URLs that all use."""

import heapq
import itertools
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import ip_network
from typing import Protocol
from urllib.parse import urlencode

import orjson

from accounts.models import Organization
from heartbeet.demo import habits
from heartbeet.demo.habits import Sent
from heartbeet.demo.plan import Company, Job
from heartbeet.lib import clock, http
from monitors import queries
from monitors.domain import cron
from monitors.domain.status import Kind
from monitors.models import Monitor, Run

EVERYWHERE = (ip_network("0.0.0.0/0"), ip_network("::/0"))
"""The address is the operator's own, wherever it leads."""
SOON = timedelta(seconds=1)
DAY = timedelta(days=1)


class NoDemo(ValueError):
    """Nothing here can be kept alive; the message says why."""


class Send(Protocol):
    """Sends one ping. Raises http.Unreachable, http.InvalidTarget or http.BlockedTarget."""

    def __call__(self, method: http.Method, url: str, *, body: bytes) -> http.Response: ...


@dataclass(frozen=True, slots=True)
class Tended:
    """A job that is kept alive. `last_at` is its last success; `open_run` the id and start of a run that goes on."""

    job: Job
    token: str
    last_at: datetime | None
    open_run: tuple[str, datetime] | None = None


@dataclass(order=True, slots=True)
class _Due:
    """A ping that is to be sent; without one it is time to plan the next run."""

    at: datetime
    number: int
    whose: Tended = field(compare=False)
    ping: Sent | None = field(compare=False, default=None)


def tended(organization: Organization, company: Company, token_of: Callable[[Monitor], str]) -> list[Tended]:
    """What can be kept alive in an organisation. Raises NoDemo."""
    jobs = {job.name: job for job in company.jobs if job.is_tended}
    monitors = [each for each in queries.live(organization) if each.name in jobs]
    if not monitors:
        raise NoDemo(f"{organization.name} has no monitors of the demo.")
    running = {run.monitor_id: run for run in Run.objects.filter(monitor__in=monitors, finished_at=None)}
    return [_tended(jobs[each.name], each, token_of(each), running.get(each.id)) for each in monitors]


def _tended(job: Job, monitor: Monitor, token: str, run: Run | None) -> Tended:
    going_on = (run.run_id, run.started_at) if run and run.started_at else None
    return Tended(job, token, monitor.pulse.last_success_at, going_on)


class Keeper:
    """Knows when to send what. `send`, `tell` and `now` are how it reaches the world."""

    def __init__(
        self,
        many: Sequence[Tended],
        *,
        url: str,
        send: Send | None = None,
        tell: Callable[[str], object],
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        self._url, self._send, self._now, self._tell = url.rstrip("/"), send or _send, now, tell
        self._dice = random.Random()  # noqa: S311
        self._numbers = itertools.count()
        self._due: list[_Due] = []
        self._trouble = ""
        for each in many:
            self._begin(each)

    def wait_sec(self) -> float:
        """In how many seconds there is something to do."""
        return max(0.0, (self._due[0].at - self._now()).total_seconds())

    def work(self) -> int:
        """Send all that is due by now. Returns how many pings that were."""
        sent, until = 0, self._now()
        while self._due and self._due[0].at <= until:
            due = heapq.heappop(self._due)
            if due.ping is None:
                self._plan(due.whose, due.at)
            else:
                sent += self._deliver(due.whose, due.ping)
        return sent

    def _begin(self, each: Tended) -> None:
        """End the run that goes on, ping at once what is overdue, and plan the next."""
        now, habit, since = self._now(), each.job.habit, each.last_at
        if each.open_run:
            run_id, since = each.open_run
            at = max(since + timedelta(seconds=habit.takes_sec), now + SOON)
            self._push(at, each, Sent(at, Kind.SUCCESS, run_id, 0, method=habit.method))
        self._push(max(self._next(each.job, since or now), now), each)

    def _plan(self, whose: Tended, at: datetime) -> None:
        """A job sets out: plan the pings of its run, and when it sets out next."""
        for ping in self._pings(whose.job, at):
            self._push(ping.at, whose, ping)
        self._push(self._next(whose.job, at), whose)

    def _pings(self, job: Job, at: datetime) -> Iterator[Sent]:
        if job.is_beet:
            yield Sent(at, Kind.SUCCESS, value=habits.measure(job.habit, at, self._dice))
        else:
            yield from habits.run(job, at, None, self._dice, at + DAY)

    def _next(self, job: Job, at: datetime) -> datetime:
        if job.is_beet:
            return at + timedelta(days=self._dice.expovariate(job.habit.events_per_day))
        if job.fields.cron:
            return cron.after(job.fields.cron, job.fields.timezone, at)
        return at + timedelta(seconds=job.fields.interval_sec or 0)

    def _push(self, at: datetime, whose: Tended, ping: Sent | None = None) -> None:
        heapq.heappush(self._due, _Due(at, next(self._numbers), whose, ping))

    def _deliver(self, whose: Tended, ping: Sent) -> bool:
        """Send a ping; trouble is told once, until one arrives again."""
        method: http.Method = "GET" if ping.method == "GET" and not ping.body else "POST"
        try:
            answer = self._send(method, self._url + path(whose, ping), body=_body(ping))
            trouble = "" if answer.status < 300 else f"it answered {answer.status} for {whose.job.name}"
        except (http.Unreachable, http.InvalidTarget, http.BlockedTarget) as error:
            trouble = str(error)
        if trouble and not self._trouble:
            self._tell(f"Pings do not arrive at {self._url}: {trouble.rstrip('.')}. Going on.")
        elif self._trouble and not trouble:
            self._tell("Pings arrive again.")
        self._trouble = trouble
        return not trouble


def path(whose: Tended, ping: Sent) -> str:
    """Where a ping goes on the site."""
    if whose.job.is_beet:
        return f"/api/v1/beet/{whose.token}"
    signal = str(ping.exit_code) if ping.exit_code is not None else ping.kind.value
    said = "" if signal == Kind.SUCCESS else f"/{signal}"
    query = f"?{urlencode({'rid': ping.run_id})}" if ping.run_id else ""
    return f"/api/v1/heartbeats/{whose.token}{said}{query}"


def _body(ping: Sent) -> bytes:
    return ping.body if ping.value is None else orjson.dumps({"value": ping.value})


def _send(method: http.Method, url: str, *, body: bytes) -> http.Response:
    client = http.Client(allowed=EVERYWHERE)
    return client.request(method, url, body=body, headers={"User-Agent": "Heartbeet demo"})

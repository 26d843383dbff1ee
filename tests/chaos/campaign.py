"""Rounds of killing: each takes a process away at a chosen statement or at a random instant, while a fleet works on.

    campaign = Campaign(installation, fleet, faults, seed=7)
    campaign.run(rounds=200)
    campaign.settle()
    print(campaign.table())

Rounds overlap: while one waits for its silence, others strike. The steps of each path are traced first, on the product
as it is today, so that no list of statements has to be kept; every pair of neighbours has its turn before a random
round comes, as far as the number of rounds allows.
"""

import contextlib
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import orjson
import psutil

from tests.chaos.account import Account
from tests.chaos.faults import Faults
from tests.chaos.fleet import Fleet, Job, Role
from tests.chaos.installation import Installation, until

KEEPERS = 24
UNDER_WAY = 6
"""How many rounds may wait for their fault at once: a silence takes seconds, and a process that dies as soon as it
has come back does nothing."""
STRIKES_WITHIN_SEC = 120
SETTLES_WITHIN_SEC = 180
BREATH_SEC = 1.0

ROLE_OF_PATH = {
    "down": Role.SILENT,
    "tick": Role.FAILS,
    "fail": Role.FAILS,
    "recover": Role.RETURNS,
    "beat": Role.FAILS,
    "dispatch": Role.FAILS,
    "claim": Role.FAILS,
    "prepare": Role.FAILS,
    "send": Role.FAILS,
    "record": Role.FAILS,
}
OF_INGEST = "fail", "recover", "beat"


@dataclass(frozen=True)
class Point:
    """A place to die at: before the n-th step of a path."""

    path: str
    step: int


@dataclass
class Tally:
    """What was done."""

    rounds: int = 0
    by_path: Counter[str] = field(default_factory=Counter)
    by_victim: Counter[str] = field(default_factory=Counter)


class Campaign:
    """Rounds on one installation. What happens is a matter of the seed; when, of the machine."""

    def __init__(self, installation: Installation, fleet: Fleet, faults: Faults, *, seed: int) -> None:
        self.tally = Tally()
        self._installation, self._fleet, self._faults = installation, fleet, faults
        self._dice = random.Random(seed)
        self._seed = seed
        self._began = time.monotonic()
        self._armed: list[tuple[Point, Job]] = []
        self._keepers: list[Job] = []
        self._hands: dict[Role, list[Job]] = {}
        self._bystanders: list[Job] = []

    def run(self, rounds: int) -> None:
        """Hire, trace, then kill."""
        self._hire(rounds)
        plan = self._plan(self._trace(), rounds)
        for each in plan:
            self.tally.rounds += 1
            self._fleet.later((self._bystanders.pop(), ""))
            if isinstance(each, Point):
                self._strike(each)
            else:
                self._kill(each)
        self._wait_for_strikes(0)

    def settle(self) -> Account:
        """Wait until nothing more is to come. Returns the account, also if something is still missing then."""
        deadline = time.monotonic() + SETTLES_WITHIN_SEC
        while (account := self._fleet.account()).open() and time.monotonic() < deadline:
            time.sleep(0.5)
        return account

    # Preparation

    def _hire(self, rounds: int) -> None:
        self._keepers = self._fleet.hire(Role.KEEPS, KEEPERS)
        for role in (Role.SILENT, Role.FAILS, Role.RETURNS):
            self._hands[role] = self._fleet.hire(role, rounds + len(ROLE_OF_PATH), grace_sec=0)
        self._bystanders = self._fleet.hire(Role.SILENT, rounds)
        self._fleet.keep_pinging(self._keepers)

    def _trace(self) -> list[Point]:
        """Go each path once, and say where one can die on it. A ping goes its path alone: others in its batch would
        add their steps."""
        self._breathe()
        for path, role in ROLE_OF_PATH.items():
            job = self._hands[role].pop()
            self._faults.trace(path, job.id)
            self._work(job)
            if path in OF_INGEST:
                until(lambda: self._faults.steps(path) is not None, seconds=STRIKES_WITHIN_SEC)  # noqa: B023
        until(lambda: all(self._faults.steps(path) for path in ROLE_OF_PATH), seconds=STRIKES_WITHIN_SEC)
        return [
            Point(path, number) for path in ROLE_OF_PATH for number in range(1, len(self._faults.steps(path) or ()) + 2)
        ]

    def _plan(self, points: list[Point], rounds: int) -> list[Point | str]:
        """A quarter of the rounds, and what the points leave over, kill at random instants."""
        self._dice.shuffle(points)
        chosen: list[Point | str] = [*points[: rounds - rounds // 4]]
        victims = sorted(self._installation.victims())
        chosen += [self._dice.choice(victims) for _ in range(rounds - len(chosen))]
        self._dice.shuffle(chosen)
        return chosen

    # Rounds

    def _strike(self, point: Point) -> None:
        job = self._hands[ROLE_OF_PATH[point.path]].pop()
        self._wait_for_strikes(UNDER_WAY - 1)
        if point.path in OF_INGEST:
            self._wait_for_strikes(0, of=OF_INGEST)
            self._breathe()
        self._faults.arm(point.path, point.step, job.id)
        self._armed.append((point, job))
        self._work(job)

    def _kill(self, victims: str) -> None:
        """End the processes of `a+b` at a random instant of the work of two monitors."""
        self._work(self._hands[Role.FAILS].pop())
        self._work(self._hands[Role.RETURNS].pop())
        time.sleep(self._dice.random() * BREATH_SEC)
        for process in self._catch(victims):
            with contextlib.suppress(psutil.NoSuchProcess):  # a fault was quicker
                process.kill()
        self.tally.by_victim[victims] += 1
        self._breathe()

    def _catch(self, victims: str) -> list[psutil.Process]:
        """The processes of that name, as soon as all of them run."""
        found: list[psutil.Process] = []

        def are_there() -> bool:
            with contextlib.suppress(LookupError, psutil.NoSuchProcess):
                found[:] = self._installation.victims()[victims]()
            return bool(found)

        until(are_there, seconds=STRIKES_WITHIN_SEC)
        return found

    def _work(self, job: Job) -> None:
        match job.role:
            case Role.FAILS:
                self._fleet.later((job, "/fail"))
            case Role.RETURNS:
                self._fleet.later((job, "/fail"), (job, ""))
            case _:
                self._fleet.later((job, ""))

    def _wait_for_strikes(self, most: int, of: tuple[str, ...] = tuple(ROLE_OF_PATH)) -> None:
        """Return when at most so many faults of these paths have not struck yet."""
        until(lambda: len(self._waiting(of)) <= most, seconds=STRIKES_WITHIN_SEC)

    def _waiting(self, of: tuple[str, ...]) -> list[tuple[Point, Job]]:
        struck = [each for each in self._armed if not self._faults.is_armed(each[0].path, each[0].step, each[1].id)]
        self._armed = [each for each in self._armed if each not in struck]
        self.tally.by_path.update(point.path for point, _ in struck)
        return [each for each in self._armed if each[0].path in of]

    def _breathe(self) -> None:
        """Let everybody who pings get through once."""
        now = time.time()
        until(lambda: self._fleet.heard_of(self._keepers, since=now), seconds=STRIKES_WITHIN_SEC)

    # Afterwards

    def table(self, account: Account) -> str:
        """What was done and what came of it, for people, and the same as one line of JSON."""
        figures: dict[str, Any] = {
            "seed": self._seed,
            "seconds": round(time.monotonic() - self._began),
            "rounds": self.tally.rounds,
            **{f"killed at {path}": self.tally.by_path[path] for path in ROLE_OF_PATH},
            **{f"killed at random: {victim}": count for victim, count in sorted(self.tally.by_victim.items())},
            **account.figures(),
        }
        lines = [f"{name:<44}{value:>8}" for name, value in figures.items()]
        return "\n".join(["", *lines, orjson.dumps(figures).decode()])

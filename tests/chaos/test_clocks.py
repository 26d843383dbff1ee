"""Clocks that are set, and machines that sleep: nobody is paged for it, and whoever is silent is told of in time.

All stories are told of one installation, whose clock is right again when each of them ends.
"""

import os
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from tests.chaos.fleet import Fleet, Role
from tests.chaos.installation import Installation, installed, until
from tests.chaos.production import in_production
from tests.chaos.wall_clock import WallClock
from tests.receivers import HTTPReceiver, SMTPReceiver

IS_WHOLE = bool(os.environ.get("HEARTBEET_TEST_CHAOS"))
SEED = int(os.environ.get("HEARTBEET_TEST_SEED", "0")) or random.SystemRandom().randrange(1, 1_000_000)
HOUR_SEC, DAYS_SEC = 3600, 3 * 86_400
DEADLINE_SEC = Role.SILENT.interval_sec + 1
TOLD_WITHIN_SEC = DEADLINE_SEC + 60
FROZEN_SEC = 600 if IS_WHOLE else DEADLINE_SEC + 7
KEEPERS = 4


@dataclass(frozen=True)
class World:
    """An installation with a clock of its own, clients that ping it, and who is told."""

    heartbeet: Installation
    fleet: Fleet
    clock: WallClock
    webhooks: HTTPReceiver

    def expect_silence_to_be_told(self) -> None:
        """Of each that fell silent, in time, and of nobody else."""
        settles_until = time.monotonic() + TOLD_WITHIN_SEC
        while still := self.fleet.account().open():
            assert time.monotonic() < settles_until, (still, f"seed {SEED}")
            time.sleep(0.1)
        self.everybody_pings_again()
        assert self.fleet.account().wrongs() == [], f"seed {SEED}"
        assert abs(self.last_pinged_at() - time.time() - self.clock.off_by_sec) < HOUR_SEC / 2  # else nothing was set

    def last_pinged_at(self) -> float:
        """When one who pings all the time did so last, by the installation's clock."""
        keeper = next(job for job in self.fleet.jobs if job.role is Role.KEEPS)
        shown = self.heartbeet.api("GET", f"/monitors/{keeper.id}")["lastPingAt"]
        return datetime.fromisoformat(shown).timestamp()

    def fall_silent(self) -> None:
        """One monitor pings and then no more; of another the alert waits for its second try."""
        (silent,), (failing,) = self.fleet.hire(Role.SILENT, 1), self.fleet.hire(Role.FAILS, 1)
        self.webhooks.then(503)
        told = len(self.webhooks.requests)
        self.fleet.ping(failing, "/fail")
        self.webhooks.wait_for(told + 1, seconds=TOLD_WITHIN_SEC)
        self.fleet.ping(silent)

    def everybody_pings_again(self) -> None:
        now = time.time()
        keepers = [job for job in self.fleet.jobs if job.role is Role.KEEPS]
        until(lambda: self.fleet.heard_of(keepers, since=now), seconds=60)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("clocks")
    clock = WallClock(folder / "clock")
    with HTTPReceiver() as webhooks, SMTPReceiver() as mails:
        environ = {"HEARTBEET_SMTP_URL": mails.url, "HEARTBEET_STORM_INCIDENTS": "0", **clock.environ()}
        make: Any = installed if settings.HEARTBEET_EMBEDDED else in_production
        with make(folder, **environ) as heartbeet, Fleet(heartbeet, webhooks, mails) as fleet:
            fleet.keep_pinging(fleet.hire(Role.KEEPS, KEEPERS))
            yield World(heartbeet, fleet, clock, webhooks)


@pytest.mark.parametrize("hours", [-1, 1] if IS_WHOLE else [-1])
def test_a_clock_that_is_set_by_an_hour_and_back_pages_nobody_and_delays_nothing(world: World, hours: int) -> None:
    for off_by_sec in (hours * HOUR_SEC, 0):
        world.everybody_pings_again()
        world.fall_silent()

        world.clock.set(off_by_sec)

        world.expect_silence_to_be_told()


def test_processes_that_were_frozen_page_nobody_but_the_silent(world: World) -> None:
    world.everybody_pings_again()
    world.fall_silent()
    family = world.heartbeet.family()

    for process in family:
        process.suspend()
    time.sleep(FROZEN_SEC)
    random.Random(SEED).shuffle(family)
    for process in family:
        process.resume()

    world.everybody_pings_again()
    world.expect_silence_to_be_told()


WRONG_BOOTS: list[tuple[int, bool]] = [
    (DAYS_SEC, True),
    (0, False),
    (-DAYS_SEC, True),
    (0, False),
    (DAYS_SEC, True),
    (0, True),
    (-DAYS_SEC, True),
    (0, True),
]
"""How far off the clock is set, and whether while nothing runs."""


def test_a_clock_that_is_wrong_at_boot_and_put_right_later_pages_nobody(world: World) -> None:
    for off_by_sec, is_while_down in WRONG_BOOTS if IS_WHOLE else WRONG_BOOTS[:2]:
        world.everybody_pings_again()
        world.fall_silent()

        if is_while_down:
            _end(world.heartbeet)
        world.clock.set(off_by_sec)
        if is_while_down:
            world.heartbeet.start()

        world.expect_silence_to_be_told()


def _end(heartbeet: Installation) -> None:
    """As an init does at a reboot."""
    for process in heartbeet.processes:
        process.terminate()
    for process in heartbeet.processes:
        process.wait(timeout=30)  # on a busy machine the supervisor may have to kill a child: not what is tested here


@pytest.mark.postgresql
@pytest.mark.parametrize("host", ["of the workers", "of ingest"] if IS_WHOLE else ["of the workers"])
def test_one_host_whose_clock_is_set_by_an_hour_pages_nobody_and_delays_nothing(
    world: World, host: str, tmp_path: Path
) -> None:
    of_workers = WallClock(tmp_path / "clock")
    _restart_by(of_workers, world.heartbeet, "worker", "beat")
    clock = of_workers if host == "of the workers" else world.clock
    for off_by_sec in (-HOUR_SEC, 0, HOUR_SEC, 0) if IS_WHOLE else (-HOUR_SEC, 0):
        world.everybody_pings_again()
        world.fall_silent()

        clock.set(off_by_sec)

        world.expect_silence_to_be_told()
    _restart_by(world.clock, world.heartbeet, "worker", "beat")


def _restart_by(clock: WallClock, heartbeet: Installation, *commands: str) -> None:
    """Run these parts by another clock, as if on another host."""
    heartbeet.environ |= clock.environ()
    for place, part in enumerate(heartbeet.parts):
        if part[0] in commands:
            heartbeet.processes[place].terminate()
            heartbeet.processes[place].wait(timeout=30)
            heartbeet.processes[place] = heartbeet.spawn(*part)

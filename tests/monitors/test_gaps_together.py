"""Gaps from end to end: processes that come and go, clocks that are set, and what monitors are told to be by it. Our
own fault pages nobody, and hides nobody who is really silent."""

from datetime import timedelta

import pytest

from accounts.models import Letter
from monitors import notices
from monitors.domain.gaps import Deaf, Reason
from monitors.domain.status import Kind
from monitors.models import GapNotice, Incident, Monitor, Pulse, Unheard
from tests import factories
from tests.monitors.world import HOUR, MINUTE, SECOND, World, opened, spans, status

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture
def world() -> World:
    """One process listens, and the sweep ticks."""
    made = World()
    made.listen()
    made.go(2 * SECOND)
    return made


def restart(world: World, *, away: timedelta = 3 * SECOND) -> None:
    """The one process goes and comes back."""
    world.stop(world.nodes[0])
    world.away(away)
    world.listen()


def a_thousand(world: World) -> list[Monitor]:
    """Monitors of one organisation that pinged within the last five minutes, which is their interval."""
    template = factories.healthy(at=world.now, interval_sec=300, grace_sec=60)
    kept = {"organization": template.organization, "project": template.project, "type": template.type}
    times = {"interval_sec": 300, "grace_sec": 60, "created_at": world.now, "updated_at": world.now}
    rows = Monitor.objects.bulk_create(
        Monitor(name=f"bulk {number}", slug=f"bulk-{number}", **kept, **times) for number in range(999)
    )
    pulses = []
    for number, row in enumerate(rows):
        at = world.now - number * 0.3 * SECOND
        known = {"status_since": at, "last_ping_at": at, "last_success_at": at, "deadline": at}
        pulses.append(Pulse(monitor=row, status="up", ping_count=1, **known))
    Pulse.objects.bulk_create(pulses)
    return [template, *rows]


def letters() -> int:
    return Letter.objects.count()


# The whole service is away


def test_ten_minutes_of_ours_page_nobody_and_those_that_stay_silent_page_at_their_next_chance(world: World) -> None:
    monitors = a_thousand(world)
    organization = monitors[0].organization
    factories.member(organization, "owner")
    factories.member(organization, "viewer")
    back = [monitor.id for monitor in monitors[:990]]
    restart(world, away=10 * MINUTE)
    started = world.now

    world.go(5 * SECOND)
    states = set(Pulse.objects.values_list("status", flat=True))
    world.rest(2 * MINUTE)
    written = notices.send_due(now=world.now), notices.send_due(now=world.now)
    alive = world.now
    Pulse.objects.filter(monitor_id__in=back).update(status="up", last_ping_at=alive, last_success_at=alive)
    world.rest(5 * MINUTE)

    assert states == {"unknown"}
    assert (Unheard.objects.count(), GapNotice.objects.count(), written, letters()) == (1000, 1, (1, 0), 1)
    assert opened() == [(monitor.id, started + 6 * MINUTE) for monitor in monitors[990:]]


def test_a_silence_elsewhere_than_in_the_gap_is_a_silence(world: World) -> None:
    job = world.job(HOUR)
    world.rest(10 * MINUTE)
    restart(world)

    world.rest(52 * MINUTE)

    assert len(spans()) == 1
    assert status(job) == "down"
    assert not Unheard.objects.exists()


def test_a_job_that_pings_more_often_than_it_must_is_awaited_by_its_own_habit(world: World) -> None:
    """It may be silent for an hour, yet pings every five minutes: the ping that was lost was due in the gap."""
    lively, lazy = world.job(HOUR, name="lively"), world.job(HOUR, name="lazy")
    for _ in range(3):
        world.true += 5 * MINUTE
        world.ping(lively)
    world.ping(lazy)
    restart(world, away=10 * MINUTE)

    world.rest(52 * MINUTE)

    assert (status(lively), status(lazy)) == ("unknown", "down")


def test_restarts_every_five_minutes_do_not_hide_one_that_is_silent(world: World) -> None:
    healthy = world.living(5 * MINUTE, pings=MINUTE)
    silent = world.job(5 * MINUTE)
    last = world.now

    for _ in range(24):
        world.rest(5 * MINUTE - 3 * SECOND)
        restart(world)

    assert [monitor_id for monitor_id, _ in opened()] == [silent.monitor.id]
    assert opened()[0][1] - last <= 13 * MINUTE
    assert status(healthy) == "up"


def test_a_silence_is_excused_twice_only_if_nobody_listened_for_most_of_the_second_window(world: World) -> None:
    job = world.job(5 * MINUTE)
    world.rest(5 * MINUTE)
    restart(world, away=2 * MINUTE)
    world.rest(4 * MINUTE)
    after_the_first = status(job)

    restart(world, away=5 * MINUTE)
    world.go(10 * SECOND)

    assert (after_the_first, status(job), opened()) == ("unknown", "unknown", [])


@pytest.mark.parametrize("away", [2 * MINUTE, 10 * MINUTE])
def test_cron_waits_for_its_next_time_after_the_gap(world: World, away: timedelta) -> None:
    made = factories.created(now=world.now, cron="*/30 * * * *", grace_sec=60)
    world.ping(made)
    world.rest(29 * MINUTE)
    restart(world, away=away)
    world.go(MINUTE)
    after_the_gap = status(made)

    world.rest(factories.NOON + HOUR + 30 * SECOND - world.true)
    before_the_chance = opened()
    world.go(MINUTE)

    assert (after_the_gap, before_the_chance) == ("unknown", [])
    assert opened() == [(made.monitor.id, factories.NOON + HOUR + MINUTE)]


def test_a_run_whose_end_may_have_come_in_the_gap_is_lost_and_not_held_against_the_job(world: World) -> None:
    made = world.job(HOUR, max_runtime_sec=600)
    world.ping(made, kind=Kind.START)
    world.rest(8 * MINUTE)
    restart(world, away=5 * MINUTE)

    world.go(10 * SECOND)
    after_the_gap = status(made)
    world.rest(HOUR + 2 * MINUTE)

    assert after_the_gap == "unknown"
    assert [row.monitor for row in Incident.objects.all()] == [made.monitor]


def test_a_reported_failure_in_a_gap_is_a_failure(world: World) -> None:
    """Another process turned pings away just then; this one was heard."""
    made = world.job(HOUR)
    world.beat(world.nodes[0], Deaf(world.now, None, Reason.REFUSED))
    world.go(5 * SECOND)

    world.ping(made, kind=Kind.FAIL)

    assert status(made) == "down"
    assert len(opened()) == 1


# Pings turned away


def test_pings_refused_by_one_of_two_processes_leave_their_monitors_unknown(world: World) -> None:
    full, job = world.listen("two"), world.job(5 * MINUTE)
    world.rest(5 * MINUTE)
    began = world.now
    world.beat(full, Deaf(began, None, Reason.REFUSED))
    world.go(20 * SECOND)
    world.beat(full, Deaf(began, world.now, Reason.REFUSED))

    world.rest(2 * MINUTE)

    assert (status(job), opened()) == ("unknown", [])


def test_a_monitor_left_unknown_while_pings_are_refused_is_judged_by_the_whole_gap(world: World) -> None:
    job = world.job(5 * MINUTE)
    world.rest(4 * MINUTE)
    began = world.now
    world.beat(world.nodes[0], Deaf(began, None, Reason.REFUSED))

    world.rest(20 * MINUTE)
    during = status(job), opened()
    world.beat(world.nodes[0], Deaf(began, world.now, Reason.REFUSED))
    world.rest(12 * MINUTE)

    assert during == ("unknown", [])
    assert len(opened()) == 1
    assert len(spans()) == 1


# Late evidence


def test_a_success_from_a_dead_nodes_spool_undoes_the_miss(world: World) -> None:
    lost, job = world.listen("two"), world.job(30 * MINUTE)
    world.rest(29 * MINUTE)
    received = world.now
    world.kill(lost)
    world.go(65 * SECOND)
    world.rest(14 * MINUTE)
    before = status(job), len(opened())

    world.ping(job, at=received)

    incident = Incident.objects.get()
    assert before == ("down", 1)
    assert (status(job), incident.resolution) == ("up", "late_evidence")


# Clocks


@pytest.mark.parametrize("step", [HOUR, -HOUR], ids=["forward", "back"])
def test_a_clock_that_is_set_pages_nobody_and_hides_nobody(world: World, step: timedelta) -> None:
    healthy = [world.living(every * MINUTE) for every in (1, 5, 60)]
    silent = world.job(5 * MINUTE)
    world.rest(2 * MINUTE)

    world.step(step)
    set_at = world.now
    world.go(20 * SECOND)
    false_alarms = opened()
    world.rest(6 * MINUTE)

    assert false_alarms == []
    ((monitor_id, opened_at),) = opened()
    assert monitor_id == silent.monitor.id
    assert opened_at - set_at <= 6 * MINUTE + 2 * SECOND
    assert {status(each) for each in healthy} <= {"up", "unknown"}


def test_a_clock_set_forward_and_back_again_is_as_if_it_had_never_been(world: World) -> None:
    healthy = [world.living(every * MINUTE) for every in (1, 5, 60)]
    world.rest(2 * MINUTE)

    world.step(HOUR)
    world.go(2 * SECOND)
    world.rest(7 * MINUTE)
    world.step(-HOUR)
    world.go(2 * SECOND)
    silent = world.job(5 * MINUTE)
    waits_since = world.now
    world.rest(70 * MINUTE)

    assert [monitor_id for monitor_id, _ in opened()] == [silent.monitor.id]
    assert abs(opened()[0][1] - waits_since - 6 * MINUTE) <= MINUTE
    assert {status(each) for each in healthy} == {"up"}


@pytest.mark.parametrize("wrong", [HOUR, -HOUR], ids=["ahead", "behind"])
def test_a_boot_with_a_wrong_clock_that_is_corrected_later(world: World, wrong: timedelta) -> None:
    healthy = [world.living(every * MINUTE) for every in (1, 5, 60)]
    world.rest(MINUTE)
    daily, daily_at = world.job(DAY, grace=5 * MINUTE), world.now
    world.rest(20 * MINUTE)
    world.stop(world.nodes[0])
    world.away(30 * SECOND)

    world.step(wrong)
    world.listen("booted")
    world.rest(10 * MINUTE)
    world.step(-wrong)
    world.go(2 * SECOND)
    silent = world.job(5 * MINUTE)
    waits_since = world.now
    world.rest(70 * MINUTE)

    assert [monitor_id for monitor_id, _ in opened()] == [silent.monitor.id]
    assert abs(opened()[0][1] - waits_since - 6 * MINUTE) <= MINUTE
    assert {status(each) for each in healthy} == {"up"}
    assert status(daily) == "up"
    assert Pulse.objects.get(monitor=daily.monitor).last_success_at == daily_at

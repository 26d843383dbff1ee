"""The sweep's clock: it follows the slowest process that lives, waits for the lost as long as it must, and writes down
every time in which nobody listened."""

from datetime import datetime, timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from monitors import watermark
from monitors.domain.gaps import Deaf, Reason
from monitors.models import Deafness, Gap, IngestNode, SweepMark, Watermark
from tests.monitors.world import HOUR, MINUTE, SECOND, Node, World, opened, spans, status

pytestmark = pytest.mark.django_db

HALF = timedelta(milliseconds=500)


@pytest.fixture
def world() -> World:
    """One process listens, and the sweep ticks."""
    made = World()
    made.listen()
    made.go(2 * SECOND)
    return made


def died(node: Node) -> datetime | None:
    return IngestNode.objects.get(id=node.id).died_at


# The clock


def test_the_clock_is_the_slowest_process_that_lives(world: World) -> None:
    slow = world.listen("two")
    slow.held = world.now

    world.go(10 * SECOND)

    assert world.tick() == slow.held


def test_nobody_listening_means_that_nothing_is_judged(world: World) -> None:
    world.stop(world.nodes[0])

    clock = world.tick()

    assert clock is None
    assert watermark.sweep_clock(world.now) is None


def test_an_idle_tick_is_a_handful_of_statements(
    world: World, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    world.true += HALF
    world.beat(world.nodes[0])

    with django_assert_max_num_queries(8):  # two of them are the test's savepoints
        watermark.tick(world.now)


def test_a_look_at_the_clock_writes_nothing(world: World, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    before = Watermark.objects.values().get()

    with django_assert_num_queries(1):
        seen = watermark.sweep_clock(world.now)

    assert seen == world.now
    assert Watermark.objects.values().get() == before


def test_a_beat_of_a_process_that_nobody_knows_says_so(world: World) -> None:
    IngestNode.objects.all().delete()

    is_known = world.beat(world.nodes[0])

    assert not is_known


# Death


def test_a_process_gone_without_goodbye_holds_the_clock_for_a_minute(world: World) -> None:
    lost = world.listen("two")
    world.go(5 * SECOND)
    last = world.now
    world.kill(lost)

    world.go(59 * SECOND)
    held, died_before = world.tick(), died(lost)
    world.go(2 * SECOND)

    assert (held, died_before) == (last, None)
    assert died(lost) is not None
    assert world.tick() == world.now


@pytest.mark.parametrize("jump", [HOUR, timedelta(days=400), -HOUR], ids=["hour", "year", "back"])
def test_a_set_clock_kills_nobody(world: World, jump: timedelta) -> None:
    lost = world.listen("two")
    world.go(5 * SECOND)
    world.kill(lost)

    world.step(jump)
    world.go(40 * SECOND)
    died_before = died(lost)
    world.go(25 * SECOND)

    assert died_before is None
    assert died(lost) is not None


def test_a_database_that_was_away_for_hours_kills_nobody(world: World) -> None:
    other = world.listen("two")
    world.go(5 * SECOND)

    world.away(3 * HOUR)
    world.go(10 * SECOND)

    assert died(other) is None
    assert watermark.sweep_clock(world.now) == world.now


def test_one_that_was_taken_for_dead_is_alive_again_with_its_next_beat(world: World) -> None:
    frozen = world.listen("two")
    frozen.is_silent = True
    world.go(70 * SECOND)
    died_at = died(frozen)

    world.beat(frozen)

    assert died_at is not None
    assert died(frozen) is None


def test_workers_that_disagree_about_the_time_do_not_kill_faster(world: World) -> None:
    """Two beats on two hosts: each tick would count the difference of their clocks as time that passed."""
    lost = world.listen("two")
    world.kill(lost)

    for _ in range(40):
        world.true += SECOND
        world.beat(world.nodes[0])
        watermark.tick(world.now)
        watermark.tick(world.now - 20 * SECOND)

    assert died(lost) is None


# Absence


def test_after_an_absence_nobody_is_judged_before_all_had_time_to_report(world: World) -> None:
    """Two processes started while the database was away: the second one's spool may hold the ping that was due."""
    job = world.job(17 * MINUTE)
    world.stop(world.nodes[0])
    world.away(20 * MINUTE)
    began = world.now - 19 * MINUTE
    first, second = Node("first", world.offset), Node("second", world.offset)

    watermark.open_node(first.id, name="first", since=began, beat=watermark.Beat(world.now, world.now), predecessors=())
    at_once = world.tick()
    world.true += SECOND
    spooled = world.now - 15 * MINUTE
    watermark.open_node(second.id, name="second", since=began, beat=watermark.Beat(world.now, spooled), predecessors=())
    world.nodes += [first, second]
    second.held = spooled
    world.go(5 * SECOND)
    judged_meanwhile = status(job)
    world.ping(job, at=spooled + SECOND)
    second.held = None
    world.go(5 * SECOND)

    assert at_once is None
    assert judged_meanwhile == "up"
    assert (status(job), opened()) == ("up", [])


def test_the_hold_after_an_absence_is_short_also_if_the_clock_is_set_back_in_it(world: World) -> None:
    world.away(MINUTE)
    world.go(SECOND)
    held = world.tick()
    world.step(-HOUR)

    world.go(3 * SECOND)

    assert held is None
    assert world.tick() == world.now


def test_a_sweep_that_is_slow_by_its_settings_is_not_an_absence_each_time(world: World, settings: object) -> None:
    settings.HEARTBEET_SWEEP_INTERVAL_SEC = 20  # type: ignore[attr-defined]
    ticks = []

    for _ in range(4):
        world.true += 20 * SECOND
        world.beat(world.nodes[0])
        ticks.append(world.tick())

    assert None not in ticks


# Gaps


def test_time_in_which_nothing_ran_is_a_gap(world: World) -> None:
    stopped = world.now
    world.stop(world.nodes[0])
    world.go(3 * MINUTE)

    world.listen("two")
    started = world.now
    world.go(2 * SECOND)

    assert spans() == [(stopped, started, "stopped")]


def test_a_rolling_restart_leaves_no_gap(world: World) -> None:
    old = world.nodes[0]
    world.listen("two", instead_of=[])
    world.go(2 * SECOND)

    world.stop(old)
    world.go(2 * SECOND)

    assert spans() == []


def test_the_first_tick_of_a_new_release_counts_from_where_the_old_one_had_judged() -> None:
    world = World()
    SweepMark.objects.create(finished_at=world.now, watermark=world.now)
    judged_through = world.now
    world.away(30 * MINUTE)

    world.listen()
    started = world.now
    world.go(5 * SECOND)

    assert spans() == [(judged_through, started, "stopped")]


def test_a_gap_grows_instead_of_multiplying(world: World) -> None:
    node, began = world.nodes[0], world.now
    world.go(SECOND)
    world.beat(node, Deaf(began, None, Reason.REFUSED))

    world.go(MINUTE)
    ended = world.now
    world.beat(node, Deaf(began, ended, Reason.REFUSED))
    world.go(MINUTE)

    assert Gap.objects.count() == 1
    assert spans() == [(began + SECOND, ended, "refused")]


def test_what_one_process_does_not_hear_another_does(world: World) -> None:
    frozen, began = world.listen("two"), world.now
    world.go(5 * SECOND)
    frozen.is_silent = True
    world.go(30 * SECOND)

    frozen.is_silent = False
    world.beat(frozen, Deaf(began, world.now, Reason.FROZEN))
    world.go(5 * SECOND)

    assert Deafness.objects.count() == 1
    assert spans() == []


def test_the_only_process_that_froze_leaves_a_gap(world: World) -> None:
    node, froze = world.nodes[0], world.now
    node.is_silent = True
    world.go(30 * SECOND)

    woke = world.now
    node.is_silent = False
    world.beat(node, Deaf(froze, woke, Reason.FROZEN))
    world.go(5 * SECOND)

    assert spans() == [(froze, woke, "frozen")]


def test_pings_that_are_known_to_be_turned_away_are_a_gap_whoever_else_listens(world: World) -> None:
    began = world.now
    full = world.listen("two")
    world.beat(full, Deaf(began, None, Reason.REFUSED))

    world.go(10 * SECOND)
    ended = world.now
    world.beat(full, Deaf(began, ended, Reason.REFUSED))
    world.go(10 * SECOND)

    assert spans() == [(began, ended, "refused")]


@pytest.mark.parametrize(("lost_by", "expected"), [(1, []), (2, ["canary"])])
def test_canaries_that_only_one_of_two_loses_may_be_its_own_fault(
    world: World, lost_by: int, expected: list[str]
) -> None:
    world.listen("two")
    for each in world.nodes[-lost_by:]:
        world.beat(each, Deaf(world.now, None, Reason.CANARY))

    world.go(10 * SECOND)

    assert [reason for _, _, reason in spans()] == expected


def test_telling_a_deafness_twice_changes_nothing(world: World) -> None:
    node, told = world.nodes[0], Deaf(world.now, world.now + SECOND, Reason.FROZEN)
    world.go(2 * SECOND)

    world.beat(node, told)
    world.beat(node, told)

    assert list(Deafness.objects.values_list("started_at", "ended_at")) == [(told.started_at, told.ended_at)]


def test_a_deafness_ends_when_its_process_says_goodbye_or_the_next_begins(world: World) -> None:
    node, first, second = world.nodes[0], world.now, world.now + 3 * SECOND
    world.beat(node, Deaf(first, None, Reason.REFUSED))
    world.go(5 * SECOND)
    world.beat(node, Deaf(second, None, Reason.CANARY))
    world.go(5 * SECOND)

    world.stop(node)

    ends = list(Deafness.objects.order_by("started_at").values_list("ended_at", flat=True))
    assert ends == [second, world.now]


def test_one_that_died_refusing_does_not_refuse_for_ever(world: World) -> None:
    full, began = world.listen("two"), world.now
    world.beat(full, Deaf(began, None, Reason.REFUSED))
    world.go(5 * SECOND)
    last = world.now

    world.kill(full)
    world.go(3 * MINUTE)

    assert spans() == [(began, last, "refused")]


# Taking over


def test_whoever_takes_over_the_spool_goes_on_where_it_ends(world: World) -> None:
    lost = world.nodes[0]
    world.kill(lost)
    oldest = world.now - MINUTE
    world.away(SECOND)

    heir = world.listen("heir", instead_of=[lost])
    heir.held = oldest
    world.go(5 * SECOND)
    held = world.tick()
    heir.held = None
    world.go(SECOND)

    assert IngestNode.objects.get(id=lost.id).stopped_at is not None
    assert held == oldest
    assert world.tick() == world.now


def test_the_only_process_on_a_data_folder_knows_that_all_others_are_gone(world: World) -> None:
    world.nodes.clear()

    world.listen("heir", alone=True)
    world.go(3 * SECOND)

    assert IngestNode.objects.filter(stopped_at=None).get().name == "heir"
    assert world.tick() == world.now


def test_a_spool_that_somebody_else_drained_counts_as_heard(world: World) -> None:
    lost, last_heard = world.nodes[0], world.now + 30 * SECOND
    world.kill(lost)
    world.away(MINUTE)

    heir = world.listen("heir", instead_of=[lost])
    watermark.close_node(lost.id, watermark.Beat(world.now, last_heard))
    started = world.now
    world.go(5 * SECOND)

    assert heir in world.nodes
    assert spans() == [(last_heard, started, "stopped")]

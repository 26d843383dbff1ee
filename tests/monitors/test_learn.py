"""What a beet has counted becomes its rhythm, without the hours that say nothing of it."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from django.db import connection

from monitors import learn
from monitors.models import Gap, Incident, Monitor, Pulse, Rhythm, RollupMark, StatusChange
from tests.monitors import beets
from tests.monitors.beets import DAY, HOUR, NOON, WEEK, constant, counted, is_ready, rates_of, rhythm_of

pytestmark = pytest.mark.django_db


def run(at: datetime = NOON) -> int:
    return learn.run(now=at)


def wrong(monitor: Monitor, since: datetime, until: datetime | None, **given: object) -> Incident:
    row: dict[str, object] = {"cause": "silence", "title": "x", "resolution": "recovered" if until else "", **given}
    return Incident.objects.create(monitor=monitor, opened_at=since, resolved_at=until, **row)


def quiet(counts: np.ndarray, since: datetime, until: datetime) -> np.ndarray:
    """The same counts up to noon with nothing in a time."""
    first = NOON - len(counts) * HOUR
    changed = counts.copy()
    changed[(since - first) // HOUR : (until - first) // HOUR] = 0
    return changed


def test_a_constant_stream_is_learned_as_it_is() -> None:
    monitor = beets.beet()
    counted(monitor, constant(7, 8 * WEEK))

    run()

    rhythm = rhythm_of(monitor)
    assert rates_of(monitor) == pytest.approx(np.full(168, 7.0), rel=1e-5)
    assert rhythm.burst == pytest.approx(1.04)  # 1, and what the rate may be wrong by
    assert (rhythm.level, rhythm.wobble) == pytest.approx((1.0, 0.0))
    assert (rhythm.learned_from, rhythm.learned_to, rhythm.learned_at) == (NOON - 8 * WEEK, NOON, NOON)
    assert (rhythm.events, rhythm.zone) == (7 * 8 * 168, "UTC")


def test_what_has_learned_is_looked_at_by_the_sweep_at_once() -> None:
    ready, early, paused = (beets.beet() for _ in range(3))
    for monitor in (ready, early, paused):
        beets.up(monitor, at=NOON - HOUR)
    counted(ready, constant(7, 8 * WEEK))
    counted(paused, constant(7, 8 * WEEK))
    counted(early, constant(7, WEEK))
    Pulse.objects.filter(monitor=paused).update(status="paused", deadline=None)

    learn.at_once([ready.id, early.id, paused.id], now=NOON)

    deadlines = [Pulse.objects.get(monitor=monitor).deadline for monitor in (ready, early, paused)]
    assert deadlines == [NOON, NOON - HOUR + DAY, None]


@pytest.mark.parametrize(
    ("length", "rate", "expected"),
    [(14 * DAY, 1, True), (14 * DAY - HOUR, 100, False), (8 * WEEK, 1, True)],
)
def test_fourteen_days_are_needed(length: timedelta, rate: int, expected: bool) -> None:
    monitor = beets.beet()
    counted(monitor, constant(rate, length))

    run()

    assert is_ready(monitor) is expected


@pytest.mark.parametrize(("events", "expected"), [(49, False), (50, True)])
def test_fifty_events_are_needed(events: int, expected: bool) -> None:
    counts = np.zeros(14 * 24, np.int64)
    counts[[0, -1]] = events - 1, 1
    monitor = beets.beet()
    counted(monitor, counts)

    run()

    assert is_ready(monitor) is expected
    assert rhythm_of(monitor).events == events


def test_until_then_it_is_said_how_far_it_is() -> None:
    monitor = beets.beet()
    counted(monitor, [3, 0, 4, 0, 0])

    run()

    rhythm = rhythm_of(monitor)
    assert (rhythm.learned_from, rhythm.learned_to) == (NOON - 5 * HOUR, NOON - 2 * HOUR)
    assert (rhythm.events, rhythm.rates) == (7, None)


def test_one_event_a_week_is_too_few_to_learn_from() -> None:
    counts = np.zeros(8 * 168, np.int64)
    counts[::168] = 1
    monitor = beets.beet()
    counted(monitor, counts)

    run()

    assert not is_ready(monitor)
    assert rhythm_of(monitor).events == 8


def test_a_million_events_an_hour_are_learned() -> None:
    draw = np.random.default_rng(1)
    monitor = beets.beet()
    counted(monitor, draw.poisson(1_000_000, 8 * 168))

    run()

    assert rates_of(monitor) == pytest.approx(np.full(168, 1e6), rel=0.01)


def test_a_monitor_without_any_history_is_not_due() -> None:
    monitor = beets.beet()
    counted(beets.beet(), [1])

    assert run() == 1
    assert rhythm_of(monitor).learned_at is None


def test_before_the_first_event_there_is_nothing_to_learn() -> None:
    monitor = beets.beet()
    counted(monitor, constant(5, 3 * WEEK))

    run()

    assert rates_of(monitor) == pytest.approx(np.full(168, 5.0), rel=1e-5)


def test_between_what_was_imported_and_the_first_event_nobody_counted() -> None:
    counts = constant(5, 8 * WEEK)
    counts[3 * 168 : 5 * 168] = 0
    monitor = beets.beet(made_at=NOON - 4 * WEEK)
    counted(monitor, counts)

    run()

    assert rates_of(monitor) == pytest.approx(np.full(168, 5.0), rel=1e-5)


def test_a_silence_that_nobody_explained_lowers_what_is_usual() -> None:
    monitor = beets.beet()
    counted(monitor, quiet(constant(5, 8 * WEEK), NOON - 4 * WEEK, NOON - 3 * WEEK))

    run()

    assert rates_of(monitor).mean() < 4.995


@pytest.mark.parametrize("resolution", ["recovered", "paused", "late_evidence"])
def test_confirmed_incidents_are_left_out_from_when_they_began(resolution: str) -> None:
    began, ended = NOON - 4 * WEEK, NOON - 3 * WEEK
    monitor = beets.beet()
    counted(monitor, quiet(constant(5, 8 * WEEK), began, ended))
    evidence = {"since": began.isoformat()}
    wrong(monitor, began + 3 * DAY, ended, resolution=resolution, cause="drop", evidence=evidence)

    run()

    assert rates_of(monitor) == pytest.approx(np.full(168, 5.0), rel=1e-5)


@pytest.mark.parametrize("given", [{"resolution": "resolved"}, {"cause": "value"}, {"cause": "failed"}])
def test_what_a_person_said_is_well_and_what_is_no_lack_of_events_counts(given: dict[str, str]) -> None:
    began, ended = NOON - 4 * WEEK, NOON - 3 * WEEK
    monitor = beets.beet()
    counted(monitor, quiet(constant(5, 8 * WEEK), began, ended))
    wrong(monitor, began, ended, **given)

    run()

    assert rates_of(monitor).mean() < 4.995


def test_the_level_stays_while_an_incident_is_open() -> None:
    monitor, other = beets.beet(), beets.beet()
    for each in (monitor, other):
        counted(each, constant(20, 8 * WEEK))
    run()
    lower = constant(20, 8 * WEEK)
    lower[-7 * 24 :] = 12
    for each in (monitor, other):
        each.hourly_counts.all().delete()
        counted(each, lower)
    Rhythm.objects.update(level=1.25)
    wrong(monitor, NOON - HOUR, None, cause="drop")

    learn.at_once([monitor.id, other.id], now=NOON)

    assert rhythm_of(monitor).level == 1.25
    assert rhythm_of(other).level < 1.0


def test_pauses_are_left_out_also_one_that_began_before() -> None:
    counts = constant(5, 8 * WEEK)
    counts[: 2 * 168] = 0
    counts[3 * 168 : 4 * 168] = 0
    monitor = beets.beet()
    counted(monitor, counts)
    counted(monitor, [5], until=NOON - 9 * WEEK)
    counted(monitor, [], until=NOON)
    for at, before, after in [
        (NOON - 6 * WEEK, "paused", "up"),
        (NOON - 5 * WEEK, "up", "paused"),
        (NOON - 4 * WEEK, "paused", "up"),
    ]:
        StatusChange.objects.create(monitor=monitor, at=at, from_status=before, to_status=after, cause="paused")

    run()

    assert rates_of(monitor) == pytest.approx(np.full(168, 5.0), rel=1e-5)


def test_what_is_paused_now_is_not_due_and_not_learned_from() -> None:
    monitor = beets.beet()
    counted(monitor, quiet(constant(5, 8 * WEEK), NOON - WEEK, NOON))
    StatusChange.objects.create(monitor=monitor, at=NOON - WEEK, from_status="up", to_status="paused", cause="paused")
    Pulse.objects.filter(monitor=monitor).update(status="paused")

    looked_at = run()
    learn.at_once([monitor.id], now=NOON)

    assert looked_at == 0
    assert rates_of(monitor) == pytest.approx(np.full(168, 5.0), rel=1e-5)


def test_hours_in_which_nobody_listened_are_left_out() -> None:
    monitor = beets.beet()
    counted(monitor, quiet(constant(5, 8 * WEEK), NOON - 4 * WEEK, NOON - 3 * WEEK))
    gap = NOON - 4 * WEEK + timedelta(minutes=30), NOON - 3 * WEEK - timedelta(minutes=30)
    Gap.objects.create(started_at=gap[0], ended_at=gap[1], reason="stopped")

    run()

    assert rates_of(monitor) == pytest.approx(np.full(168, 5.0), rel=1e-5)


def test_a_restart_of_some_seconds_spoils_no_hour() -> None:
    for number in range(56):
        at = NOON - number * DAY - timedelta(minutes=30)
        Gap.objects.create(started_at=at, ended_at=at + timedelta(seconds=20), reason="stopped")
    counts = constant(5, 8 * WEEK)
    counts[np.arange(len(counts)) % 24 == 23] = 50
    monitor = beets.beet()
    counted(monitor, counts)

    run()

    assert rates_of(monitor)[11] > 40


def test_what_has_learned_keeps_it_while_there_is_too_little_to_learn_anew() -> None:
    monitor = beets.beet()
    counted(monitor, constant(5, 8 * WEEK))
    run()
    wrong(monitor, NOON - 8 * WEEK, None)

    learn.at_once([monitor.id], now=NOON + DAY)

    assert rates_of(monitor) == pytest.approx(np.full(168, 5.0), rel=1e-5)
    assert rhythm_of(monitor).learned_at == NOON + DAY


def test_a_stream_that_ended_is_learned_as_nothing_once_a_person_said_it_is_well() -> None:
    monitor = beets.beet()
    counted(monitor, [*constant(5, 8 * WEEK), *[0] * 8 * 168])
    Rhythm.objects.filter(monitor=monitor).update(rates=np.ones(168, "<f4").tobytes())

    learn.at_once([monitor.id], now=NOON)

    assert rates_of(monitor) == pytest.approx(np.zeros(168), abs=1e-6)


def test_slots_are_local_and_a_move_to_another_zone_is_learned_at_once() -> None:
    counts = np.where(np.arange(8 * 168) % 24 == 0, 50, 1)  # the first hour is noon, in UTC
    monitor = beets.beet(timezone="Asia/Tokyo")
    counted(monitor, counts)
    run()
    at_first = rates_of(monitor)

    Monitor.objects.filter(id=monitor.id).update(timezone="America/New_York")
    learn.at_once([monitor.id], now=NOON)

    assert [int(rates.argmax()) % 24 for rates in (at_first, rates_of(monitor))] == [21, 7]
    assert rhythm_of(monitor).zone == "America/New_York"


def test_lower_bounds_below_the_usual_do_not_count() -> None:
    monitor = beets.beet()
    counts = constant(600, 8 * WEEK)
    counts[np.arange(len(counts)) % 24 == 0] = 200
    counted(monitor, counts)
    monitor.hourly_counts.update(floors=1 << 12)

    run()

    assert rates_of(monitor)[12] > 300


def test_each_is_learned_once_a_day_the_longest_waiting_first() -> None:
    first, second, third = (beets.beet() for _ in range(3))
    for number, monitor in enumerate((first, second, third)):
        counted(monitor, constant(5, 8 * WEEK))
        Rhythm.objects.filter(monitor=monitor).update(learned_at=NOON - DAY - number * HOUR, rates=b"\0" * 672)

    looked_at = [learn.run(now=NOON + timedelta(seconds=1), limit=2) for _ in range(3)]

    assert looked_at == [2, 1, 0]
    assert rhythm_of(first).learned_at == NOON + timedelta(seconds=1)


def test_one_that_still_learns_is_looked_at_every_hour_in_which_it_had_events() -> None:
    monitor = beets.beet()
    counted(monitor, [5])
    beets.up(monitor, at=NOON + timedelta(minutes=30))

    looked_at = [run(NOON), run(NOON + HOUR), run(NOON + HOUR + timedelta(seconds=1)), run(NOON + 3 * HOUR)]

    assert looked_at == [1, 0, 1, 0]


def test_deleted_monitors_and_heartbeats_are_left_alone() -> None:
    gone = beets.beet()
    counted(gone, constant(5, 8 * WEEK))
    Monitor.objects.filter(id=gone.id).update(deleted_at=NOON)

    assert run() == 0


def test_without_any_history_nothing_is_learned() -> None:
    monitor = beets.beet()

    learn.at_once([monitor.id], now=NOON)

    assert not is_ready(monitor)


def test_before_the_first_roll_up_what_was_imported_is_learned() -> None:
    monitor = beets.beet()
    counted(monitor, constant(5, 8 * WEEK))
    RollupMark.objects.all().delete()

    learn.at_once([monitor.id], now=NOON + timedelta(minutes=59))

    assert rhythm_of(monitor).learned_to == NOON


def test_many_of_several_zones_are_learned_in_few_queries(django_assert_max_num_queries: object) -> None:
    made = [beets.beet(timezone=zone) for zone in ("UTC", "Europe/Berlin") for _ in range(5)]
    for monitor in made:
        counted(monitor, constant(5, 8 * WEEK))

    with django_assert_max_num_queries(30):  # type: ignore[operator]
        run()

    assert all(is_ready(monitor) for monitor in made)


@pytest.mark.postgresql
def test_what_another_worker_has_claimed_is_left_to_it() -> None:
    monitor = beets.beet()
    counted(monitor, [1])

    assert "SKIP LOCKED" in str(learn._due(datetime(2026, 1, 1, tzinfo=UTC)).select_for_update(skip_locked=True).query)
    assert connection.features.has_select_for_update_skip_locked

"""What the values of an hour came to, when it is over; and which values are usual."""

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
from pytest_django import DjangoAssertNumQueries

from accounts.domain.actor import SYSTEM
from monitors import hourly_values, operations
from monitors.domain.evidence import written
from monitors.domain.values import Bands
from monitors.models import Gap, Incident, Monitor, Ping, Pulse, Rhythm
from tests import factories
from tests.factories import NOON

pytestmark = pytest.mark.django_db

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ONE = NOON + HOUR
SUM: dict[str, Any] = {"value_per": "hour_sum", "value_below": 10}
MEAN: dict[str, Any] = {"value_per": "hour_mean", "value_above": 5}


def minutes(count: float) -> datetime:
    return NOON + timedelta(minutes=count)


def job(**rule: Any) -> Monitor:
    """Up, and pinged last before noon."""
    return factories.healthy(at=NOON - timedelta(minutes=1), name="import", **rule)


def heard(monitor: Monitor, *values: float | None, at: datetime = NOON, kind: str = "success") -> None:
    """Pings with these values from a time on, a minute apart."""
    Ping.objects.bulk_create(
        Ping(monitor=monitor, received_at=at + number * timedelta(minutes=1), kind=kind, method="POST", value=value)
        for number, value in enumerate(values)
    )


def judge(start: datetime = NOON, now: datetime | None = None) -> int:
    return hourly_values.judge(start, now=now or start + HOUR + timedelta(seconds=30))


def titles() -> list[str]:
    return list(Incident.objects.order_by("id").values_list("title", flat=True))


HOURS: list[tuple[dict[str, Any], list[float | None], str, str]] = [
    (SUM, [4, 6], "", "enough together"),
    (SUM, [4, 5], "import summed up to 9 in an hour, below 10", "too little together"),
    (SUM, [], "import summed up to 0 in an hour, below 10", "of no pings the sum is nothing"),
    (SUM, [None, None], "import summed up to 0 in an hour, below 10", "and so it is of pings without a value"),
    (MEAN, [4, 6, None], "", "a mean is that of the values"),
    (MEAN, [4, 7], "import averaged 5.5 in an hour, above 5", "too much on average"),
    (MEAN, [], "", "of nothing there is no mean"),
    ({"value_below": 10}, [4], "", "pings are judged, not hours"),
    ({"value_per": "hour_sum"}, [4], "", "there is no rule"),
    ({"value_per": "hour_sum", "value_band": True}, [4], "", "nothing is learned yet"),
]


@pytest.mark.parametrize(("rule", "values", "title", "reason"), HOURS)
def test_an_hour_is_judged_when_it_is_over(
    rule: dict[str, Any], values: list[float | None], title: str, reason: str
) -> None:
    heard(job(**rule), *values)

    opened = judge()

    assert (opened, titles()) == ((1, [title]) if title else (0, [])), reason


@pytest.mark.parametrize("kind", ["heartbeat", "beet"])
def test_one_that_cannot_be_judged_stops_no_other(kind: str) -> None:
    """Its zone is not known here, for the tables of the host are older than its own were."""
    broken, other = job(**SUM, value_band=True), factories.healthy(at=NOON - timedelta(minutes=1), name="other", **SUM)
    if kind == "beet":
        Monitor.objects.filter(id=broken.id).update(type="beet", interval_sec=None)
    Monitor.objects.filter(id=broken.id).update(timezone="Atlantis/Capital")
    Rhythm.objects.filter(monitor=broken).update(bands=Bands("UTC", (1.0,) * 24, (2.0,) * 24).pack())

    assert judge() == 1

    assert Incident.objects.get().monitor == other


def test_one_whose_band_cannot_be_learned_stops_no_other() -> None:
    broken, other = job(value_band=True), factories.healthy(at=NOON, name="other", value_band=True)
    for monitor in (broken, other):
        past(monitor, 20, 100.0)
    Monitor.objects.filter(id=broken.id).update(timezone="Atlantis/Capital")

    hourly_values.learn([broken.id, other.id], NOON)

    assert bands_of(other) is not None


def test_only_values_of_successes_in_the_hour_count() -> None:
    monitor = job(**SUM)
    heard(monitor, 5, at=ONE)
    heard(monitor, 5, at=NOON - timedelta(minutes=1))
    heard(monitor, 50, kind="log")
    heard(monitor, 9, at=ONE - timedelta(microseconds=1))

    judge()

    assert titles() == ["import summed up to 9 in an hour, below 10"]


def test_a_bad_hour_is_dated_by_its_end_and_the_next_good_one_resolves_it() -> None:
    monitor = job(**SUM)
    heard(monitor, 9)
    judge()
    heard(monitor, 20, at=ONE)
    Pulse.objects.filter(monitor=monitor).update(last_success_at=ONE)

    judge(ONE)

    incident = Incident.objects.get()
    assert (incident.opened_at, incident.resolved_at, incident.resolution) == (ONE, ONE + HOUR, "recovered")
    assert incident.evidence is not None
    assert (incident.evidence["value"], incident.evidence["at"]) == (9.0, written(NOON))
    assert Pulse.objects.get(monitor=monitor).status == "up"


def test_an_hour_is_judged_once_however_often_it_is_looked_at() -> None:
    monitor = job(**SUM)
    heard(monitor, 9)
    heard(monitor, 20, at=ONE)
    Pulse.objects.filter(monitor=monitor).update(last_success_at=ONE)

    for start in (NOON, NOON, ONE, NOON, ONE):
        judge(start, now=ONE + HOUR)

    assert Incident.objects.count() == 1
    assert Incident.objects.get().resolved_at is not None


@pytest.mark.parametrize("span", [(-5, 1), (10, 20), (59, 70)])
def test_an_hour_that_a_gap_of_ours_touched_is_not_judged(span: tuple[int, int]) -> None:
    job(**SUM)
    Gap.objects.create(started_at=minutes(span[0]), ended_at=minutes(span[1]), reason="down")

    assert judge() == 0


def test_a_gap_in_another_hour_is_no_excuse() -> None:
    job(**SUM)
    Gap.objects.create(started_at=minutes(-10), ended_at=minutes(0), reason="down")

    assert judge() == 1


def test_what_is_long_over_is_no_news() -> None:
    job(**SUM)

    assert judge(now=ONE + DAY + timedelta(seconds=1)) == 0


def test_a_monitor_has_to_be_watched_all_the_hour() -> None:
    fresh = factories.monitor(**SUM)
    heard(fresh, 1, at=minutes(1))
    paused, resumed, gone = job(**SUM), job(**SUM | {"value_below": 11}), job(**SUM | {"value_below": 12})
    operations.pause(monitor=paused, by=SYSTEM, now=minutes(10))
    operations.pause(monitor=resumed, by=SYSTEM, now=minutes(-10))
    operations.resume(monitor=resumed, by=SYSTEM, now=minutes(10))
    operations.delete(monitor=gone, by=SYSTEM, now=minutes(10))
    Monitor.objects.filter(id=job(**SUM).id).update(locked=True)

    assert judge() == 0


def test_a_rule_does_not_judge_the_hours_before_it() -> None:
    monitor = job(**SUM | {"value_below": 0})
    heard(monitor, 5)
    operations.edit(monitor=monitor, changes={"value_below": 10}, by=SYSTEM, now=ONE + timedelta(minutes=10))

    assert judge() == 0


def test_hours_of_beets_are_judged_too() -> None:
    beet = factories.monitor(type="beet", interval_sec=None, name="orders", **SUM)
    heard(beet, 5, at=NOON - HOUR)
    judge()
    heard(beet, 10, at=ONE)
    Pulse.objects.filter(monitor=beet).update(deadline=None)

    judge(ONE)

    assert titles() == ["orders summed up to 0 in an hour, below 10"]
    assert Incident.objects.get().resolved_at == ONE + HOUR
    assert Pulse.objects.get(monitor=beet).deadline is not None  # its rhythm is judged on


def test_a_learned_band_goes_by_the_hour() -> None:
    monitor = job(value_per="hour_sum", value_band=True)
    lows = [0.0] * 24
    lows[12] = 50.0
    Rhythm.objects.filter(monitor=monitor).update(bands=Bands("UTC", tuple(lows), (90.0,) * 24).pack())
    heard(monitor, 30)

    judge(NOON)

    assert titles() == ["import summed up to 30 in an hour, below the usual 50 to 90"]


def test_numbers_beyond_reckoning_are_left_out() -> None:
    heard(job(**SUM), 1e308, 1e308, 11)

    assert judge() == 0


def test_a_thousand_good_hours_cost_as_much_as_one(django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    monitors = [factories.healthy(at=NOON - HOUR, **SUM) for _ in range(30)]
    for monitor in monitors:
        heard(monitor, 20)

    with django_assert_max_num_queries(5):
        judge()


# Learning


def past(monitor: Monitor, days: int, level: float, *, every: timedelta = HOUR, seed: int = 1) -> None:
    """Values about a level in the past of a monitor."""
    times = [NOON - days * DAY + number * every for number in range(int(days * DAY / every))]
    values = level * np.exp(np.random.default_rng(seed).normal(0, 0.1, len(times)))
    Ping.objects.bulk_create(
        Ping(monitor=monitor, received_at=at, kind="success", method="POST", value=float(value))
        for at, value in zip(times, values, strict=True)
    )


def bands_of(monitor: Monitor) -> Bands | None:
    packed = Rhythm.objects.get(monitor=monitor).bands
    return None if packed is None else Bands.unpack(bytes(packed), "UTC")


def test_a_band_is_learned_of_the_values_of_pings() -> None:
    monitor = job(value_band=True)
    past(monitor, 20, 100.0)

    hourly_values.learn([monitor.id], NOON)

    found = bands_of(monitor)
    assert found is not None
    assert all(50 < low < 100 < high < 200 for low, high in zip(found.lows, found.highs, strict=True))


def test_of_many_values_some_from_all_the_time_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hourly_values, "MOST", 200)
    monitor = job(value_band=True)
    past(monitor, 20, 100.0)

    hourly_values.learn([monitor.id], NOON)

    assert bands_of(monitor) is not None  # the newest 200 reach back 8 days only


def test_a_band_is_learned_of_sums_with_the_hours_in_which_nothing_came() -> None:
    monitor = job(value_per="hour_sum", value_band=True)
    past(monitor, 20, 100.0, every=timedelta(minutes=30))
    at_night = [at for at in Ping.objects.filter(monitor=monitor).values_list("received_at", flat=True) if at.hour < 6]
    Ping.objects.filter(monitor=monitor, received_at__in=at_night).delete()

    hourly_values.learn([monitor.id], NOON)

    found = bands_of(monitor)
    assert found is not None
    assert 100 < found.lows[12] < 200 < found.highs[12] < 400
    assert found.lows[3] == -np.inf


def test_hours_in_which_nobody_listened_are_not_learned() -> None:
    monitor = job(value_per="hour_sum", value_band=True)
    past(monitor, 20, 100.0)
    silent = NOON - 10 * DAY
    Ping.objects.filter(monitor=monitor, received_at__gte=silent, received_at__lt=silent + 3 * DAY).delete()
    Gap.objects.create(started_at=silent, ended_at=silent + 3 * DAY, reason="down")

    hourly_values.learn([monitor.id], NOON)

    found = bands_of(monitor)
    assert found is not None
    assert min(found.lows) > 0


def test_a_band_of_means() -> None:
    monitor = job(value_per="hour_mean", value_band=True)
    past(monitor, 20, 100.0, every=timedelta(minutes=20))

    hourly_values.learn([monitor.id], NOON)

    found = bands_of(monitor)
    assert found is not None
    assert 60 < found.lows[3] < 100 < found.highs[3] < 160


def test_what_has_too_few_by_now_loses_its_band() -> None:
    monitor = job(value_band=True)
    Rhythm.objects.filter(monitor=monitor).update(bands=Bands("UTC", (1.0,) * 24, (2.0,) * 24).pack())

    hourly_values.learn([monitor.id], NOON)

    assert bands_of(monitor) is None


def test_a_heartbeat_learns_its_band_once_a_day() -> None:
    monitor, plain = job(value_band=True), factories.healthy(at=NOON)
    past(monitor, 20, 100.0)

    looks = [hourly_values.learn_due(now=NOON + after) for after in (timedelta(0), HOUR, DAY + HOUR)]

    assert looks == [1, 0, 1]
    assert bands_of(monitor) is not None
    assert not Rhythm.objects.filter(monitor=plain).exists()


def test_another_kind_of_value_is_learned_anew() -> None:
    monitor = job(value_band=True)
    past(monitor, 20, 100.0)
    hourly_values.learn_due(now=NOON)

    operations.edit(monitor=monitor, changes={"value_per": "hour_sum"}, by=SYSTEM, now=NOON)

    assert bands_of(monitor) is None
    assert hourly_values.learn_due(now=NOON + HOUR) == 1


def test_a_beet_loses_its_incident_with_its_last_rule() -> None:
    beet = factories.monitor(type="beet", interval_sec=None, **SUM)
    heard(beet, 5, at=NOON - HOUR)
    judge()

    operations.edit(monitor=beet, changes={"value_below": None}, by=SYSTEM, now=ONE + HOUR)

    assert Incident.objects.get().resolution == "resolved"

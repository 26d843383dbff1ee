"""Health: a process that serves is ready; the system is well only while it judges and delivers."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from heartbeet import health
from heartbeet.lib import clock
from monitors.models import Gap, IngestNode, SweepMark
from tests import factories

pytestmark = pytest.mark.django_db

WELL: dict[str, Any] = {
    "sweep_lag_sec": 0.5,
    "watermark_lag_sec": 0.5,
    "oldest_undelivered_sec": 3.0,
    "undelivered": 1,
    "dead_letters": 0,
    "flagged_channels": 0,
    "dead_nodes": 0,
    "put_off": 0,
    "letters_stuck": False,
}


def test_a_process_that_answers_is_alive(client: Client) -> None:
    response = client.get("/health/live")

    assert (response.status_code, response.json()) == (200, {"status": "ok"})


def test_a_process_with_a_database_is_ready(client: Client) -> None:
    response = client.get("/health/ready")

    assert (response.status_code, response.json()["status"]) == (200, "ok")


def test_a_system_that_judges_and_delivers_is_well(client: Client) -> None:
    _listening(beat_ago=timedelta(0))
    _swept(ago=timedelta(0))

    response = client.get("/health/system")

    assert (response.status_code, response.json()["reasons"]) == (200, [])


def test_a_system_whose_sweep_does_not_run_says_so(client: Client) -> None:
    _listening(beat_ago=timedelta(0))
    _swept(ago=timedelta(minutes=10))

    response = client.get("/health/system")

    (reason,) = response.json()["reasons"]
    assert response.status_code == 503
    assert reason.startswith("The miss detector last ran 60")


def test_a_system_where_nobody_listens_says_so(client: Client) -> None:
    _listening(beat_ago=timedelta(minutes=3))
    IngestNode.objects.update(died_at=clock.now() - timedelta(minutes=2))
    _swept(ago=timedelta(0))

    response = client.get("/health/system")

    assert response.json()["reasons"] == [
        "No ingest process is listening, so silence means nothing and nobody is judged.",
        "1 ingest processes went without goodbye in the last day.",
    ]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param({"sweep_lag_sec": None}, "The miss detector has never run.", id="a first start that hangs"),
        pytest.param({"sweep_lag_sec": 40.0}, "The miss detector last ran 40 s ago.", id="over half a minute"),
        pytest.param({"watermark_lag_sec": 31.0}, "Pings of the last 31 s", id="the database is too slow"),
        pytest.param({"oldest_undelivered_sec": 200.0}, "1 alerts wait, the oldest for 200 s.", id="nobody sends"),
        pytest.param({"flagged_channels": 1}, "1 alert channels lose every message", id="a channel works no more"),
        pytest.param({"dead_letters": 2}, "2 alerts could not be delivered", id="a channel refuses for good"),
        pytest.param({"hours_lag_sec": 14_400.0}, "Events were last counted 4 hours ago", id="hours are not counted"),
        pytest.param({"put_off": 1}, "1 monitors cannot be judged.", id="a judgement raises"),
        pytest.param({"letters_stuck": True}, "The mail server takes no letters", id="nobody gets their link"),
    ],
)
def test_each_trouble_is_a_reason_of_its_own(change: dict[str, Any], reason: str) -> None:
    reasons = health.System(**{**WELL, **change}).reasons()

    assert len(reasons) == 1
    assert reasons[0].startswith(reason)


def test_short_lags_are_no_reason() -> None:
    assert health.System(**WELL).reasons() == []
    assert health.System(**WELL, hours_lag_sec=7_000.0).reasons() == []


def test_metrics_are_prometheus_text(client: Client) -> None:
    health._figures.cache_clear()
    _listening(beat_ago=timedelta(0))
    _swept(ago=timedelta(seconds=2))

    response = client.get("/metrics")

    assert response.headers["Content-Type"].startswith("text/plain")
    assert b"\nheartbeet_undelivered_alerts 0.0\n" in response.content
    assert b"# TYPE heartbeet_sweep_lag_seconds gauge" in response.content


@pytest.mark.parametrize(
    "name",
    [
        "heartbeet_watermark_lag_seconds",
        "heartbeet_sweep_lag_seconds",
        "heartbeet_oldest_undelivered_seconds",
        "heartbeet_listening_gap_seconds_total",
    ],
)
def test_our_own_work_is_measured(name: str, client: Client) -> None:
    health._figures.cache_clear()
    at = clock.now()
    _listening(beat_ago=timedelta(seconds=90))
    _swept(ago=timedelta(seconds=2))
    for minutes in (10, 20):
        start = at - timedelta(minutes=minutes)
        Gap.objects.create(started_at=start, ended_at=start + timedelta(seconds=30), reason="stopped")

    figures = dict(line.split(" ") for line in client.get("/metrics").content.decode().splitlines() if line[0] != "#")

    expected = {"watermark_lag": 90, "sweep_lag": 2, "oldest_undelivered": 0, "listening_gap": 60}
    short = name.removeprefix("heartbeet_").partition("_seconds")[0]
    assert 0 <= float(figures[name]) - expected[short] < 30  # however slow the machine is


def test_metrics_are_counted_once_while_they_hold(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    first = health._figures(1)

    with django_assert_num_queries(0):
        second = health._figures(1)

    assert first is second


def _listening(*, beat_ago: timedelta) -> None:
    factories.node(at=clock.now() - beat_ago)


def _swept(*, ago: timedelta) -> None:
    at = clock.now() - ago
    SweepMark.objects.create(finished_at=at, watermark=at)

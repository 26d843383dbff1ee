"""Our own heartbeat says that the work is done, and nothing but that."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from alerts.models import DispatchMark
from heartbeet import upstream
from monitors.models import SweepMark
from tests.receivers import HTTPReceiver

NOW = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)

pytestmark = pytest.mark.django_db


@pytest.fixture
def watcher(http_receiver: HTTPReceiver, settings: Any, monkeypatch: pytest.MonkeyPatch) -> HTTPReceiver:
    """Whoever watches us; nothing was sent there so far."""
    settings.HEARTBEET_UPSTREAM_PING_URL = http_receiver.url + "/secret-token"
    settings.HEARTBEET_ALLOW_PRIVATE_TARGETS = []
    monkeypatch.setattr(upstream, "_last_sent_at", -float("inf"))
    return http_receiver


def _swept(at: datetime) -> None:
    SweepMark.objects.update_or_create(id=1, defaults={"finished_at": at, "watermark": at})


def _dispatched(at: datetime) -> None:
    DispatchMark.objects.update_or_create(id=1, defaults={"finished_at": at})


def _all_is_done(at: datetime = NOW) -> None:
    _swept(at)
    _dispatched(at)


def test_it_is_sent_after_a_sweep_and_a_round_of_the_dispatcher(watcher: HTTPReceiver) -> None:
    _all_is_done()

    assert upstream.ping_when_due(now=NOW)
    assert [(request.method, request.path) for request in watcher.requests] == [("POST", "/hook/secret-token")]


@pytest.mark.parametrize(
    ("reason", "swept", "dispatched"),
    [
        ("nothing was ever done", None, None),
        ("the sweep never ended", None, NOW),
        ("the dispatcher never ended", NOW, None),
        ("the sweep stands still", NOW - 31 * SECOND, NOW),
        ("the dispatcher stands still", NOW, NOW - 31 * SECOND),
    ],
)
def test_it_is_not_sent_while_something_is_not_done(
    reason: str, swept: datetime | None, dispatched: datetime | None, watcher: HTTPReceiver
) -> None:
    if swept:
        _swept(swept)
    if dispatched:
        _dispatched(dispatched)

    assert not upstream.ping_when_due(now=NOW), reason
    assert watcher.requests == []


def test_it_is_sent_once_in_its_interval(watcher: HTTPReceiver) -> None:
    _all_is_done()

    sent = [upstream.ping_when_due(now=NOW) for _ in range(3)]

    assert sent == [True, False, False]
    assert len(watcher.requests) == 1


def test_without_an_address_nothing_is_sent(watcher: HTTPReceiver, settings: Any) -> None:
    settings.HEARTBEET_UPSTREAM_PING_URL = ""
    _all_is_done()

    assert not upstream.ping_when_due(now=NOW)
    assert watcher.requests == []


@pytest.mark.parametrize("status", [404, 405])
def test_a_watcher_that_knows_no_post_gets_a_get(status: int, watcher: HTTPReceiver) -> None:
    watcher.then(status)
    _all_is_done()

    assert upstream.ping_when_due(now=NOW)
    assert [request.method for request in watcher.requests] == ["POST", "GET"]


@pytest.mark.parametrize("status", [301, 410, 500])
def test_a_refusal_is_logged_without_the_address(status: int, watcher: HTTPReceiver) -> None:
    watcher.answer(status)
    _all_is_done()

    with capture_logs() as lines:
        is_sent = upstream.ping_when_due(now=NOW)

    assert not is_sent
    assert [(line["event"], line["status"]) for line in lines] == [("upstream.refused", status)]
    assert "secret-token" not in str(lines)


def test_a_watcher_that_is_away_is_logged_without_the_address(watcher: HTTPReceiver, settings: Any) -> None:
    settings.HEARTBEET_UPSTREAM_PING_URL = "http://127.0.0.1:9/secret-token"
    _all_is_done()

    with capture_logs() as lines:
        is_sent = upstream.ping_when_due(now=NOW)

    assert not is_sent
    assert [line["event"] for line in lines] == ["upstream.not_reached"]
    assert "secret-token" not in str(lines)

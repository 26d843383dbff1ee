"""Our own pings through the public URL: when they do not come back, nobody's do."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.conf import settings
from structlog.testing import capture_logs

from heartbeet.lib import clock
from monitors.domain.gaps import Deaf, Reason
from monitors.ingest import app, canary, replies
from monitors.ingest.canary import Canary
from monitors.ingest.listener import Listener
from monitors.models import Deafness, IngestNode, Ping
from tests import servers
from tests.ingest.conftest import Outage, Server
from tests.ingest.waiting import until
from tests.receivers import HTTPReceiver

PATH = "/api/v1/heartbeats/{}"


def base(receiver: HTTPReceiver) -> str:
    return f"http://127.0.0.1:{receiver.port}"


def sent(site_url: str, listener: Listener, *, times: int = 1) -> tuple[Deaf, ...]:
    """What a process has to tell after it has sent canaries."""
    bird = Canary(site_url, listener, every_sec=60, timeout_sec=0.5)
    for _ in range(times):
        bird.send()
    return listener.report(listener.now())[1]


# Where they go


@pytest.mark.parametrize(
    ("site_url", "switch", "goes_to"),
    [
        pytest.param("https://heartbeet.example.org", "on", "https://heartbeet.example.org", id="a public name"),
        pytest.param("https://10.0.0.7:8443/", "on", "https://10.0.0.7:8443", id="a company's own network"),
        pytest.param("https://heartbeet.example.org", "off", "", id="switched off"),
        pytest.param("", "on", "", id="nobody said where we are"),
        pytest.param("http://localhost:8000", "on", "", id="this machine by name"),
        pytest.param("http://heartbeet.localhost", "on", "", id="a name of this machine"),
        pytest.param("http://127.0.0.2:8000", "on", "", id="this machine"),
        pytest.param("http://[::1]:8000", "on", "", id="this machine, IPv6"),
        pytest.param("http://0.0.0.0:8000", "on", "", id="whatever machine asks"),
    ],
)
def test_they_go_to_a_public_url_that_was_given(
    configure: Callable[..., None], monkeypatch: pytest.MonkeyPatch, site_url: str, switch: str, goes_to: str
) -> None:
    configure(site_url=site_url, canary=switch)
    monkeypatch.setattr(settings, "HEARTBEET_SITE_URL", settings.ENV.public_url)

    assert canary.public_url() == goes_to


def test_every_process_of_an_installation_knows_its_token_and_nobody_else_does(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = canary.own_token()
    assert canary.own_token() == ours

    monkeypatch.setattr(settings, "SECRET_KEY", "of another installation")

    assert canary.own_token() != ours


# What becomes of them


def test_one_that_comes_back_says_nothing(http_receiver: HTTPReceiver) -> None:
    http_receiver.answer(204)

    assert sent(base(http_receiver), Listener()) == ()
    assert [each.path for each in http_receiver.requests] == [PATH.format(canary.own_token())]


def lost_in_a_proxy(receiver: HTTPReceiver) -> str:
    receiver.answer(502)
    return base(receiver)


def led_elsewhere(receiver: HTTPReceiver) -> str:
    receiver.answer(200)  # a parking page
    return base(receiver)


def sent_on(receiver: HTTPReceiver) -> str:
    receiver.answer(301, Location=base(receiver))
    return base(receiver)


def hung(receiver: HTTPReceiver) -> str:
    receiver.answer(204, hang_sec=5)
    return base(receiver)


def nobody_there(receiver: HTTPReceiver) -> str:
    return f"http://127.0.0.1:{servers.free_port()}"


@pytest.mark.parametrize("trouble", [lost_in_a_proxy, led_elsewhere, sent_on, hung, nobody_there])
def test_three_that_are_lost_in_a_row_are_deafness_since_the_last_success(
    http_receiver: HTTPReceiver, trouble: Callable[[HTTPReceiver], str]
) -> None:
    listener = Listener()
    http_receiver.answer(204)
    before = listener.now()
    sent(base(http_receiver), listener)
    after = listener.now()

    with capture_logs() as lines:
        (deaf,) = sent(trouble(http_receiver), listener, times=3)

    assert (deaf.reason, deaf.ended_at, before <= deaf.started_at <= after) == (Reason.CANARY, None, True)
    assert [line["event"] for line in lines] == ["canary_lost"]
    assert canary.own_token() not in str(lines)


def test_one_loss_holds_the_clock_at_the_last_success(http_receiver: HTTPReceiver) -> None:
    listener = Listener()
    http_receiver.answer(204)
    sent(base(http_receiver), listener)
    after = listener.now()

    assert sent(lost_in_a_proxy(http_receiver), listener) == ()

    assert listener.report(listener.now() + timedelta(minutes=1))[0] <= after


# What ingest answers


@pytest.fixture
def heard(server: Server) -> Callable[[], int]:
    return lambda: server.request(PATH.format(canary.own_token()), "POST").status


@pytest.mark.django_db(transaction=True)
def test_it_is_answered_by_whoever_can_store_pings_and_is_not_one(heard: Callable[[], int], outage: Outage) -> None:
    answers = [heard() for _ in range(100)]  # more than the limit of a token
    outage.begin()
    answers.append(heard())  # to be stored in the spool

    assert set(answers) == {204}
    assert not Ping.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_it_is_not_answered_as_stored_while_pings_are_refused(
    server: Server, heard: Callable[[], int], outage: Outage, monkeypatch: pytest.MonkeyPatch
) -> None:
    outage.begin()
    monkeypatch.setattr("monitors.ingest.spool.Spool.put", _disk_full)
    assert server.request(PATH.format("0" * 64)).status == 503

    assert heard() == 503


def _disk_full(*_: object) -> None:
    from monitors.ingest.spool import SpoolFull

    raise SpoolFull("disk I/O error")


# All the way


@pytest.fixture
def bird(server: Server, http_receiver: HTTPReceiver) -> Iterator[Canary]:
    """A canary of the running ingest that goes out every 50 ms and comes back."""
    http_receiver.answer(204)
    assert app._ingest is not None
    made = Canary(base(http_receiver), app._ingest._listener, every_sec=0.05, timeout_sec=1)
    made.start()
    http_receiver.wait_for(1)
    yield made
    made.stop()


@pytest.mark.django_db(transaction=True)
def test_lost_canaries_are_in_the_database_while_they_are_lost(bird: Canary, http_receiver: HTTPReceiver) -> None:
    until(lambda: app._ingest and app._ingest._listener.has_canaries)
    http_receiver.answer(502)
    until(lambda: Deafness.objects.filter(reason=Reason.CANARY, ended_at=None).exists())
    lost_at = clock.now()
    until(lambda: IngestNode.objects.get().flushed_through > lost_at)  # the clock goes on

    http_receiver.answer(204)

    until(lambda: not Deafness.objects.filter(ended_at=None).exists())
    assert Deafness.objects.get().node_id == IngestNode.objects.get().id


@pytest.mark.django_db(transaction=True)
def test_an_heir_knows_that_they_used_to_come_back(
    idle_server: Server, configure: Callable[..., None], monkeypatch: pytest.MonkeyPatch, http_receiver: HTTPReceiver
) -> None:
    """A proxy that breaks while we are restarted must not look like jobs that fell silent."""
    http_receiver.answer(204)
    monkeypatch.setattr(canary, "public_url", lambda: base(http_receiver))
    monkeypatch.setattr(canary, "EVERY_SEC", 0.1)
    idle_server.start()
    until(_is_noted)
    idle_server.stop()
    http_receiver.answer(502)

    idle_server.start()

    node = IngestNode.objects.get(stopped_at=None)
    until(
        lambda: Deafness.objects.filter(node=node, reason=Reason.CANARY, started_at__lte=node.flushed_through).exists()
    )


def _is_noted() -> bool:
    assert app._ingest is not None
    return app._ingest._writer._canary_place == ""


def test_a_beacon_gets_its_image(server: Server) -> None:
    answer = server.request(f"/api/v1/beet/{canary.own_token()}")

    assert (answer.status, answer.body, answer.headers["x-heartbeet-recorded"]) == (200, replies.GIF, "true")

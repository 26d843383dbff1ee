"""What goes wrong out there: each alert arrives all the same once it is mended, and no other is delayed by it."""

import functools
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from alerts import dispatcher
from alerts.domain.retry import DeliveryStatus
from alerts.models import Attempt, Channel, Delivery
from alerts.sender import Sender
from heartbeet.lib import clock, http
from tests.alerts.house import House, send_all
from tests.lib import tls
from tests.receivers import HTTPReceiver, SMTPReceiver

SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
NAME = "receiver.example"
SILENCE_SEC = 1.5
"""How long a request waits for its answer in these tests: longer than anybody else may be delayed."""


@dataclass
class Trouble:
    """A receiver that does not work, what its channel says about that, and how it is mended."""

    make: Callable[[House], Channel]
    error: str
    mend: Callable[[], Any]


@contextmanager
def smtp_refused(settings: Any) -> Iterator[Trouble]:
    with ExitStack() as later:
        server = SMTPReceiver()
        settings.HEARTBEET_SMTP_URL = server.url
        yield Trouble(lambda house: house.email(), "Connection refused", lambda: later.enter_context(server))


@contextmanager
def webhook_refused(settings: Any) -> Iterator[Trouble]:
    with ExitStack() as later, socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))  # and does not listen
        url = f"http://127.0.0.1:{bound.getsockname()[1]}/"
        yield Trouble(lambda house: house.webhook(url), "did not accept a connection", lambda: _listen(bound, later))


@contextmanager
def webhook_hangs(settings: Any) -> Iterator[Trouble]:
    with HTTPReceiver() as hanging:
        hanging.answer(hang_sec=60)
        yield Trouble(lambda house: house.webhook(hanging.url), "No complete answer came", hanging.answer)


@contextmanager
def webhook_breaks(settings: Any) -> Iterator[Trouble]:
    with HTTPReceiver() as broken:
        broken.answer(500)
        yield Trouble(lambda house: house.webhook(broken.url), "answered 500", broken.answer)


@contextmanager
def dns_fails(settings: Any) -> Iterator[Trouble]:
    known: dict[str, str] = {}
    ask = socket.getaddrinfo

    def resolve(host: str, *rest: Any, **more: Any) -> Any:
        if host == NAME and host not in known:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return ask(known.get(host, host), *rest, **more)

    with HTTPReceiver() as receiver, pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", resolve)
        url = f"http://{NAME}:{receiver.port}/"
        yield Trouble(
            lambda house: house.webhook(url), "could not be resolved", lambda: known.update({NAME: "127.0.0.1"})
        )


@contextmanager
def tls_expired(settings: Any) -> Iterator[Trouble]:
    folder = Path(settings.HEARTBEET_DATA)
    old, new = folder / "old", folder / "new"
    for each in (old, new):
        each.mkdir(parents=True, exist_ok=True)
    expired, context = tls.make(old, "localhost", ends_in=timedelta(days=-1))
    renewed, _ = tls.make(new, "localhost")
    trusted = folder / "trusted.pem"
    trusted.write_text(expired.read_text())

    def renew() -> None:
        context.load_cert_chain(renewed, new / "key.pem")
        trusted.write_text(renewed.read_text())

    with HTTPReceiver() as receiver, pytest.MonkeyPatch.context() as patch:
        patch.setattr(http, "Client", functools.partial(http.Client, verify=str(trusted)))
        receiver.speak_tls(context)
        url = f"https://localhost:{receiver.port}/"
        yield Trouble(lambda house: house.webhook(url), "certificate has expired", renew)


TROUBLES = [smtp_refused, webhook_refused, webhook_hangs, webhook_breaks, dns_fails, tls_expired]


@pytest.fixture(params=TROUBLES, ids=lambda trouble: trouble.__name__)
def trouble(request: pytest.FixtureRequest, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Trouble]:
    monkeypatch.setattr(http, "Client", functools.partial(http.Client, timeout_sec=SILENCE_SEC))
    with request.param(settings) as made:
        yield made


def test_the_alert_arrives_as_soon_as_it_is_mended(house: House, trouble: Trouble) -> None:
    trouble.make(house)
    house.opens()

    send_all(house.now)
    [failed] = Attempt.objects.all()
    trouble.mend()
    send_all(house.now + 7 * SECOND)

    assert trouble.error in failed.error
    assert Delivery.objects.get().status == DeliveryStatus.DELIVERED


@pytest.mark.django_db(transaction=True)
def test_it_delays_nobody_else(transactional_db: None, trouble: Trouble, http_receiver: HTTPReceiver) -> None:
    house = House.build(clock.now())
    monitors = [house.another_monitor(f"Job {number}") for number in range(10)]
    broken, fine = trouble.make(house), house.webhook(http_receiver.url)
    for monitor in monitors:
        monitor.subscriptions.create(channel=broken)
        monitor.subscriptions.create(channel=fine)
        house.opens(monitor)
    dispatcher.dispatch(now=clock.now())
    sender = Sender(slots=4)

    sender.pump()
    told = http_receiver.wait_for(10)

    trouble.mend()
    assert sender.close(wait_sec=10)
    waiting = Delivery.objects.filter(channel=fine).order_by("id")
    began = min(row.created_at for row in waiting).timestamp()
    assert max(request.at for request in told) - began < 1.0


def test_500_for_an_hour_and_then_200(house: House, http_receiver: HTTPReceiver) -> None:
    house.webhook(http_receiver.url)
    house.opens()
    http_receiver.answer(500)
    moment = house.now
    while moment < house.now + HOUR:
        send_all(moment)
        moment = Delivery.objects.get().next_try_at or pytest.fail("a dead letter after an hour")

    http_receiver.answer(200)
    send_all(moment)

    assert Delivery.objects.get().status == DeliveryStatus.DELIVERED
    assert 7 <= Attempt.objects.count() <= 9
    assert len({request.headers["webhook-id"] for request in http_receiver.requests}) == 1


def _listen(bound: socket.socket, later: ExitStack) -> None:
    """Put a receiver where nobody was."""
    port = bound.getsockname()[1]
    bound.close()
    later.enter_context(HTTPReceiver(port))

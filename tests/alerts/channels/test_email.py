"""E-mail, against real SMTP servers."""

import socket
import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from alerts.channels import base
from alerts.channels.email import Email
from alerts.domain import letter
from alerts.domain.message import Telling
from alerts.domain.retry import Failure
from heartbeet.lib import smtp
from heartbeet.settings import env
from monitors.domain.status import Cause
from tests import servers
from tests.alerts.messages import TELLINGS, notice, opened, reminder, resolved, storm
from tests.lib import tls
from tests.lib.raw_server import RawServer
from tests.receivers import SMTPReceiver

NOW = datetime(2026, 1, 5, 12, 6, tzinfo=UTC)


@pytest.fixture(autouse=True)
def relay(smtp_server: SMTPReceiver, settings: Any) -> SMTPReceiver:
    settings.HEARTBEET_SMTP_URL = smtp_server.url
    settings.HEARTBEET_MAIL_FROM = "Heartbeet <beets@example.com>"
    return smtp_server


def send(message: Telling, delivery_id: str = "d1") -> base.Receipt:
    return Email({"to": "ops@example.com"}).send(message, delivery_id, now=NOW)


def test_a_mail_says_everything_as_text_and_as_html(relay: SMTPReceiver) -> None:
    assert send(opened()).is_ok

    [mail] = relay.wait_for(1)
    text = mail.message.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    html = mail.message.get_body(("html",)).get_content()  # type: ignore[union-attr]
    for wanted in ("Nightly backup did not ping", "every 5 minutes", "5 Jan 2026, 12:00:00 UTC", "/incidents/17"):
        assert wanted in text
        assert wanted in html


def test_the_envelope_names_both_sides(relay: SMTPReceiver) -> None:
    send(opened())

    [mail] = relay.wait_for(1)
    assert (mail.sender, mail.recipients) == ("beets@example.com", ["ops@example.com"])
    assert mail.message["From"] == "Heartbeet <beets@example.com>"
    assert mail.message["Auto-Submitted"] == "auto-generated"
    assert mail.message["X-Auto-Response-Suppress"] == "All"
    assert (mail.message["Precedence"], mail.message["List-Id"]) == (None, None)


def test_the_message_id_is_the_delivery_and_one_incident_is_one_thread(relay: SMTPReceiver) -> None:
    send(opened(), "d1")
    send(resolved(), "d2")

    first, second = relay.wait_for(2)
    assert first.message["Message-ID"] == "<d1@example.com>"
    assert second.message["Message-ID"] == "<d2@example.com>"
    assert first.message["References"] == second.message["References"] == "<incident-17@example.com>"
    assert (first.message["In-Reply-To"], second.message["In-Reply-To"]) == (None, "<incident-17@example.com>")


@pytest.mark.parametrize("told", TELLINGS)
def test_everything_that_can_be_told_is_a_mail(told: str, relay: SMTPReceiver) -> None:
    message = TELLINGS[told]()

    assert send(message).is_ok

    [mail] = relay.wait_for(1)
    text = mail.message.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    html = mail.message.get_body(("html",)).get_content()  # type: ignore[union-attr]
    for wanted in (message.summary, message.url, *(fact for _, fact in message.facts)):
        assert wanted in text
        assert escape(wanted) in html
    assert mail.message["References"] == f"<{message.thread}@example.com>"


@pytest.mark.parametrize("name", ["x\u202egnp.exe", "a\u200bb\u2066", "l1\nl2\x00\x1b[31m", "😀" * 255, "y" * 255])
def test_a_name_is_one_plain_line_of_the_text(name: str, relay: SMTPReceiver) -> None:
    send(opened(name, title=f"{name} missed its ping"))

    [mail] = relay.wait_for(1)
    text = mail.message.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert len(text.strip().splitlines()) == len(opened().facts) + 4
    assert all(line.isprintable() for line in text.splitlines())


@pytest.mark.parametrize(
    ("message", "subject"),
    [
        (opened("checkouts", cause=Cause.DROP, severity="warning"), "LOW: checkouts"),
        (reminder("checkouts", cause=Cause.DROP, severity="warning"), "STILL LOW: checkouts"),
        (opened("checkouts", cause=Cause.DROP), "DOWN: checkouts"),
        (reminder("checkouts", cause=Cause.SILENCE), "STILL DOWN: checkouts"),
    ],
)
def test_what_is_low_is_not_called_down(message: Telling, subject: str, relay: SMTPReceiver) -> None:
    send(message)

    [mail] = relay.wait_for(1)
    assert mail.message["Subject"] == subject


def test_its_page_shows_the_text() -> None:
    page = (env.ROOT / "docs" / "reference" / "channels" / "email.md").read_text(encoding="utf-8")

    assert f"```text\n{letter.as_text(opened())}```" in page


def test_a_great_storm_is_a_mail_of_bounded_length(relay: SMTPReceiver) -> None:
    assert send(storm("x" * 255, monitors=1000)).is_ok

    [mail] = relay.wait_for(1)
    assert "And: " in mail.message.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert len(bytes(mail.message)) < 500_000


@pytest.mark.parametrize("sender", ["nobody", "a b@c d", "Heartbeet <@example.com>", "", "x@y@z"])
def test_a_bad_sender_is_ours_to_mend_and_named(sender: str, settings: Any, relay: SMTPReceiver) -> None:
    settings.HEARTBEET_MAIL_FROM = sender

    receipt = send(opened())

    assert (receipt.is_ok, receipt.failure) == (False, Failure.OURS)
    assert "HEARTBEET_MAIL_FROM" in receipt.error
    assert relay.mails == []


@pytest.mark.parametrize(
    "name",
    [
        "x\r\nBcc: everyone@example.com",
        "x\nSubject: other",
        "x\r\n\r\n<b>body</b>",
        "\x00\x1b[31m",
        "é" * 300,
        "🥕",
        "x\ud800y",
    ],
)
def test_a_name_cannot_add_a_header(relay: SMTPReceiver, name: str) -> None:
    assert send(opened(name)).is_ok

    [mail] = relay.wait_for(1)
    assert mail.recipients == ["ops@example.com"]
    assert mail.message["Bcc"] is None
    assert len(mail.message.get_all("Subject")) == 1  # type: ignore[arg-type]


@pytest.mark.parametrize("told", [opened, storm, notice])
def test_a_name_cannot_add_markup(told: Callable[..., Telling], relay: SMTPReceiver) -> None:
    send(told("<script>alert(1)</script><img src=x>"))

    [mail] = relay.wait_for(1)
    html = mail.message.get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert "&lt;script&gt;" in html
    assert "<script" not in html
    assert "<img" not in html


@pytest.mark.parametrize(
    ("answer", "failure", "reason"),
    [
        ("550 no such user", Failure.PERMANENT, "the receiver says never"),
        ("554 spam", Failure.PERMANENT, "the receiver says never"),
        ("451 try later", Failure.TRANSIENT, "greylisting"),
    ],
)
def test_the_servers_own_words_are_the_error(relay: SMTPReceiver, answer: str, failure: Failure, reason: str) -> None:
    relay.refuse(answer)

    receipt = send(opened())

    assert (receipt.is_ok, receipt.failure) == (False, failure), reason
    assert receipt.error == f"The mail server answered {answer}"


def test_a_server_that_is_not_there_is_a_failure_with_a_reason(settings: Any) -> None:
    settings.HEARTBEET_SMTP_URL = f"smtp://127.0.0.1:{servers.free_port()}"

    receipt = send(opened())

    assert (receipt.is_ok, receipt.failure) == (False, Failure.TRANSIENT)
    assert receipt.error == "The mail server 127.0.0.1 could not be used: Connection refused."


def test_a_server_that_drips_its_greeting_is_cut_off(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "TOTAL_TIMEOUT_SEC", 0.4)
    with RawServer(drip=b"2", listens_first=False) as server:
        settings.HEARTBEET_SMTP_URL = f"smtp://127.0.0.1:{server.port}"

        receipt = send(opened())

    assert receipt.error == "The mail server 127.0.0.1 did not answer in time."


def test_without_a_server_the_embedded_installation_prints_the_mail(
    settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.HEARTBEET_SMTP_URL, settings.HEARTBEET_EMBEDDED = "", True

    assert send(opened()).is_ok

    printed = capsys.readouterr().out
    assert "e-mail to ops@example.com" in printed
    assert "Subject: DOWN: Nightly backup" in printed


def test_without_a_server_a_production_installation_fails_aloud(settings: Any) -> None:
    settings.HEARTBEET_SMTP_URL, settings.HEARTBEET_EMBEDDED = "", False

    receipt = send(opened())

    assert not receipt.is_ok
    assert "HEARTBEET_SMTP_URL" in receipt.error


@pytest.mark.parametrize(
    ("url", "relay_of_url"),
    [
        ("smtp://mail.example.com", smtp.Relay("mail.example.com", 25, is_tls=False)),
        ("smtp://me:p%40ss@mail.example.com", smtp.Relay("mail.example.com", 587, False, "me", "p@ss")),
        ("smtps://me:x@mail.example.com", smtp.Relay("mail.example.com", 465, is_tls=True, user="me", password="x")),
        ("smtp://localhost:1025", smtp.Relay("localhost", 1025, is_tls=False)),
    ],
)
def test_a_relay_is_read_from_its_url(url: str, relay_of_url: smtp.Relay) -> None:
    assert smtp.parse_relay(url) == relay_of_url


@pytest.mark.parametrize("url", ["", "mail.example.com", "http://mail.example.com", "smtp://", "smtp://x:port"])
def test_what_names_no_relay_is_refused(url: str) -> None:
    with pytest.raises(smtp.BadRelay):
        smtp.parse_relay(url)


def test_a_password_is_not_sent_in_clear_text_to_another_machine(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with SMTPReceiver() as plain:
        port = int(plain.url.rpartition(":")[2])
        reach_by_name(monkeypatch, port)
        settings.HEARTBEET_SMTP_URL = f"smtp://me:secret@mail.example.com:{port}"

        receipt = send(opened())

    assert receipt.error == "The mail server offers no TLS; the password is not sent in clear text."
    assert plain.mails == []


class TLSController(Controller):
    """aiosmtpd itself looks whether it listens by wrapping the client with the server's context; Python refuses."""

    def _trigger_server(self) -> None:
        socket.create_connection((self.hostname, self.port)).close()


class Guarded:
    """An SMTP server that takes mail over TLS from `me` with the password `p@ss` only."""

    def __init__(self, context: ssl.SSLContext, *, from_the_start: bool) -> None:
        tls = {"ssl_context": context} if from_the_start else {"tls_context": context, "require_starttls": True}
        self.mails: list[bytes] = []
        self.controller = TLSController(
            self, hostname="127.0.0.1", port=servers.free_port(), server_hostname="localhost",
            authenticator=self._authenticate, auth_required=True, auth_require_tls=not from_the_start, **tls,
        )  # fmt: skip

    def _authenticate(self, server: Any, session: Any, envelope: Any, mechanism: str, given: Any) -> AuthResult:
        return AuthResult(success=(given.login, given.password) == (b"me", b"p@ss"), handled=False)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        """What aiosmtpd calls with each message."""
        self.mails.append(envelope.content)
        return "250 OK"

    def __enter__(self) -> "Guarded":
        self.controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.controller.stop()


def reach_by_name(monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    """Let every name lead to this machine, as a name server would."""
    real = socket.create_connection
    monkeypatch.setattr(socket, "create_connection", lambda address, **rest: real(("127.0.0.1", port), **rest))


aiosmtpd_sees_no_tls_from_the_start = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")


@aiosmtpd_sees_no_tls_from_the_start
@pytest.mark.parametrize("scheme", ["smtps", "smtp"])
def test_mail_goes_over_tls_with_a_password(
    tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    trusted, context = tls.make(tmp_path, "mail.example.com")
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    with Guarded(context, from_the_start=scheme == "smtps") as server:
        reach_by_name(monkeypatch, server.controller.port)
        settings.HEARTBEET_SMTP_URL = f"{scheme}://me:p%40ss@mail.example.com"

        receipt = send(opened())

    assert receipt == base.Receipt(is_ok=True, status_code=250)
    assert len(server.mails) == 1


@aiosmtpd_sees_no_tls_from_the_start
@pytest.mark.parametrize("scheme", ["smtps", "smtp"])
def test_a_server_that_nobody_vouches_for_gets_no_password(
    tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    _, context = tls.make(tmp_path, "mail.example.com")
    with Guarded(context, from_the_start=scheme == "smtps") as server:
        reach_by_name(monkeypatch, server.controller.port)
        settings.HEARTBEET_SMTP_URL = f"{scheme}://me:p%40ss@mail.example.com"

        receipt = send(opened())

    assert "TLS connection to the mail server failed" in receipt.error
    assert server.mails == []


@aiosmtpd_sees_no_tls_from_the_start
def test_a_wrong_password_is_tried_again_for_the_operator_may_mend_it(
    tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    trusted, context = tls.make(tmp_path, "mail.example.com")
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    with Guarded(context, from_the_start=True) as server:
        reach_by_name(monkeypatch, server.controller.port)
        settings.HEARTBEET_SMTP_URL = "smtps://me:wrong@mail.example.com"

        receipt = send(opened())

    assert (receipt.is_ok, receipt.failure) == (False, Failure.TRANSIENT)
    assert "535" in receipt.error


def test_an_error_never_repeats_the_password(settings: Any) -> None:
    settings.HEARTBEET_SMTP_URL = f"smtp://me:hunter2@127.0.0.1:{servers.free_port()}"

    assert "hunter2" not in send(opened()).error


@pytest.mark.parametrize(
    "address",
    [
        "", "ops", "ops@", "@example.com", "a b@example.com", "a@b@c", "x@example..com", "a@b\r\nBcc: c@d", "a,b@c.de",
        "o" * 300,
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(base.BadConfig) as caught:
        Email.clean({"to": address})

    assert caught.value.path == "to"


@pytest.mark.parametrize("address", ["ops@example.com", "o.p+s@sub.example.com", " ops@example.com ", "root@localhost"])
def test_an_address_is_accepted(address: str) -> None:
    assert Email.clean({"to": address}).shown == {"to": address.strip()}


@pytest.mark.parametrize(
    ("address", "error", "reason"),
    [
        ("a@example.com, b@example.com", "each further one is a channel of its own", "a list"),
        ("a@example.com;b@example.com", "each further one is a channel of its own", "a list, as Outlook has it"),
        ("Ops <ops@example.com>", "without a name", "copied from a mail"),
        ("ops@bücher.example", "Give the domain as mail servers know it: ops@xn--bcher-kva.example.", "a domain"),
        ("öps@example.com", "plain letters", "a name that few servers take"),
    ],
)
def test_the_mistake_is_named(address: str, error: str, reason: str) -> None:
    with pytest.raises(base.BadConfig, match=error) as caught:
        Email.clean({"to": address})

    assert caught.value.path == "to", reason

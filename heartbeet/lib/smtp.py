"""Handing an e-mail to the SMTP server of HEARTBEET_SMTP_URL, or to the console while there is none."""

import contextlib
import smtplib
import socket
import ssl
import sys
from dataclasses import dataclass, field
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

from django.conf import settings

from heartbeet.lib.addresses import literal
from heartbeet.lib.deadline import Deadline

CONNECT_TIMEOUT_SEC = 5.0
TOTAL_TIMEOUT_SEC = 20.0


@dataclass(frozen=True, slots=True)
class Relay:
    """The SMTP server that takes our mail."""

    host: str
    port: int
    is_tls: bool
    user: str = ""
    password: str = field(default="", repr=False)

    @property
    def is_this_machine(self) -> bool:
        address = literal(self.host)
        return self.host == "localhost" or (address is not None and address.is_loopback)


class BadRelay(ValueError):
    """HEARTBEET_SMTP_URL must look like smtp://user:password@host:587 or smtps://user:password@host:465."""


def parse_relay(url: str) -> Relay:
    """The relay that a URL names; user and password may be percent-encoded. Raises BadRelay."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise BadRelay(BadRelay.__doc__) from error
    if parts.scheme not in ("smtp", "smtps") or not host:
        raise BadRelay(BadRelay.__doc__)
    is_tls = parts.scheme == "smtps"
    usual = 465 if is_tls else 587 if parts.username else 25
    return Relay(host, port or usual, is_tls, unquote(parts.username or ""), unquote(parts.password or ""))


class NotSent(Exception):
    """The mail was not taken. The message is one sentence with the reason; `is_permanent` says that trying again makes
    no sense, and `status_code` is what the server answered, if it did."""

    def __init__(self, reason: str, *, is_permanent: bool = False, status_code: int | None = None) -> None:
        super().__init__(reason)
        self.is_permanent = is_permanent
        self.status_code = status_code


def prints() -> bool:
    """Whether mails go to the console: a first try of Heartbeet needs no mail server."""
    return not settings.HEARTBEET_SMTP_URL and bool(settings.HEARTBEET_EMBEDDED)


def print_out(mail: EmailMessage) -> None:
    """Show a mail where Heartbeet runs."""
    body = mail.get_body(("plain",))
    text = str(body.get_content()) if body else ""
    sys.stdout.write(f"--- e-mail to {mail['To']}\nSubject: {mail['Subject']}\n\n{text}---\n")
    sys.stdout.flush()


def send(mail: EmailMessage) -> None:
    """Hand a mail to the server within `TOTAL_TIMEOUT_SEC`. Raises NotSent."""
    try:
        relay = parse_relay(settings.HEARTBEET_SMTP_URL)
    except BadRelay as error:
        raise NotSent(str(error)) from error
    with Deadline(TOTAL_TIMEOUT_SEC) as deadline:
        try:
            _converse(relay, mail, deadline)
        except smtplib.SMTPRecipientsRefused as error:
            code, text = next(iter(error.recipients.values()))
            raise _refused(code, text) from error
        except smtplib.SMTPDataError as error:
            raise _refused(error.smtp_code, error.smtp_error) from error
        except smtplib.SMTPResponseException as error:
            # Log-in or sender: ours to mend, so keep trying.
            raise NotSent(_answer(error.smtp_code, error.smtp_error)) from error
        except ssl.SSLError as error:
            reason = error.reason or "handshake failed"
            raise NotSent(f"The TLS connection to the mail server failed: {reason}.") from error
        except (smtplib.SMTPException, OSError) as error:
            raise NotSent(_trouble(error, relay, deadline)) from error


def _converse(relay: Relay, mail: EmailMessage, deadline: Deadline) -> None:
    connection = _Connection(relay, deadline, own_name=str(mail["From"].addresses[0].domain))
    try:
        connection.connect(relay.host, relay.port)
        connection.ehlo_or_helo_if_needed()
        if not relay.is_tls and not relay.is_this_machine and connection.has_extn("starttls"):
            connection.starttls(context=ssl.create_default_context())
            connection.ehlo()
        elif relay.user and not relay.is_tls and not relay.is_this_machine:
            raise NotSent("The mail server offers no TLS; the password is not sent in clear text.")
        if relay.user:
            connection.login(relay.user, relay.password)
        connection.send_message(mail)
        with contextlib.suppress(smtplib.SMTPException, OSError):
            connection.quit()  # the mail is accepted by now, whatever comes of the good-bye
    finally:
        connection.close()


class _Connection(smtplib.SMTP):
    """An SMTP connection that ends at a deadline."""

    def __init__(self, relay: Relay, deadline: Deadline, *, own_name: str) -> None:
        super().__init__(local_hostname=own_name)  # else smtplib asks the name server who we are, and waits for it
        self._relay, self._deadline = relay, deadline
        self._host = relay.host  # what starttls checks the certificate against

    def _get_socket(self, host: str, port: int, timeout: object) -> socket.socket:
        connection = socket.create_connection((host, port), timeout=CONNECT_TIMEOUT_SEC)
        connection.settimeout(self._deadline.remaining_sec)
        self._deadline.watch(connection)
        if self._relay.is_tls:
            return ssl.create_default_context().wrap_socket(connection, server_hostname=host)
        return connection


def _refused(code: int, text: bytes | str) -> NotSent:
    return NotSent(_answer(code, text), is_permanent=500 <= code < 600, status_code=code)


def _answer(code: int, text: bytes | str) -> str:
    said = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return f"The mail server answered {code} {said}"


def _trouble(error: Exception, relay: Relay, deadline: Deadline) -> str:
    if deadline.passed or isinstance(error, TimeoutError):
        return f"The mail server {relay.host} did not answer in time."
    if isinstance(error, socket.gaierror):
        return f"The name of the mail server, {relay.host}, could not be resolved."
    reason = getattr(error, "strerror", None) or str(error) or "the connection was closed"
    return f"The mail server {relay.host} could not be used: {reason}."

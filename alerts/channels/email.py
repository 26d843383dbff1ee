"""E-mail, through the SMTP server of HEARTBEET_SMTP_URL, or to the console while there is none."""

import contextlib
import re
import smtplib
import socket
import ssl
import sys
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from html import escape
from urllib.parse import unquote, urlsplit

from django.conf import settings

from alerts.channels.base import BadConfig, Channel, Field, Receipt, failed
from alerts.domain import words
from alerts.domain.message import Message, MessageType
from alerts.domain.retry import Failure
from heartbeet.lib.addresses import literal
from heartbeet.lib.deadline import Deadline

CONNECT_TIMEOUT_SEC = 5.0
TOTAL_TIMEOUT_SEC = 20.0

MARKS = {MessageType.OPENED: "DOWN", MessageType.ESCALATED: "STILL DOWN", MessageType.RESOLVED: "RECOVERED"}

_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?")


@dataclass(frozen=True, slots=True)
class MailAddress(Field):
    """One address."""

    max_length: int = 254

    def clean(self, value: str) -> str:
        text = Field.clean(self, value)
        if not _ADDRESS.fullmatch(text) or ".." in text:
            raise BadConfig(self.name, "Give one e-mail address like name@example.com.")
        return text


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


class Email(Channel):
    """Text with a simple HTML form, one address."""

    kind = "email"
    label = "E-mail"
    fields = (MailAddress("to", "e-mail address", hint="ops@example.com"),)

    def send(self, message: Message, delivery_id: str, *, now: datetime) -> Receipt:
        mail = compose(message, to=self.config["to"], delivery_id=delivery_id, now=now)
        if not settings.HEARTBEET_SMTP_URL and settings.HEARTBEET_EMBEDDED:
            return _print(mail)
        try:
            return _send(parse_relay(settings.HEARTBEET_SMTP_URL), mail)
        except BadRelay as error:
            return failed(str(error))


def compose(message: Message, *, to: str, delivery_id: str, now: datetime) -> EmailMessage:
    """The mail. Its Message-ID is the delivery's id, so a mail sent twice can be told; one incident is one thread."""
    name, sender = parseaddr(settings.HEARTBEET_MAIL_FROM)
    domain = sender.partition("@")[2] or "localhost"
    mark = MARKS.get(message.type)
    mail = EmailMessage()
    mail["Subject"] = words.one_line(f"{mark}: {message.monitor.name}" if mark else message.headline, 200)
    mail["From"] = Address(display_name=name, addr_spec=sender)
    mail["To"] = Address(addr_spec=to)
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = f"<{delivery_id}@{domain}>"
    mail["References"] = f"<incident-{message.incident.id}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(as_text(message))
    mail.add_alternative(as_html(message), subtype="html")
    return mail


def as_text(message: Message) -> str:
    """The plain text."""
    facts = "\n".join(f"{name}: {fact}" for name, fact in message.facts)
    return f"{message.summary}\n\n{facts}\n\n{message.incident.url}\n"


def as_html(message: Message) -> str:
    """The same as HTML: no image, nothing to load."""
    rows = "".join(
        f'<tr><td style="padding:2px 16px 2px 0;color:#666">{escape(name)}</td><td>{escape(fact)}</td></tr>'
        for name, fact in message.facts
    )
    return (
        '<div style="font-family:system-ui,sans-serif;max-width:560px">'
        f"<h2>{escape(message.headline)}</h2><p>{escape(message.summary)}</p><table>{rows}</table>"
        f'<p><a href="{escape(message.incident.url)}">Open in Heartbeet</a></p></div>'
    )


def _send(relay: Relay, mail: EmailMessage) -> Receipt:
    with Deadline(TOTAL_TIMEOUT_SEC) as deadline:
        try:
            return _converse(relay, mail, deadline)
        except smtplib.SMTPRecipientsRefused as error:
            code, text = next(iter(error.recipients.values()))
            return _refused(code, text)
        except smtplib.SMTPDataError as error:
            return _refused(error.smtp_code, error.smtp_error)
        except smtplib.SMTPResponseException as error:
            return failed(_answer(error.smtp_code, error.smtp_error))  # log-in or sender: ours to mend, so keep trying
        except ssl.SSLError as error:
            return failed(f"The TLS connection to the mail server failed: {error.reason or 'handshake failed'}.")
        except (smtplib.SMTPException, OSError) as error:
            return failed(_trouble(error, relay, deadline))


def _converse(relay: Relay, mail: EmailMessage, deadline: Deadline) -> Receipt:
    connection = _Connection(relay, deadline, own_name=str(mail["From"].addresses[0].domain))
    try:
        connection.connect(relay.host, relay.port)
        connection.ehlo_or_helo_if_needed()
        if not relay.is_tls and not relay.is_this_machine and connection.has_extn("starttls"):
            connection.starttls(context=ssl.create_default_context())
            connection.ehlo()
        elif relay.user and not relay.is_tls and not relay.is_this_machine:
            return failed("The mail server offers no TLS; the password is not sent in clear text.")
        if relay.user:
            connection.login(relay.user, relay.password)
        connection.send_message(mail)
        with contextlib.suppress(smtplib.SMTPException, OSError):
            connection.quit()  # the mail is accepted by now, whatever comes of the good-bye
        return Receipt(is_ok=True, status_code=250)
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


def _refused(code: int, text: bytes | str) -> Receipt:
    failure = Failure.PERMANENT if 500 <= code < 600 else Failure.TRANSIENT
    refused = failed(_answer(code, text), failure)
    return Receipt(is_ok=False, error=refused.error, failure=failure, status_code=code)


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


def _print(mail: EmailMessage) -> Receipt:
    """Show the mail where Heartbeet runs: a first try of it needs no mail server."""
    body = mail.get_body(("plain",))
    text = str(body.get_content()) if body else ""
    sys.stdout.write(f"--- e-mail to {mail['To']}\nSubject: {mail['Subject']}\n\n{text}---\n")
    sys.stdout.flush()
    return Receipt(is_ok=True, excerpt="Written to the console: HEARTBEET_SMTP_URL is not set.")

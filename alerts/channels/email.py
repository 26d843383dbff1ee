"""E-mail, through the SMTP server of HEARTBEET_SMTP_URL, or to the console while there is none."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr

from django.conf import settings

from alerts.channels.base import BadConfig, Channel, Field, Receipt, failed
from alerts.domain import letter, words
from alerts.domain.message import Message, MessageType, Telling
from alerts.domain.retry import Failure
from heartbeet.lib import smtp

MARKS = {
    MessageType.OPENED: "DOWN",
    MessageType.ESCALATED: "WORSE",
    MessageType.REMINDER: "STILL DOWN",
    MessageType.RESOLVED: "RECOVERED",
}
LOW_MARKS = MARKS | {MessageType.OPENED: "LOW", MessageType.REMINDER: "STILL LOW"}
"""Of a stream that is low, and not down."""

FOLLOWING = {*MARKS, MessageType.ACKNOWLEDGED} - {MessageType.OPENED}

QUIET = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}
"""What keeps vacation responders quiet: RFC 3834, and Exchange's own. Not `Precedence` or `List-Id`: an alert is no
bulk mail, and should not be filed like one."""

_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?")


@dataclass(frozen=True, slots=True)
class MailAddress(Field):
    """One address."""

    max_length: int = 254

    def clean(self, value: str) -> str:
        text = Field.clean(self, value)
        if text.count("@") > 1 and any(sign in text for sign in ",; "):
            raise BadConfig(self.name, "Give one e-mail address; each further one is a channel of its own.")
        if "<" in text:
            raise BadConfig(self.name, "Give the e-mail address alone, without a name and without < and >.")
        if not text.isascii():
            raise BadConfig(self.name, _in_ascii(text))
        if not _ADDRESS.fullmatch(text) or ".." in text:
            raise BadConfig(self.name, "Give one e-mail address like name@example.com.")
        return text


def _in_ascii(text: str) -> str:
    """What to write instead of an internationalised address: few mail servers take one, but each domain has a form."""
    local, _, domain = text.partition("@")
    try:
        spelled = domain.encode("idna").decode()
    except UnicodeError:
        spelled = ""
    if local.isascii() and spelled:
        return f"Give the domain as mail servers know it: {local}@{spelled}."
    return "Give an address of plain letters, like name@example.com: few mail servers take others."


class Email(Channel):
    """One address; plain text and HTML, one thread for each incident."""

    kind = "email"
    label = "E-mail"
    fields = (MailAddress("to", "e-mail address", hint="ops@example.com"),)

    @classmethod
    def host(cls, config: Mapping[str, str]) -> str:
        return "smtp"  # one server for all mails, whoever gets them

    def send(self, message: Telling, delivery_id: str, *, now: datetime) -> Receipt:
        try:
            mail = compose(message, to=self.config["to"], delivery_id=delivery_id, now=now)
        except ValueError as error:
            return failed(str(error), Failure.OURS)
        if smtp.prints():
            smtp.print_out(mail)
            return Receipt(is_ok=True, excerpt="Written to the console: HEARTBEET_SMTP_URL is not set.")
        try:
            smtp.send(mail)
        except smtp.NotSent as error:
            refused = failed(str(error), Failure.PERMANENT if error.is_permanent else Failure.TRANSIENT)
            return replace(refused, status_code=error.status_code)
        return Receipt(is_ok=True, status_code=250)


def compose(message: Telling, *, to: str, delivery_id: str, now: datetime) -> EmailMessage:
    """The mail. Its Message-ID is the delivery's id, so a mail sent twice can be told. One incident is one thread, and
    that begins at an id which no mail has: the mail about the beginning may be the one that was never delivered.

    Raises ValueError if HEARTBEET_MAIL_FROM is no address.
    """
    name, sender = parseaddr(settings.HEARTBEET_MAIL_FROM)
    if not _ADDRESS.fullmatch(sender):
        raise ValueError("HEARTBEET_MAIL_FROM is not an address that a mail can come from.")
    domain = sender.partition("@")[2]
    mail = EmailMessage()
    mail["Subject"] = _subject(message)
    mail["From"] = Address(display_name=name, addr_spec=sender)
    mail["To"] = Address(addr_spec=to)
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = f"<{delivery_id}@{domain}>"
    thread = f"<{message.thread}@{domain}>"
    mail["References"] = thread
    if message.type in FOLLOWING:
        mail["In-Reply-To"] = thread
    for header, value in QUIET.items():
        mail[header] = value
    mail.set_content(letter.as_text(message))
    mail.add_alternative(letter.as_html(message), subtype="html")
    return mail


def _subject(message: Telling) -> str:
    if isinstance(message, Message) and message.type in MARKS:
        marks = LOW_MARKS if message.incident.is_low else MARKS
        return words.one_line(f"{marks[message.type]}: {message.monitor.name}", letter.SUBJECT)
    return words.one_line(message.headline, letter.SUBJECT)

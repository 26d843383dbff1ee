"""E-mail, through the SMTP server of HEARTBEET_SMTP_URL, or to the console while there is none."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from html import escape

from django.conf import settings

from alerts.channels.base import BadConfig, Channel, Field, Receipt, failed
from alerts.domain import words
from alerts.domain.message import Message, MessageType, Telling
from alerts.domain.retry import Failure
from heartbeet.lib import smtp

MARKS = {
    MessageType.OPENED: "DOWN",
    MessageType.ESCALATED: "WORSE",
    MessageType.REMINDER: "STILL DOWN",
    MessageType.RESOLVED: "RECOVERED",
}

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


class Email(Channel):
    """Text with a simple HTML form, one address."""

    kind = "email"
    label = "E-mail"
    fields = (MailAddress("to", "e-mail address", hint="ops@example.com"),)

    @classmethod
    def host(cls, config: Mapping[str, str]) -> str:
        return "smtp"  # one server for all mails, whoever gets them

    def send(self, message: Telling, delivery_id: str, *, now: datetime) -> Receipt:
        mail = compose(message, to=self.config["to"], delivery_id=delivery_id, now=now)
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
    """The mail. Its Message-ID is the delivery's id, so a mail sent twice can be told; one incident is one thread."""
    name, sender = parseaddr(settings.HEARTBEET_MAIL_FROM)
    domain = sender.partition("@")[2] or "localhost"
    mark = MARKS.get(message.type)
    mail = EmailMessage()
    about = f"{mark}: {message.monitor.name}" if mark and isinstance(message, Message) else message.headline
    mail["Subject"] = words.one_line(about, 200)
    mail["From"] = Address(display_name=name, addr_spec=sender)
    mail["To"] = Address(addr_spec=to)
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = f"<{delivery_id}@{domain}>"
    mail["References"] = f"<{message.thread}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(as_text(message))
    mail.add_alternative(as_html(message), subtype="html")
    return mail


def as_text(message: Telling) -> str:
    """The plain text."""
    facts = "\n".join(f"{name}: {fact}" for name, fact in message.facts)
    return f"{message.summary}\n\n{facts}\n\n{message.url}\n"


def as_html(message: Telling) -> str:
    """The same as HTML: no image, nothing to load."""
    rows = "".join(
        f'<tr><td style="padding:2px 16px 2px 0;color:#666">{escape(name)}</td><td>{escape(fact)}</td></tr>'
        for name, fact in message.facts
    )
    return (
        '<div style="font-family:system-ui,sans-serif;max-width:560px">'
        f"<h2>{escape(message.headline)}</h2><p>{escape(message.summary)}</p><table>{rows}</table>"
        f'<p><a href="{escape(message.url)}">Open in Heartbeet</a></p></div>'
    )

"""E-mails of accounts: confirm an address, set a new password, an invitation. They are rows first.

`Outbox` is Django's EMAIL_BACKEND. What is sent through it becomes a sealed row in the transaction that calls for it,
so that no page waits for a mail server, and none tells by its time whether a letter was written. `send_due` is a
worker's: it claims a letter with a lease, hands it over and tries again for a day.
"""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr

import structlog
from django.conf import settings
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import F, Q, QuerySet

from accounts.models import Letter
from heartbeet.lib import clock, crypto, smtp

log = structlog.get_logger(__name__)

LEASE = timedelta(minutes=1)
"""Longer than handing over may take, so that it runs out only when its sender is gone."""
TRIED_FOR = timedelta(days=1)
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=5), timedelta(hours=1)
STUCK_AFTER = timedelta(minutes=10)


class Outbox(BaseEmailBackend):
    """Django's interface of a mail server. Our letters are plain text to one address."""

    def send_messages(self, email_messages: Sequence[mail.EmailMessage]) -> int:
        letters = [(to, message) for message in email_messages for to in message.recipients()]
        for to, message in letters:
            write(to=to, subject=str(message.subject), text=str(message.body), now=clock.now())
        return len(email_messages)


def write(*, to: str, subject: str, text: str, now: datetime) -> Letter:
    """Put a letter into the outbox; it goes when the caller's transaction is committed."""
    letter = Letter(created_at=now, next_try_at=now)
    # A subject may quote what somebody calls a thing of theirs, and a header is one line.
    content = json.dumps({"to": to, "subject": " ".join(subject.split()), "text": text})
    letter.envelope = crypto.seal(content, bound_to=binding(letter))
    letter.save(force_insert=True)
    return letter


def binding(letter: Letter) -> str:
    """What a letter's envelope is bound to."""
    return f"letter:{letter.uid}"


def send_due(*, now: datetime) -> int:
    """Send what is due, one after the other, and stop when the mail server has trouble. Returns how many went."""
    sent = 0
    while letter := _claim(now):
        if not _hand_over(letter, now):
            break
        sent += 1
    return sent


def is_stuck(now: datetime) -> bool:
    """Whether letters have been waiting for a while, and none went since: that is the mail server, not an address."""
    waiting = Letter.objects.filter(sent_at=None, next_try_at__isnull=False, created_at__lt=now - STUCK_AFTER)
    oldest = waiting.order_by("created_at").first()
    return oldest is not None and not Letter.objects.filter(sent_at__gt=oldest.created_at).exists()


def finished(before: datetime) -> QuerySet[Letter]:
    """The letters of before then that have gone, or were given up."""
    return Letter.objects.filter(next_try_at=None, created_at__lt=before)


def _claim(now: datetime) -> Letter | None:
    """The next letter, for as long as the lease. It looks before it locks: SQLite has one writer."""
    due = Letter.objects.filter(next_try_at__lte=now).order_by("next_try_at")
    if not due.exists():
        return None
    with transaction.atomic():
        letter = due.select_for_update(skip_locked=True).first()
        if letter:
            Letter.objects.filter(id=letter.id).update(next_try_at=now + LEASE, tries=F("tries") + 1)
            letter.refresh_from_db()
    return letter


def _hand_over(letter: Letter, now: datetime) -> bool:
    """Send a claimed letter and record what came of it. False if the mail server, not this letter, is to blame."""
    try:
        message = _compose(letter)
        smtp.print_out(message) if smtp.prints() else smtp.send(message)
    except crypto.CannotOpen as error:
        _end(letter, now, error=str(error))
    except (ValueError, MessageError) as error:  # it would be no mail, now or later
        _end(letter, now, error=f"This cannot be written as a mail: {type(error).__name__}.")
    except smtp.NotSent as error:
        if not error.is_permanent and now - letter.created_at < TRIED_FOR:
            _put_off(letter, now, error=str(error))
            return False
        _end(letter, now, error=str(error))
    else:
        _end(letter, now)
    return True


def _compose(letter: Letter) -> EmailMessage:
    """The mail. Its Message-ID stays the same over all tries, so that one that came twice can be told."""
    content = json.loads(crypto.unseal(letter.envelope, bound_to=binding(letter)))
    name, sender = parseaddr(settings.HEARTBEET_MAIL_FROM)
    message = EmailMessage()
    message["Subject"] = content["subject"]
    message["From"] = Address(display_name=name, addr_spec=sender)
    message["To"] = Address(addr_spec=content["to"])
    message["Date"] = format_datetime(letter.created_at)
    message["Message-ID"] = f"<{letter.uid}@{sender.partition('@')[2] or 'localhost'}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(content["text"])
    return message


def _put_off(letter: Letter, now: datetime, *, error: str) -> None:
    pause = min(FIRST_PAUSE * 2 ** min(letter.tries - 1, 16), LONGEST_PAUSE)
    _mine(letter).update(next_try_at=now + pause, last_error=error[:500])


def _end(letter: Letter, now: datetime, *, error: str = "") -> None:
    """The letter has gone, or is given up; its link is not kept."""
    sent_at = None if error else now
    _mine(letter).update(next_try_at=None, sent_at=sent_at, envelope="", last_error=error[:500])
    if error:
        log.error("letter.given_up", uid=str(letter.uid), tries=letter.tries, error=error)


def _mine(letter: Letter) -> QuerySet[Letter]:
    """The row, unless its lease ran out and another one has it now."""
    return Letter.objects.filter(Q(next_try_at=letter.next_try_at), id=letter.id)

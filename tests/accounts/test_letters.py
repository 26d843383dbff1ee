"""E-mails of accounts on their way: written with the change that calls for them, sent by a worker."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import transaction

from accounts import letters
from accounts.models import Letter
from heartbeet import prune
from tests import servers
from tests.factories import NOON
from tests.receivers import SMTPReceiver

pytestmark = pytest.mark.django_db


@pytest.fixture
def server(smtp_server: SMTPReceiver, settings: Any) -> SMTPReceiver:
    settings.HEARTBEET_SMTP_URL = smtp_server.url
    settings.HEARTBEET_MAIL_FROM = "Heartbeet <post@heartbeet.example>"
    return smtp_server


def write(text: str = "Open https://heartbeet.example/secret-link") -> Letter:
    return letters.write(to="ada@example.com", subject="Grüße", text=text, now=NOON)


def test_what_django_sends_is_written_down_in_the_transaction(settings: Any) -> None:
    settings.EMAIL_BACKEND = "accounts.letters.Outbox"

    with transaction.atomic():
        mail.EmailMessage("Hello", "text", to=["ada@example.com", "bob@example.com"]).send()
        written = Letter.objects.count()
        transaction.set_rollback(True)

    assert (written, Letter.objects.count()) == (2, 0)


def test_a_letter_arrives_as_it_was_written(server: SMTPReceiver) -> None:
    letter = write()

    sent = letters.send_due(now=NOON)

    (arrived,) = server.wait_for(1)
    assert sent == 1
    assert arrived.recipients == ["ada@example.com"]
    assert (arrived.message["Subject"], arrived.message["From"]) == ("Grüße", "Heartbeet <post@heartbeet.example>")
    assert arrived.message["Message-ID"] == f"<{letter.uid}@heartbeet.example>"
    assert "secret-link" in arrived.message.get_content()


def test_a_subject_is_one_line(server: SMTPReceiver) -> None:
    letters.write(to="ada@example.com", subject="The passkey “a\r\nBcc: eve@example.com” was added", text="", now=NOON)

    letters.send_due(now=NOON)

    (arrived,) = server.wait_for(1)
    assert arrived.recipients == ["ada@example.com"]
    assert arrived.message["Bcc"] is None


def test_a_letter_that_cannot_be_a_mail_is_given_up_and_the_next_one_goes(server: SMTPReceiver) -> None:
    bad = letters.write(to="ada@example.com\r\nBcc: eve@example.com", subject="Hello", text="", now=NOON)
    write()

    sent = letters.send_due(now=NOON + timedelta(seconds=1))

    bad.refresh_from_db()
    (arrived,) = server.wait_for(1)
    assert (sent, arrived.recipients, bad.next_try_at) == (2, ["ada@example.com"], None)


def test_the_link_is_sealed_while_it_waits_and_gone_when_it_has_arrived(server: SMTPReceiver) -> None:
    letter = write()
    waiting = letter.envelope

    letters.send_due(now=NOON)

    letter.refresh_from_db()
    assert "secret-link" not in waiting
    assert (letter.envelope, letter.sent_at, letter.next_try_at) == ("", NOON, None)


def test_a_letter_goes_once(server: SMTPReceiver) -> None:
    write()

    sent = [letters.send_due(now=NOON) for _ in range(2)]

    assert sent == [1, 0]
    assert len(server.mails) == 1


def test_while_the_mail_server_is_away_letters_wait_and_say_why(settings: Any) -> None:
    settings.HEARTBEET_SMTP_URL = f"smtp://127.0.0.1:{servers.free_port()}"
    first, second = write(), write()

    letters.send_due(now=NOON)

    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.tries, first.next_try_at) == (1, NOON + timedelta(seconds=5))
    assert "Connection refused" in first.last_error
    assert second.tries == 0, "the server is to blame, so nobody else is tried at once"


def test_the_pauses_grow_to_an_hour_and_after_a_day_it_is_given_up(settings: Any) -> None:
    settings.HEARTBEET_SMTP_URL = f"smtp://127.0.0.1:{servers.free_port()}"
    letter = write()
    pauses = []
    while letter.next_try_at:
        at = letter.next_try_at
        letters.send_due(now=at)
        letter.refresh_from_db()
        pauses.append(letter.next_try_at - at if letter.next_try_at else None)

    assert pauses[:3] == [timedelta(seconds=5), timedelta(seconds=10), timedelta(seconds=20)]
    assert max(pause for pause in pauses if pause) == timedelta(hours=1)
    assert (letter.sent_at, letter.envelope) == (None, "")
    assert 30 < letter.tries < 40


def test_an_address_that_is_refused_for_good_is_given_up_and_holds_nobody_up(server: SMTPReceiver) -> None:
    refused = write()
    server.refuse("550 no such user")

    letters.send_due(now=NOON)

    refused.refresh_from_db()
    assert (refused.next_try_at, refused.sent_at) == (None, None)
    assert "550 no such user" in refused.last_error
    assert not letters.is_stuck(NOON + timedelta(hours=1))


def test_a_sender_that_died_is_followed_by_another_after_its_lease(server: SMTPReceiver) -> None:
    letter = write()
    letters._claim(NOON)

    meanwhile, later = letters.send_due(now=NOON), letters.send_due(now=NOON + letters.LEASE)

    letter.refresh_from_db()
    assert (meanwhile, later, letter.tries) == (0, 1, 2)


def test_without_a_mail_server_the_letter_is_printed_where_heartbeet_runs(
    settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.HEARTBEET_SMTP_URL, settings.HEARTBEET_EMBEDDED = "", True
    write()

    letters.send_due(now=NOON)

    assert "secret-link" in capsys.readouterr().out


def test_a_letter_that_no_key_opens_is_given_up(server: SMTPReceiver, settings: Any) -> None:
    letter = write()
    settings.HEARTBEET_ENCRYPTION_KEYS = "other:" + "A" * 43 + "="

    letters.send_due(now=NOON)

    letter.refresh_from_db()
    assert letter.next_try_at is None


def test_letters_are_stuck_when_one_waits_for_long_and_none_went_since() -> None:
    write()

    stuck = [letters.is_stuck(NOON + timedelta(minutes=minutes)) for minutes in (9, 11)]

    assert stuck == [False, True]


def test_letters_that_went_are_cleared_after_a_week(server: SMTPReceiver) -> None:
    write()
    letters.send_due(now=NOON)

    gone = [prune.run(now=NOON + timedelta(days=days))["letters"] for days in (6, 8)]

    assert gone == [0, 1]

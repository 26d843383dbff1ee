"""Sessions of browsers: hashed, sealed, and gone when they are revoked."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.backends.base import UpdateError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import sessions
from accounts.models import BrowserSession, Membership
from heartbeet import prune
from heartbeet.lib import clock

pytestmark = pytest.mark.django_db


def kept(**data: Any) -> sessions.SessionStore:
    session = sessions.SessionStore(ip="192.0.2.7", user_agent="Firefox")
    session.update(data)
    session.create()
    return session


def reopened(session: sessions.SessionStore) -> sessions.SessionStore:
    return sessions.SessionStore(session.session_key)


def test_what_is_kept_comes_back() -> None:
    session = kept(basket="beets")

    assert reopened(session)["basket"] == "beets"


def test_a_row_holds_neither_the_key_nor_the_data() -> None:
    session = kept(basket="beets")

    row = BrowserSession.objects.values().get()

    assert row["digest"] == sessions.digest_of(session.session_key or "")
    assert str(session.session_key) not in str(row)
    assert "beets" not in str(row)


def test_a_row_copied_to_another_key_does_not_open() -> None:
    session, other = kept(basket="beets"), kept(basket="carrots")
    row = BrowserSession.objects.get(digest=session.digest)

    BrowserSession.objects.filter(digest=other.digest).update(envelope=row.envelope)

    assert dict(reopened(other).items()) == {}


def test_a_session_that_no_key_opens_is_no_session(alice: Membership, settings: Any) -> None:
    browser = Client()
    browser.force_login(alice.user)
    settings.HEARTBEET_ENCRYPTION_KEYS = "other:" + "A" * 43 + "="

    answer = browser.get("/account/profile")

    assert answer["Location"] == "/sign-in?next=/account/profile"


def test_it_is_gone_after_its_time() -> None:
    session = kept(basket="beets")

    BrowserSession.objects.update(expires_at=clock.now())

    assert dict(reopened(session).items()) == {}
    assert prune.run(now=clock.now() + timedelta(seconds=1))["sessions"] == 1


def test_what_was_revoked_does_not_come_back_by_a_request_under_way() -> None:
    session = kept(basket="beets")
    under_way = reopened(session)
    under_way["basket"] = "carrots"
    BrowserSession.objects.all().delete()

    with pytest.raises(UpdateError):
        under_way.save()

    assert not BrowserSession.objects.exists()


def test_signing_in_changes_the_key(alice: Membership) -> None:
    browser = Client()
    session = browser.session
    session["basket"] = "beets"
    session.save()
    before = browser.cookies["sessionid"].value

    browser.post("/sign-in", {"login": alice.user.email, "password": "correct horse battery"})

    after = browser.cookies["sessionid"].value
    assert after != before
    assert not sessions.SessionStore().exists(before)
    assert BrowserSession.objects.get().user == alice.user


def test_a_page_costs_one_read_of_the_session_and_no_write(alice: Membership) -> None:
    browser = Client()
    browser.force_login(alice.user)

    with CaptureQueriesContext(connection) as asked:
        browser.get("/account/security")

    statements = [query["sql"] for query in asked.captured_queries]
    assert len([sql for sql in statements if BrowserSession._meta.db_table in sql]) == 1
    assert all(sql.startswith("SELECT") for sql in statements)


def test_when_one_was_seen_is_noted_once_a_minute(alice: Membership) -> None:
    browser = Client()
    browser.force_login(alice.user)
    long_ago = clock.now() - timedelta(minutes=5)
    BrowserSession.objects.update(seen_at=long_ago)

    browser.get("/account/security", REMOTE_ADDR="192.0.2.9", headers={"user-agent": "Firefox"})

    row = BrowserSession.objects.get()
    assert row.seen_at > long_ago
    assert (row.ip, row.user_agent) == ("192.0.2.9", "Firefox")


def test_a_stranger_without_anything_to_keep_gets_no_session(client: Client, db: None) -> None:
    client.get("/sign-in")

    assert not BrowserSession.objects.exists()

"""The feed of incidents as a reader gets it: valid Atom for whoever has the key, and nothing for anybody else."""

import io
import logging
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
from django.conf import settings
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.domain.actor import SYSTEM
from accounts.models import Membership, Organization
from accounts.operations import actor_of
from heartbeet.lib import clock, logs
from monitors import feeds, operations
from monitors.models import Incident, Monitor
from tests import factories

ATOM = "{http://www.w3.org/2005/Atom}"

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader() -> Client:
    return Client(enforce_csrf_checks=True)


@pytest.fixture
def url(acme: Organization) -> str:
    return f"/feed/{feeds.switch_on(organization=acme, by=SYSTEM, now=factories.NOON)}.atom"


def _read(answer: Any) -> ElementTree.Element:
    assert answer.status_code == 200
    return ElementTree.fromstring(answer.content)


def _text(element: ElementTree.Element, name: str) -> str:
    [found] = element.findall(f"{ATOM}{name}")
    return found.text or ""


def _entries(reader: Client, url: str) -> list[ElementTree.Element]:
    return _read(reader.get(url)).findall(f"{ATOM}entry")


def test_it_is_valid_atom(reader: Client, url: str, acme: Organization) -> None:
    for number in range(3):
        factories.incident(factories.monitor(acme), resolved=number == 1)

    answer = reader.get(url)

    root = _read(answer)
    entries = root.findall(f"{ATOM}entry")
    assert answer["Content-Type"] == "application/atom+xml; charset=utf-8"
    assert root.tag == f"{ATOM}feed"
    assert (_text(root, "title"), _text(root.findall(f"{ATOM}author")[0], "name")) == ("Incidents of Acme", "Heartbeet")
    ids = [_text(each, "id") for each in (root, *entries)]
    assert len(set(ids)) == 4
    assert all(each.startswith("urn:uuid:") for each in ids)
    for each in (root, *entries):
        assert datetime.fromisoformat(_text(each, "updated")).utcoffset() == timedelta(0)  # RFC 3339
        assert _text(each, "title")
    for each in entries:
        assert datetime.fromisoformat(_text(each, "published")) <= datetime.fromisoformat(_text(each, "updated"))
    assert _text(root, "updated") == _text(entries[0], "updated")


def test_an_entry_leads_to_its_incident_in_its_organisation(reader: Client, url: str, incident: Incident) -> None:
    [entry] = _entries(reader, url)

    link = entry.findall(f"{ATOM}link")[0].attrib
    home = incident.monitor.organization.home
    assert link == {"href": f"{settings.HEARTBEET_SITE_URL}{home}incidents/{incident.id}", "rel": "alternate"}


def test_an_entry_keeps_its_id_and_tells_how_it_went_on(
    reader: Client, url: str, incident: Incident, alice: Membership
) -> None:
    start, seen = incident.opened_at, []
    seen += _entries(reader, url)
    operations.acknowledge(incident=incident, by=actor_of(alice), now=start + timedelta(minutes=7))
    seen += _entries(reader, url)
    operations.resolve(incident=incident, by=actor_of(alice), now=start + timedelta(minutes=12))
    seen += _entries(reader, url)

    assert len({_text(each, "id") for each in seen}) == 1
    assert [_text(each, "title") for each in seen] == [
        f"{word}: nightly backup missed its ping" for word in ("Open", "Acknowledged", "Resolved")
    ]
    assert [_text(each, "updated") for each in seen] == [
        (start + timedelta(minutes=minutes)).isoformat() for minutes in (0, 7, 12)
    ]
    since = f"{start:%a %-d %b %Y, %H:%M:%S} UTC"
    assert [_text(each, "summary") for each in seen] == [
        f"A ping did not come ({since}), it goes on, and nobody has acknowledged it.",
        f"A ping did not come ({since}), it goes on, and it was acknowledged by {alice.user.email}.",
        f"A ping did not come ({since}), and it was over after 12 minutes: resolved by hand.",
    ]


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "a & b ]]> \"'", "تقرير", "\U0001f4be 备份", "W" * 255, "a\ufffeb\u202ec"]
)
def test_a_name_that_means_harm_does_none(reader: Client, url: str, acme: Organization, name: str) -> None:
    factories.incident(factories.monitor(acme, name=name))

    answer = reader.get(url)

    shown = name.replace("\ufffe", " ").replace("\u202e", " ")
    assert [_text(each, "title") for each in _read(answer).findall(f"{ATOM}entry")] == [
        f"Open: {shown} missed its ping"
    ]
    assert b"<script" not in answer.content


def test_a_summary_is_html_in_which_nothing_is_markup(
    reader: Client, url: str, incident: Incident, alice: Membership
) -> None:
    alice.user.email = "<b>&@example.com"
    alice.user.save()
    operations.acknowledge(incident=incident, by=actor_of(alice), now=clock.now())

    [entry] = _entries(reader, url)

    summary = entry.findall(f"{ATOM}summary")[0]
    assert summary.attrib == {"type": "html"}
    assert "by &lt;b&gt;&amp;@example.com." in (summary.text or "")


def test_an_empty_feed_has_changed_when_it_was_made(reader: Client, url: str) -> None:
    root = _read(reader.get(url))

    assert root.findall(f"{ATOM}entry") == []
    assert _text(root, "updated") == factories.NOON.isoformat()


def test_incidents_of_deleted_monitors_stay(
    reader: Client, url: str, incident: Incident, alices_monitor: Monitor
) -> None:
    operations.delete(monitor=alices_monitor, by=SYSTEM, now=clock.now())

    [entry] = _entries(reader, url)

    assert "the monitor was deleted" in _text(entry, "summary")


def test_the_key_is_in_no_answer(reader: Client, url: str, incident: Incident) -> None:
    """Whoever passes an entry on would pass it on."""
    answer = reader.get(url)

    assert url[6:49] not in answer.content.decode() + str(answer.headers)


@pytest.mark.parametrize("key", ["x", "A" * 43, "%00", "é", "A" * 5000])
def test_a_wrong_key_is_as_good_as_none(reader: Client, url: str, acme: Organization, key: str) -> None:
    feed = feeds.of(acme)
    assert feed
    feeds.replace(feed=feed, by=SYSTEM, now=clock.now())

    wrong, old = reader.get(f"/feed/{key}.atom"), reader.get(url)

    assert (wrong.status_code, wrong.content) == (old.status_code, old.content)
    assert dict(wrong.items()) == dict(old.items())
    assert wrong.status_code == 404
    assert not wrong.cookies


def test_what_is_unchanged_is_not_sent_again(
    reader: Client, url: str, incident: Incident, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    first = reader.get(url)

    with django_assert_num_queries(3):  # the feed by its key, its incidents, when they changed
        second = reader.get(url, headers={"if-none-match": f'"other", W/{first["ETag"]}'})
    any_other = reader.get(url, headers={"if-none-match": '"other"'})

    assert (second.status_code, second.content) == (304, b"")
    assert {name: second[name] for name in ("ETag", "Cache-Control")} == {
        "ETag": first["ETag"], "Cache-Control": "private, max-age=60",
    }  # fmt: skip
    assert any_other.status_code == 200


def test_whatever_changes_is_sent(reader: Client, url: str, acme: Organization, alice: Membership) -> None:
    tags = [reader.get(url)["ETag"]]

    incident = factories.incident(factories.monitor(acme))
    tags.append(reader.get(url)["ETag"])
    operations.acknowledge(incident=incident, by=actor_of(alice), now=clock.now())
    tags.append(reader.get(url)["ETag"])
    incident.events.create(seq=9, kind="resolved", at=incident.opened_at, created_at=datetime.now(UTC))
    Incident.objects.update(resolved_at=incident.opened_at, resolution="late_evidence")
    tags.append(reader.get(url)["ETag"])
    Organization.objects.filter(id=acme.id).update(name="Acme Ltd")
    tags.append(reader.get(url)["ETag"])

    assert len(set(tags)) == 5


def test_it_is_private_and_inert_and_needs_no_session(
    reader: Client, owner: Client, url: str, incident: Incident, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for browser in (reader, owner):
        with django_assert_num_queries(3):
            answer = browser.get(url)

        assert answer["Cache-Control"] == "private, max-age=60"
        assert answer["Content-Security-Policy"].startswith("default-src 'none'; ")
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert "Access-Control-Allow-Origin" not in answer
        assert not answer.cookies
        assert "Cookie" not in answer.get("Vary", "")


def test_it_has_no_place_in_an_organisation(owner: Client, url: str, acme: Organization) -> None:
    assert owner.get(f"{acme.home.removesuffix('/')}{url}").status_code == 404


@pytest.mark.parametrize("method", ["post", "put", "delete", "options"])
def test_it_can_only_be_read(reader: Client, url: str, method: str) -> None:
    assert getattr(reader, method)(url).status_code == 405


def test_a_mistake_of_ours_does_not_write_the_key_into_the_log(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.StringIO()
    [ours] = [each for each in logging.getLogger().handlers if isinstance(each.formatter, logs.RedactingFormatter)]
    monkeypatch.setattr(ours, "stream", written)
    monkeypatch.setattr("monitors.feeds.latest", lambda feed: 1 / 0)
    browser = Client(raise_request_exception=False)

    answer = browser.get(url)

    assert answer.status_code == 500
    assert "/feed/[redacted]" in written.getvalue()
    assert url[6:49] not in written.getvalue() + answer.content.decode()

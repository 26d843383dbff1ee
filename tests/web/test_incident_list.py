"""The list of incidents: filters in its address, how all of them stand, and rows that say the rest."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts import operations as accounts_operations
from accounts.models import Membership, Organization, Project
from heartbeet import bundle
from monitors import operations
from monitors.models import Incident, Monitor
from monitors.web import incidents
from tests import factories

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
HTMX = {"HX-Request": "true"}


def opened(monitor: Monitor, *, ago: timedelta = timedelta(minutes=5), **given: Any) -> Incident:
    """An incident; `lasted` is how long, without it it is open."""
    lasted = given.pop("lasted", None)
    incident = factories.incident(monitor, ago=ago, resolved=lasted is not None)
    end = {"resolved_at": incident.opened_at + lasted} if lasted is not None else {}
    Incident.objects.filter(id=incident.id).update(**end, **given)
    return Incident.objects.get(id=incident.id)


def read(client: Client, query: str = "", **headers: str) -> str:
    return client.get(f"/incidents{query}", headers=headers).content.decode()


def listed(page: str) -> list[int]:
    """The ids of the incidents of a page, in its order."""
    return [int(number) for number in re.findall(r'<tr id="incident-(\d+)">', page)]


@pytest.fixture
def three(acme: Organization, alice: Membership) -> dict[str, Incident]:
    """An incident of each state, each of a monitor of its own."""
    monitors = {name: factories.monitor(acme, name=name) for name in ("cron", "mail", "sync")}
    return {
        "open": opened(monitors["cron"], ago=timedelta(hours=1)),
        "acknowledged": opened(
            monitors["mail"], ago=timedelta(hours=2), acknowledged_at=datetime.now(UTC), acknowledged_by=alice.user
        ),
        "resolved": opened(monitors["sync"], ago=timedelta(hours=3), lasted=timedelta(minutes=30)),
    }


def ids(found: dict[str, Incident], *names: str) -> list[int]:
    return [found[name].id for name in names]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["open", "acknowledged", "resolved"]),
        ("?status=open", ["open", "acknowledged"]),
        ("?status=acknowledged", ["acknowledged"]),
        ("?status=resolved", ["resolved"]),
        ("?q=MAIL", ["acknowledged"]),
        ("?q=missed its ping", ["open", "acknowledged", "resolved"]),
        ("?cause=missed", ["open", "acknowledged", "resolved"]),
        ("?cause=failed", []),
        ("?severity=critical", ["open", "acknowledged", "resolved"]),
        ("?severity=warning", []),
        ("?status=resolved&q=cron", []),
    ],
)
def test_the_list_shows_what_its_address_asks_for(
    owner: Client, three: dict[str, Incident], query: str, names: list[str]
) -> None:
    assert listed(read(owner, query)) == ids(three, *names)


def test_the_list_is_of_a_monitor_a_project_or_a_tag(owner: Client, acme: Organization) -> None:
    payments = Project.objects.create(organization=acme, name="Payments", slug="payments", created_at=factories.NOON)
    backup = factories.monitor(acme, name="backup", tags=["nightly", "db"])
    export = factories.monitor(acme, name="export")
    Monitor.objects.filter(id=export.id).update(project=payments)
    first, second = opened(backup), opened(export, ago=timedelta(hours=1))

    found = {
        query: listed(read(owner, query))
        for query in (
            f"?monitor={backup.id}",
            "?project=payments",
            "?project=default",
            "?tag=db",
            "?tag=night",
            "?tag=D",
        )
    }

    assert list(found.values()) == [[first.id], [second.id], [first.id], [first.id], [], []]


def test_a_day_is_one_of_the_reader_and_means_what_was_open_then(
    owner: Client, alice: Membership, alices_monitor: Monitor
) -> None:
    alice.user.timezone = "Pacific/Auckland"  # 13 hours ahead in January
    alice.user.save()
    incident = opened(alices_monitor, lasted=timedelta(hours=1))
    opened_at = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)  # the 6th in Auckland
    Incident.objects.update(opened_at=opened_at, resolved_at=opened_at + timedelta(days=2))

    found = {
        query: bool(listed(read(owner, query)))
        for query in ("?from=2026-01-06", "?to=2026-01-06", "?to=2026-01-05", "?from=2026-01-08", "?from=2026-01-09")
    }

    assert incident.id
    assert list(found.values()) == [True, True, False, True, False]


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("status=nonsense", "There is no status “nonsense”."),
        ("cause=%3Cb%3E", "There is no cause “&lt;b&gt;”."),
        ("severity=x", "There is no severity “x”."),
        ("from=yesterday", "“yesterday” is no day; write it as 2026-11-23."),
        ("to=2026-02-30", "“2026-02-30” is no day"),
        ("from=0001-01-01", "“0001-01-01” is no day"),
        ("to=9999-12-31", "“9999-12-31” is no day"),
        ("monitor=abc", "“abc” is no number of a monitor."),
        ("monitor=-1", "“-1” is no number of a monitor."),
        ("from=2026-11-24&to=2026-11-23", "The last day is before the first"),
    ],
)
def test_what_cannot_be_is_left_out_with_a_word(
    owner: Client, three: dict[str, Incident], query: str, told: str
) -> None:
    page = read(owner, f"?{query}")

    assert told in page
    assert "left out" in page


@pytest.mark.parametrize(
    "name", ["status", "cause", "severity", "q", "monitor", "project", "tag", "from", "to", "page"]
)
def test_nothing_in_the_address_breaks_the_list(owner: Client, three: dict[str, Incident], name: str) -> None:
    values = ["%00", "a%00b", "9" * 400, "%FF%FE", "-1", "%27%22%3E", "%25", "[]", "x" * 3000, "٣"]

    answers = {
        (value, part): owner.get(f"/incidents?{name}={value}", headers=HTMX if part else {}).status_code
        for value in values
        for part in (True, False)
    }

    assert set(answers.values()) == {200}


def test_the_filters_stay_in_every_link_and_in_the_form(
    owner: Client, alices_monitor: Monitor, monkeypatch: Any
) -> None:
    monkeypatch.setattr("monitors.web.incidents.PAGE_SIZE", 1)
    for hours in (1, 2, 3):
        opened(alices_monitor, ago=timedelta(hours=hours), lasted=timedelta(minutes=1))

    page = read(owner, "?status=resolved&q=backup&cause=missed&from=2020-01-01&page=2")

    [following] = re.findall(r'rel="next" href="([^"]*)"', page)
    assert following == "?status=resolved&amp;q=backup&amp;cause=missed&amp;from=2020-01-01&amp;page=3"
    assert 'href="/incidents?status=open&amp;q=backup&amp;cause=missed&amp;from=2020-01-01"' in page
    assert all(
        text in page
        for text in (
            '<input type="hidden" name="status" value="resolved">',
            'name="q" value="backup"',
            '<option value="missed" selected>',
            'name="from" value="2020-01-01"',
        )
    )


def test_the_list_of_one_monitor_says_so_and_leads_back_to_all(owner: Client, three: dict[str, Incident]) -> None:
    monitor = three["open"].monitor

    page = read(owner, f"?monitor={monitor.id}")

    assert f'Of the monitor “<a href="/monitors/{monitor.id}">cron</a>”' in page
    assert f'name="monitor" value="{monitor.id}"' in page
    assert listed(read(owner, "?monitor=999999")) == []
    assert "Of a monitor that is not here" in read(owner, "?monitor=999999")


def test_a_foreign_monitor_is_as_good_as_none(outsider: Client, three: dict[str, Incident]) -> None:
    factories.incident(factories.monitor(factories.organization()))

    page = read(outsider, f"?monitor={three['open'].monitor_id}")

    assert listed(page) == []
    assert "cron" not in page


def test_a_row_says_all_that_matters(owner: Client, alice: Membership, three: dict[str, Incident]) -> None:
    page = read(owner)

    rows = {name: page.split(f'id="incident-{incident.id}"')[1].split("</tr>")[0] for name, incident in three.items()}
    assert all(
        text in rows["open"] for text in ("Open</span>", "Missed", "1 h so far", "1 h ago", "Default", ">cron</a>")
    )
    assert all(text in rows["acknowledged"] for text in ("Acknowledged</span>", alice.user.email, 'width="100.0%"'))
    assert all(text in rows["resolved"] for text in ("Resolved</span>", ">30 min</span>", 'width="25.0%"'))


def test_who_acknowledged_may_have_left(owner: Client, alices_monitor: Monitor) -> None:
    opened(alices_monitor, acknowledged_at=datetime.now(UTC))

    assert "someone who has left" in read(owner)


def test_the_incidents_of_a_deleted_monitor_stay(owner: Client, alices_monitor: Monitor, incident: Incident) -> None:
    owner.post(f"/monitors/{alices_monitor.id}/delete")

    page = read(owner, f"?monitor={alices_monitor.id}")

    assert listed(page) == [incident.id]
    assert "nightly backup (deleted)" in page
    assert f'href="/monitors/{alices_monitor.id}"' not in page


def test_the_summary_counts_and_says_how_long_it_took_lately(owner: Client, three: dict[str, Incident]) -> None:
    monitor = three["resolved"].monitor
    opened(monitor, ago=2 * DAY, lasted=timedelta(minutes=90))
    opened(monitor, ago=50 * DAY, lasted=timedelta(days=9))

    page = read(owner, "?status=open")

    assert (
        "2 open, 1 of them acknowledged. Of those that opened in the last 30 days 2 are resolved, after 1 h on average."
        in page
    )


def test_the_summary_of_a_quiet_organisation(owner: Client, alices_monitor: Monitor) -> None:
    assert "Nothing is open." not in read(owner)

    opened(alices_monitor, ago=40 * DAY, lasted=timedelta(minutes=1))

    assert "Nothing is open." in read(owner)


def test_severities_are_offered_once_there_are_two(owner: Client, three: dict[str, Incident]) -> None:
    before = read(owner)
    Incident.objects.filter(id=three["open"].id).update(severity="warning")

    after = read(owner)

    assert 'name="severity"' not in before
    assert 'name="severity"' in after
    assert listed(read(owner, "?severity=warning")) == ids(three, "open")


def test_projects_and_tags_are_offered_where_there_is_a_choice(owner: Client, acme: Organization) -> None:
    factories.incident(factories.monitor(acme, tags=["db", "nightly"]))
    before = read(owner)
    Project.objects.create(organization=acme, name="<Payments>", slug="payments", created_at=factories.NOON)

    after = read(owner)

    assert 'name="project"' not in before
    assert '<option value="payments">&lt;Payments&gt;</option>' in after
    assert all(f'<option value="{tag}">{tag}</option>' in after for tag in ("db", "nightly"))


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("?status=open", "No incident is open"),
        ("?status=acknowledged", "None is acknowledged"),
        ("?q=nothing+like+it", "Nothing fits"),
        ("?status=open&cause=overran", "No open incident is like this."),
    ],
)
def test_an_empty_list_says_why(owner: Client, alices_monitor: Monitor, query: str, told: str) -> None:
    opened(alices_monitor, ago=DAY, lasted=timedelta(minutes=1))

    assert told in read(owner, query)


def test_without_incidents_the_list_says_when_one_opens(owner: Client) -> None:
    page = read(owner)

    assert "An incident opens when" in page
    assert 'name="q"' not in page


def test_the_list_takes_a_fixed_number_of_queries(
    owner: Client, acme: Organization, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(20):
        last = opened(factories.monitor(acme, tags=["db"]), ago=number * DAY, lasted=timedelta(minutes=1))

    # session, user, membership, banner, worst state; standing, count, incidents; projects, tags, the monitor
    with django_assert_max_num_queries(5 + 4 + 3):
        owner.get(f"/incidents?q=job&monitor={last.monitor_id}&status=resolved&tag=db&project=default&from=2020-01-01")
    with django_assert_max_num_queries(4 + 4):
        owner.get("/incidents?q=job", headers=HTMX)


def test_a_list_that_shows_what_is_so_is_left_alone(
    owner: Client, alice: Membership, three: dict[str, Incident], django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    [version] = re.findall(r'data-version="([^"]+)"', read(owner))
    known = {**HTMX, "Live-Version": version}

    with django_assert_max_num_queries(3 + 2):  # session, user, membership; standing
        unchanged = owner.get("/incidents", headers=known)
    operations.acknowledge(incident=three["open"], by=accounts_operations.actor_of(alice), now=datetime.now(UTC))
    changed = owner.get("/incidents", headers=known)

    assert (unchanged.status_code, changed.status_code) == (204, 200)
    assert listed(changed.content.decode()) == ids(three, "open", "acknowledged", "resolved")


@pytest.mark.parametrize(("more", "told"), [(False, "1 open, acknowledged."), (True, "2 open, all acknowledged.")])
def test_the_summary_says_when_all_are_taken_care_of(owner: Client, acme: Organization, more: bool, told: str) -> None:
    for _ in range(2 if more else 1):
        opened(factories.monitor(acme), acknowledged_at=datetime.now(UTC))

    assert told in read(owner)


def test_one_of_late_is_not_an_average(owner: Client, alices_monitor: Monitor) -> None:
    opened(alices_monitor, ago=DAY, lasted=timedelta(minutes=2))

    assert "Nothing is open. Of those that opened in the last 30 days one is resolved, after 2 min." in read(owner)


def test_old_incidents_do_not_make_the_list_forget_that_there_were_some(owner: Client, alices_monitor: Monitor) -> None:
    opened(alices_monitor, ago=300 * DAY, lasted=timedelta(minutes=2))

    page = read(owner, "?status=open")

    assert "No incident is open" in page
    assert 'name="q"' in page


def test_a_full_list_is_a_light_page(owner: Client, acme: Organization, alice: Membership) -> None:
    for number in range(incidents.PAGE_SIZE):
        monitor = factories.monitor(acme, name=f"Synchronise the warehouse {number}")
        opened(monitor, acknowledged_at=datetime.now(UTC), acknowledged_by=alice.user)

    page = re.sub(rb"<svg.*?</svg>", b"", owner.get("/incidents").content, flags=re.DOTALL)  # without its pictures

    assert len(page) + sum(len(bundle.of(name).content) for name in bundle.OF_EVERY_PAGE) < 150_000

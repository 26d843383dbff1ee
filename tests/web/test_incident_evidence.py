"""What an incident was opened on: told in sentences, with the pings around it."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.domain.actor import SYSTEM
from accounts.models import Membership, Organization
from alerts import operations as alerts_operations
from alerts.models import Attempt, Delivery
from heartbeet.lib import clock
from monitors import transitions
from monitors.domain.ping import Ping as Fact
from monitors.domain.status import Kind
from monitors.models import Incident, Monitor, Ping, Run
from tests import factories

pytestmark = pytest.mark.django_db

NOON, MINUTE, HOUR = factories.NOON, timedelta(minutes=1), timedelta(hours=1)
HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def _reads_utc(alice: Membership) -> None:
    alice.user.timezone = "UTC"
    alice.user.save()


def pinged(monitor: Monitor, at: datetime, kind: Kind = Kind.SUCCESS, **given: Any) -> Ping:
    """A ping as ingest takes it, with all that follows from it."""
    row = Ping.objects.create(monitor=monitor, received_at=at, kind=kind, **given)
    fact = Fact(at, kind, run_id=given.get("run_id", ""), exit_code=given.get("exit_code"), id=row.id)
    transitions.record(monitor.id, fact, now=at)
    return row


def silent(monitor: Monitor, until: datetime) -> Incident:
    """The incident that a sweep opens which finds nothing up to this moment."""
    transitions.clock([monitor.id], watermark=until, now=until)
    return Incident.objects.get(monitor=monitor)


def told(client: Client, incident: Incident) -> str:
    """The sentences of the evidence, as a reader sees them."""
    page = client.get(f"/incidents/{incident.id}").content.decode()
    block = page.partition('<div class="told">')[2].partition("</div>")[0]
    return (
        " ".join(re.sub(r"<[^>]+>", " ", block).split())
        .replace(" .", ".")
        .replace(" ,", ",")
        .replace(" :", ":")
        .replace(" ;", ";")
    )


def test_a_missed_ping_is_told_with_when_it_was_due_and_what_came_before(owner: Client, acme: Organization) -> None:
    monitor = factories.monitor(acme, now=NOON)
    pinged(monitor, NOON + MINUTE, exit_code=0, duration_sec=90)

    incident = silent(monitor, NOON + 2 * HOUR)

    assert told(owner, incident) == (
        "A ping was due on Mon 5 Jan, 13:01, with 5 min of grace. None had come by 13:06, so it was judged missed. "
        "The last ping before was 1 h earlier, on Mon 5 Jan, 12:01: a success with exit code 0, after a run of "
        "1 min 30 s."
    )


def test_without_grace_nothing_is_said_of_it(owner: Client, acme: Organization) -> None:
    monitor = factories.monitor(acme, now=NOON, grace_sec=0)
    pinged(monitor, NOON)

    assert "A ping was due on Mon 5 Jan, 13:00, without grace, and did not come." in told(
        owner, silent(monitor, NOON + 2 * HOUR)
    )


def test_a_grace_that_was_changed_later_does_not_change_what_was_judged(owner: Client, acme: Organization) -> None:
    monitor = factories.monitor(acme, now=NOON)
    pinged(monitor, NOON)
    incident = silent(monitor, NOON + 2 * HOUR)

    Monitor.objects.filter(id=monitor.id).update(grace_sec=7200, alert_threshold=3)

    assert "with 5 min of grace. None had come by 13:05" in told(owner, incident)
    assert "The monitor alerts after 3 failures in a row." in told(owner, incident)


def test_a_failure_shows_its_output_at_once_and_inert(owner: Client, acme: Organization) -> None:
    monitor = factories.monitor(acme, now=NOON)
    pinged(monitor, NOON)
    body = b"<b>disk full</b>\nplease help"
    pinged(
        monitor, NOON + HOUR, Kind.FAIL, exit_code=3, duration_sec=12.4, method="POST", body_head=body,
        body_size=len(body),
    )  # fmt: skip
    incident = Incident.objects.get()

    page = owner.get(f"/incidents/{incident.id}").content.decode()

    assert told(owner, incident) == (
        "The job reported a failure on Mon 5 Jan, 13:00 with exit code 3, after 12.4 s. "
        "The last ping before was 1 h earlier, on Mon 5 Jan, 12:00: a success."
    )
    assert 'class="output" tabindex="0">&lt;b&gt;disk full&lt;/b&gt;\nplease help</pre>' in page
    assert "<details><summary>Output" not in page


def test_a_long_output_is_cut_and_leads_to_the_whole(owner: Client, acme: Organization) -> None:
    monitor = factories.monitor(acme, now=NOON)
    failing = pinged(monitor, NOON, Kind.FAIL, body_head=b"x" * 8000, body_size=8000)

    page = owner.get(f"/incidents/{Incident.objects.get().id}").content.decode()

    assert f'<a href="/monitors/{monitor.id}/pings/{failing.id}">the whole of it</a>' in page
    assert "x" * 5000 not in page


def test_a_run_that_took_too_long_is_told_with_its_start_and_limit(owner: Client, acme: Organization) -> None:
    monitor = factories.monitor(acme, now=NOON, max_runtime_sec=1800)
    pinged(monitor, NOON, Kind.START, run_id="r<1>")
    incident = silent(monitor, NOON + HOUR)

    before = told(owner, incident)
    pinged(monitor, NOON + 100 * MINUTE, run_id="r<1>")
    after = told(owner, incident)

    began = "The run “r&lt;1&gt;” began on Mon 5 Jan, 12:00 and may take 30 min. It had not ended by 12:30."
    assert before == began
    assert after == f"{began} It ended on Mon 5 Jan, 13:40, after 1 h 40 min."


def test_a_run_without_a_limit_had_to_end_by_the_next_due(owner: Client, acme: Organization) -> None:
    monitor = factories.monitor(acme, now=NOON)
    pinged(monitor, NOON)
    pinged(monitor, NOON + 50 * MINUTE, Kind.START)

    incident = silent(monitor, NOON + 5 * HOUR)

    assert incident.cause == "overran"
    assert "It had not ended by 13:50, when the next ping was due, nor within 5 min of grace." in told(owner, incident)


def test_of_several_runs_the_one_that_took_too_long_is_told(owner: Client, acme: Organization) -> None:
    monitor = factories.monitor(acme, now=NOON, max_runtime_sec=1800)
    pinged(monitor, NOON, Kind.START, run_id="slow")
    pinged(monitor, NOON + 20 * MINUTE, Kind.START, run_id="young")
    incident = silent(monitor, NOON + 31 * MINUTE)

    assert "The run “slow” began" in told(owner, incident)


def test_evidence_that_arrived_late_is_named(owner: Client, acme: Organization) -> None:
    monitor = factories.monitor(acme, now=NOON)
    pinged(monitor, NOON)
    incident = silent(monitor, NOON + 2 * HOUR)

    pinged(monitor, NOON + HOUR)  # drained from a spool

    assert "had been received in time and was stored late, so nothing was wrong" in told(owner, incident)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"cause": "missed"}, "An expected ping had not come by Mon 5 Jan, 12:00. No ping had come before."),
        (
            {"cause": "missed", "last_ping_at": NOON - HOUR, "expected_at": NOON - MINUTE},
            "The last ping before was 59 min earlier, on Mon 5 Jan, 11:00; it is not kept any more.",
        ),
        (
            {"cause": "failed"},
            "The job reported a failure on Mon 5 Jan, 12:00. That ping is not kept any more. No earlier ping is kept.",
        ),
        ({"cause": "overran"}, "A run had not ended by Mon 5 Jan, 12:00. When it began is not kept any more."),
        ({"cause": "silence"}, "No ping had come before."),
    ],
)
def test_what_is_not_kept_any_more_leaves_a_page_that_says_so(
    owner: Client, incident: Incident, given: dict[str, Any], expected: str
) -> None:
    Incident.objects.filter(id=incident.id).update(opened_at=NOON, **given)

    assert expected in told(owner, incident)


def test_five_pings_before_and_three_after_stand_around_the_moment(owner: Client, acme: Organization) -> None:
    monitor = factories.monitor(acme, now=NOON)
    before = [pinged(monitor, NOON + number * MINUTE).id for number in range(8)]
    incident = silent(monitor, NOON + 2 * HOUR)
    after = [pinged(monitor, NOON + 3 * HOUR + number * MINUTE).id for number in range(5)]

    page = owner.get(f"/incidents/{incident.id}").content.decode()

    first, _, second = page.partition("The incident opened")
    assert re.findall(r'<tr id="ping-(\d+)">', first) == [str(number) for number in before[-5:]]
    assert re.findall(r'<tr id="ping-(\d+)">', second) == [str(number) for number in after[:3]]


def test_where_pings_came_from_is_for_those_who_edit_monitors(viewer: Client, acme: Organization) -> None:
    monitor = factories.monitor(acme, now=NOON)
    pinged(monitor, NOON, Kind.FAIL, method="POST", source="203.0.113.7")

    page = viewer.get(f"/incidents/{Incident.objects.get().id}").content.decode()

    assert "POST" in page
    assert "203.0.113.7" not in page


def test_the_strip_says_in_words_what_it_shows(owner: Client, acme: Organization) -> None:
    monitor = factories.monitor(acme, now=NOON)
    pinged(monitor, NOON)
    incident = silent(monitor, NOON + 2 * HOUR)
    pinged(monitor, NOON + 2 * HOUR)

    page = owner.get(f"/incidents/{incident.id}").content.decode()

    strip = page.partition('class="moments"')[2].partition("</div>")[0]
    assert "From Mon 5 Jan, 12:00 to Mon 5 Jan, 14:00; the incident lasted 55 min of 2 h." in strip
    assert strip.count("<circle") == 2
    assert all(f'data-state="{key}"' in strip for key in ("late", "down"))


def test_an_incident_at_one_instant_has_a_strip_too(owner: Client, acme: Organization) -> None:
    monitor = factories.monitor(acme, now=NOON)
    pinged(monitor, NOON, Kind.FAIL)
    Incident.objects.update(resolved_at=NOON)

    assert owner.get(f"/incidents/{Incident.objects.get().id}").status_code == 200


def test_the_page_takes_eight_queries_at_most_for_its_data(
    owner: Client, acme: Organization, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    monitor = factories.monitor(acme, now=NOON, max_runtime_sec=1800)
    for number in range(9):
        pinged(monitor, NOON + number * MINUTE, body_head=b"x", body_size=1)
    pinged(monitor, NOON + 10 * MINUTE, Kind.START)
    incident = silent(monitor, NOON + 5 * HOUR)
    for number in range(6):
        channel = alerts_operations.create_channel(
            organization=acme, kind="email", name=f"{number}", config={"to": "x@example.com"}, by=SYSTEM, now=NOON
        )
        sent = Delivery.objects.create(
            event=incident.events.get(), incident=incident, channel=channel, status="collapsed", created_at=NOON
        )
        Attempt.objects.create(delivery=sent, at=NOON, is_ok=True, duration_ms=1)

    # session, user, membership, banner, worst state; incident, timeline, pings before and after, run, deliveries,
    # tries, what was sent beside them
    with django_assert_max_num_queries(5 + 8):
        owner.get(f"/incidents/{incident.id}")


def version(page: str) -> str:
    [found] = re.findall(r'data-version="([^"]+)"', page)
    return str(found)


def test_a_page_that_shows_what_is_so_is_left_alone_for_two_queries(
    owner: Client, incident: Incident, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    known = {**HTMX, "Live-Version": version(owner.get(f"/incidents/{incident.id}").content.decode())}

    with django_assert_max_num_queries(3 + 2):  # session, user, membership; incident, deliveries
        answer = owner.get(f"/incidents/{incident.id}", headers=known)

    assert answer.status_code == 204


@pytest.mark.parametrize("change", ["note", "acknowledge", "resolve", "delivery", "try", "ping"])
def test_whatever_happens_to_an_incident_reaches_an_open_page(owner: Client, incident: Incident, change: str) -> None:
    channel = alerts_operations.create_channel(
        organization=incident.monitor.organization, kind="email", name="ops", config={"to": "x@example.com"}, by=SYSTEM,
        now=NOON,
    )  # fmt: skip
    event = incident.events.get()
    sent = Delivery.objects.create(event=event, incident=incident, channel=channel, status="queued", created_at=NOON)
    path = f"/incidents/{incident.id}"
    known = {**HTMX, "Live-Version": version(owner.get(path).content.decode())}

    match change:
        case "note":
            owner.post(f"{path}/notes", {"message": "on it"})
        case "acknowledge" | "resolve":
            owner.post(f"{path}/{change}")
        case "delivery":
            Delivery.objects.create(
                event=event, incident=incident, channel=channel, step=1, status="queued", created_at=NOON
            )
        case "try":
            Delivery.objects.filter(id=sent.id).update(tries=1)
        case "ping":
            pinged(incident.monitor, clock.now())

    assert owner.get(path, headers=known).status_code == 200


def test_a_run_of_another_monitor_is_no_evidence(owner: Client, acme: Organization, incident: Incident) -> None:
    Incident.objects.filter(id=incident.id).update(cause="overran")
    Run.objects.create(monitor=factories.monitor(acme), run_id="other", started_at=NOON)

    assert "other" not in told(owner, incident)


def test_the_clock_of_the_reader_counts(owner: Client, alice: Membership, acme: Organization) -> None:
    alice.user.timezone = "Pacific/Auckland"
    alice.user.save()
    monitor = factories.monitor(acme, now=NOON)
    pinged(monitor, datetime(2026, 1, 5, 9, 58, tzinfo=UTC))

    incident = silent(monitor, NOON)

    assert "due on Mon 5 Jan, 23:58, with 5 min of grace. None had come by Tue 6 Jan, 00:03" in told(owner, incident)

"""`/incidents`: the row, the story of one incident, and what people do about it."""

from datetime import UTC, datetime, timedelta

import pytest

from accounts.models import AuditEvent, Membership
from alerts.models import Channel, Delivery
from monitors.models import Incident, Monitor
from tests import factories
from tests.api.client import API
from tests.ingest.test_store import arrival, record

ROW = """
    id monitorId monitorName status severity cause title openedAt acknowledgedAt acknowledgedBy resolvedAt durationSec
    autoResolved
""".split()  # noqa: SIM905 - as it stands in the contract


def test_the_row_has_exactly_the_fields_of_the_contract(as_alice: API, incident: Incident) -> None:
    row = as_alice.get("/incidents").json()["results"][0]

    assert list(row) == ROW
    assert (row["monitorId"], row["monitorName"], row["cause"]) == (incident.monitor_id, "nightly backup", "missed")
    assert (row["status"], row["severity"], row["durationSec"], row["autoResolved"]) == (
        "open",
        "critical",
        None,
        False,
    )


def test_what_is_over_says_how_long_it_lasted_and_that_a_ping_ended_it(as_alice: API, alices_monitor: Monitor) -> None:
    factories.incident(alices_monitor, resolved=True)

    row = as_alice.get("/incidents").json()["results"][0]

    assert (row["status"], row["durationSec"], row["autoResolved"]) == ("resolved", 60, True)


def test_one_incident_tells_its_timeline_and_who_was_told(as_alice: API, incident: Incident) -> None:
    channel = Channel.objects.create(
        organization=incident.monitor.organization, kind="email", name="ops", config={"to": "ops@example.com"},
        created_at=factories.NOON, updated_at=factories.NOON,
    )  # fmt: skip
    Delivery.objects.create(
        event=incident.events.get(), incident=incident, channel=channel, status="dead", tries=1,
        created_at=factories.NOON, last_error="The mail server answered 550 no such user",
    )  # fmt: skip

    found = as_alice.get(f"/incidents/{incident.id}").json()

    assert [(entry["seq"], entry["kind"], entry["actor"]) for entry in found["timeline"]] == [(1, "opened", None)]
    told = found["deliveries"][0]
    assert (told["channelName"], told["event"], told["status"], told["tries"]) == ("ops", "opened", "dead", 1)
    assert "550" in told["lastError"]


def test_the_incident_of_a_beet_brings_its_evidence_and_says_it_in_plain_words(
    as_alice: API, alices_monitor: Monitor
) -> None:
    silence = factories.beet_incident(alices_monitor, at=datetime(2026, 1, 5, 15, 0, tzinfo=UTC))

    found = as_alice.get(f"/incidents/{silence.id}").json()

    assert found["evidence"] == silence.evidence
    assert found["explanation"][0] == "23.4 events were expected since Mon 5 Jan, 14:00 UTC; none came by 15:00."
    assert len(found["explanation"]) == 6
    assert "evidence" not in as_alice.get("/incidents").json()["results"][0]


def test_evidence_tells_its_times_in_utc_with_a_z(as_alice: API, alices_monitor: Monitor) -> None:
    Monitor.objects.filter(id=alices_monitor.id).update(value_below=1)
    record(arrival(alices_monitor, factories.NOON, value=0.0))

    found = as_alice.get(f"/incidents/{Incident.objects.get().id}").json()

    assert (found["evidence"]["value"], found["evidence"]["at"]) == (0.0, "2026-01-05T12:00:00Z")


def test_an_incident_of_another_kind_has_neither(as_alice: API, incident: Incident) -> None:
    found = as_alice.get(f"/incidents/{incident.id}").json()

    assert (found["evidence"], found["explanation"]) == (None, [])


def test_acknowledging_names_who_and_stands_in_the_timeline(
    as_alice: API, incident: Incident, alice: Membership
) -> None:
    answer = as_alice.post(f"/incidents/{incident.id}/acknowledge")

    row = answer.json()
    assert (answer.status_code, row["status"], row["acknowledgedBy"]) == (200, "acknowledged", alice.user.email)
    assert [(entry["kind"], entry["actor"]) for entry in row["timeline"]][1:] == [("acknowledged", alice.user.email)]
    assert AuditEvent.objects.filter(action="ACKNOWLEDGE_INCIDENT").count() == 1


def test_acknowledging_twice_changes_nothing(as_alice: API, incident: Incident) -> None:
    first = as_alice.post(f"/incidents/{incident.id}/acknowledge")
    second = as_alice.post(f"/incidents/{incident.id}/acknowledge")

    assert (second.status_code, second.json()) == (200, first.json())


def test_resolving_by_hand_is_not_an_automatic_end(as_alice: API, incident: Incident) -> None:
    row = as_alice.post(f"/incidents/{incident.id}/resolve").json()

    assert (row["status"], row["autoResolved"]) == ("resolved", False)
    assert 295 <= row["durationSec"] <= 310
    assert as_alice.get(f"/monitors/{incident.monitor_id}").json()["openIncidentId"] is None


@pytest.mark.parametrize("verb", ["acknowledge", "resolve"])
def test_what_is_over_cannot_be_acknowledged_or_resolved(verb: str, as_alice: API, alices_monitor: Monitor) -> None:
    over = factories.incident(alices_monitor, resolved=True)

    answer = as_alice.post(f"/incidents/{over.id}/{verb}")

    assert (answer.status_code, answer.json()["code"]) == (409, "INCIDENT_RESOLVED")


def test_a_note_stands_in_the_timeline(as_alice: API, incident: Incident, alice: Membership) -> None:
    row = as_alice.post(f"/incidents/{incident.id}/updates", {"message": "Disk replaced."}).json()

    note = row["timeline"][-1]
    assert (note["kind"], note["message"], note["actor"]) == ("note", "Disk replaced.", alice.user.email)


@pytest.mark.parametrize("body", [{}, {"message": ""}, {"message": "x", "mood": "bad"}, {"message": "a\x00b"}])
def test_a_note_needs_a_message_and_nothing_else(body: dict[str, str], as_alice: API, incident: Incident) -> None:
    answer = as_alice.post(f"/incidents/{incident.id}/updates", body)

    assert (answer.status_code, answer.json()["code"]) == (400, "VALIDATION_FAILED")


def test_the_incidents_of_one_monitor(as_alice: API, incident: Incident) -> None:
    factories.incident(factories.monitor(incident.monitor.organization), ago=timedelta(hours=1))

    rows = as_alice.get(f"/monitors/{incident.monitor_id}/incidents").json()["results"]

    assert [row["id"] for row in rows] == [incident.id]


def test_the_monitor_of_an_open_incident_names_it(as_alice: API, incident: Incident) -> None:
    row = as_alice.get(f"/monitors/{incident.monitor_id}").json()

    assert (row["status"], row["openIncidentId"]) == ("down", incident.id)
    assert datetime.fromisoformat(row["lastPingAt"]) < datetime.now(UTC)


def test_an_incident_outlives_its_monitor(as_alice: API, incident: Incident) -> None:
    as_alice.delete(f"/monitors/{incident.monitor_id}")

    row = as_alice.get(f"/incidents/{incident.id}").json()

    assert (row["status"], row["autoResolved"]) == ("resolved", False)

"""What programs that keep incidents of their own know ours by."""

from datetime import timedelta

from alerts import queries
from monitors.domain.status import EventKind
from monitors.models import Incident
from tests.alerts.house import House


def key_of(incident: Incident, kind: EventKind = EventKind.OPENED) -> str:
    return queries.message_of(incident.events.get(kind=kind)).key


def test_everything_told_of_an_incident_has_one_key(house: House) -> None:
    incident = house.opens()
    house.resolves(incident)

    assert key_of(incident) == key_of(incident, EventKind.RESOLVED)


def test_a_new_name_of_the_organisation_changes_no_key(house: House) -> None:
    incident = house.opens()
    before = key_of(incident)

    house.organization.name = "Acme & Sons"
    house.organization.save()

    assert key_of(Incident.objects.get(id=incident.id)) == before


def test_the_next_incident_of_a_monitor_has_another_key(house: House) -> None:
    first = house.opens()
    house.resolves(first)
    second = house.opens(opened_at=house.now + timedelta(hours=1))

    assert key_of(first) != key_of(second)


def test_an_incident_of_the_same_number_elsewhere_has_another_key(house: House) -> None:
    """Another installation also begins to count at 1; its organisation was made at another moment."""
    incident = house.opens()
    before = key_of(incident)

    house.organization.created_at += timedelta(microseconds=1)
    house.organization.save()

    assert key_of(Incident.objects.get(id=incident.id)) != before

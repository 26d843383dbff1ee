"""Nobody rewrites history: not a mistake of ours, not an operator's page."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from django.db import DatabaseError, connection, transaction
from django.test import Client

from accounts import audit
from accounts.domain.actor import Actor
from accounts.models import AuditEvent, Membership, OnlyGrows, Organization, User
from tests import factories
from tests.web.conftest import prove

pytestmark = pytest.mark.django_db


@pytest.fixture
def event(acme: Organization) -> AuditEvent:
    return audit.record(
        organization=acme, by=Actor(), action="ROTATE_MONITOR_TOKEN", resource="monitor:1", now=factories.NOON
    )


def _bulk_update(event: AuditEvent) -> None:
    event.action = "NOTHING"
    AuditEvent.objects.bulk_update([event], ["action"])


WAYS: list[Callable[[AuditEvent], Any]] = [
    lambda event: AuditEvent.objects.update(action="NOTHING"),
    lambda event: AuditEvent.objects.filter(id=event.id).delete(),
    lambda event: event.organization.audit_events.all().delete(),
    lambda event: event.organization.audit_events.update(action="NOTHING"),
    lambda event: AuditEvent.objects.update_or_create(id=event.id, defaults={"action": "NOTHING"}),
    lambda event: event.delete(),
    _bulk_update,
]


@pytest.mark.parametrize("way", WAYS)
def test_code_that_would_change_or_delete_a_row_is_refused(event: AuditEvent, way: Callable[[AuditEvent], Any]) -> None:
    with transaction.atomic(), pytest.raises((OnlyGrows, DatabaseError)), transaction.atomic():
        way(event)

    assert AuditEvent.objects.get(id=event.id).action == "ROTATE_MONITOR_TOKEN"


def test_the_database_itself_refuses_a_change(event: AuditEvent) -> None:
    with pytest.raises(DatabaseError, match="only grows"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_auditevent SET action = 'NOTHING'")

    assert AuditEvent.objects.get(id=event.id).action == "ROTATE_MONITOR_TOKEN"


def test_a_saved_row_cannot_be_saved_again(event: AuditEvent) -> None:
    event.action = "NOTHING"

    with pytest.raises(DatabaseError, match="only grows"), transaction.atomic():
        event.save()


def test_an_operator_with_every_right_may_only_look(event: AuditEvent, client: Client) -> None:
    root = User.objects.create_superuser("root@example.com", "correct horse battery")
    client.force_login(root)
    prove(client, root)
    page = f"/admin/accounts/auditevent/{event.id}"

    answers = [
        client.post("/admin/accounts/auditevent/add/", {"action": "NOTHING"}).status_code,
        client.post(f"{page}/change/", {"action": "NOTHING"}).status_code,
        client.post(f"{page}/delete/", {"post": "yes"}).status_code,
    ]
    client.post(
        "/admin/accounts/auditevent/",
        {"action": "delete_selected", "_selected_action": event.id, "post": "yes"},
    )

    assert answers == [403, 403, 403]
    assert client.get(f"{page}/change/").status_code == 200
    assert AuditEvent.objects.get(id=event.id).action == "ROTATE_MONITOR_TOKEN"


def test_no_operators_page_offers_to_delete_an_organisation_and_its_history() -> None:
    page = admin.site._registry[Organization]

    assert not page.has_delete_permission(None)  # type: ignore[arg-type]  # whoever asks


def test_what_someone_did_stays_when_they_are_gone(alice: Membership) -> None:
    gone = factories.member(alice.organization, "admin", "gone")
    by = Actor(user_id=gone.id, email=gone.email)
    event = audit.record(
        organization=alice.organization, by=by, action="PAUSE_MONITOR", resource="monitor:1", now=factories.NOON
    )

    gone.delete()

    kept = AuditEvent.objects.get(id=event.id)
    assert (kept.actor_user_id, kept.actor_email) == (by.user_id, by.email)


def test_an_organisations_history_goes_with_it(event: AuditEvent) -> None:
    event.organization.delete()

    assert not AuditEvent.objects.filter(id=event.id).exists()

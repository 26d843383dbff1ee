"""The operators' pages: everything can be looked up, little can be changed, secrets are never shown."""

from datetime import UTC, datetime
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.db import models
from django.test import Client

from accounts import operations as accounts_operations
from accounts.domain.actor import SYSTEM, Actor
from accounts.models import AuditEvent, Membership, Plan, User
from alerts import operations as alert_operations
from alerts.models import Channel, Delivery
from monitors.models import Incident, IncidentEvent, Monitor, Token
from tests import factories
from tests.web.conftest import prove

OURS = [model for model in apps.get_models() if model._meta.app_label in {"accounts", "monitors", "alerts"}]
EDITABLE = {"user", "plan", "organization", "membership"}
NOW = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


@pytest.fixture
def operator(db: None) -> User:
    return User.objects.create_superuser("operator@example.com", "correct horse battery")


@pytest.fixture
def pages(operator: User) -> Client:
    client = Client()
    client.force_login(operator)
    prove(client, operator)
    return client


@pytest.fixture
def monitor(db: None) -> Monitor:
    return factories.monitor(name="nightly backup")


@pytest.fixture
def incident(monitor: Monitor) -> Incident:
    found = Incident.objects.create(monitor=monitor, cause="missed", title="nightly backup missed", opened_at=NOW)
    IncidentEvent.objects.create(incident=found, seq=1, kind="opened", at=NOW, created_at=NOW, dispatched_at=NOW)
    return found


@pytest.fixture
def channel(monitor: Monitor, operator: User) -> Channel:
    return alert_operations.create_channel(
        organization=monitor.organization, kind="slack", name="ops", is_default=True,
        config={"url": "https://hooks.slack.com/services/T0/B0/verysecret"},
        by=Actor(user_id=operator.id), now=NOW,
    )  # fmt: skip


def test_the_pages_carry_our_name_and_icon(pages: Client) -> None:
    text = pages.get("/admin/").content.decode()

    assert "Heartbeet for operators" in text
    assert "img/heartbeet.svg" in text
    assert "Django administration" not in text


def _url(model: type[models.Model], page: str = "") -> str:
    return f"/admin/{model._meta.app_label}/{model._meta.model_name}/{page}"


def _run(pages: Client, action: str, row: models.Model) -> Any:
    return pages.post(_url(type(row)), {"action": action, "_selected_action": [row.pk]}, follow=True)


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)
def test_every_model_can_be_searched(model: type[models.Model], pages: Client) -> None:
    answer = pages.get(_url(model), {"q": "7"})

    assert answer.status_code == 200
    assert admin.site.get_model_admin(model).search_fields


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)
def test_only_people_organisations_memberships_and_plans_can_be_edited(model: type[models.Model], rf: Any) -> None:
    request = rf.get("/")
    request.user = User(is_superuser=True, is_active=True, is_staff=True)

    page = admin.site.get_model_admin(model)

    assert page.has_change_permission(request) is (model._meta.model_name in EDITABLE)
    assert page.has_add_permission(request) is (model._meta.model_name in EDITABLE - {"organization"})
    assert page.has_delete_permission(request) is (model._meta.model_name in {"plan", "membership"})


def test_no_page_shows_an_envelope_a_digest_or_a_channels_secrets(pages: Client, channel: Channel) -> None:
    token = Token.objects.get()
    membership = Membership.objects.create(
        user=User.objects.get(), organization=channel.organization, role="owner", created_at=NOW
    )
    minted = accounts_operations.mint_token(membership=membership, name="deploy", by=SYSTEM, now=NOW).token

    shown = "".join(
        pages.get(_url(type(row), f"{row.pk}/change/")).content.decode() for row in (token, channel, minted)
    )

    assert "deploy" in shown
    assert not any(secret in shown for secret in ["&quot;ct&quot;", '"ct"', minted.digest, "verysecret"])


def test_rotating_makes_a_new_token_and_names_the_operator(pages: Client, monitor: Monitor, operator: User) -> None:
    before = Token.objects.get(monitor=monitor, retired_at=None)

    answer = _run(pages, "rotate_token", monitor)

    after = Token.objects.get(monitor=monitor, retired_at=None)
    assert after.id != before.id
    assert b"1 rotated" in answer.content
    assert AuditEvent.objects.get(action="ROTATE_MONITOR_TOKEN").actor_user == operator


def test_pausing_and_resuming(pages: Client, monitor: Monitor) -> None:
    _run(pages, "pause", monitor)
    monitor.pulse.refresh_from_db()
    paused = monitor.pulse.status

    _run(pages, "resume", monitor)
    monitor.pulse.refresh_from_db()

    assert (paused, monitor.pulse.status) == ("paused", "new")


def test_resolving_an_incident_twice_says_that_nothing_was_left(pages: Client, incident: Incident) -> None:
    first, second = _run(pages, "resolve", incident), _run(pages, "resolve", incident)

    incident.refresh_from_db()
    assert incident.resolved_at is not None
    assert (b"1 resolved" in first.content, b"0 resolved" in second.content) == (True, True)


def test_a_dead_letter_is_sent_again_and_a_delivered_one_is_not(
    pages: Client, incident: Incident, channel: Channel
) -> None:
    event = incident.events.get()
    dead, done = (
        Delivery.objects.create(
            event=event, incident=incident, channel=channel, step=step, status=status, created_at=NOW, tries=12
        )
        for step, status in enumerate(["dead", "delivered"])
    )

    _run(pages, "replay", dead)
    _run(pages, "replay", done)

    dead.refresh_from_db()
    done.refresh_from_db()
    assert (dead.status, dead.tries, done.status) == ("queued", 0, "delivered")


def test_a_dead_letter_of_a_channel_that_is_switched_off_stays_one(
    pages: Client, incident: Incident, channel: Channel
) -> None:
    Channel.objects.update(is_enabled=False)
    dead = Delivery.objects.create(
        event=incident.events.get(), incident=incident, channel=channel, status="dead", created_at=NOW, tries=12
    )

    answer = _run(pages, "replay", dead)

    dead.refresh_from_db()
    assert (answer.status_code, dead.status) == (200, "dead")
    assert b"0 of 1 will be sent again" in answer.content


def test_someone_who_may_only_look_is_offered_no_actions(monitor: Monitor, db: None) -> None:
    looker = User.objects.create_user("looker@example.com", "correct horse battery", is_staff=True)
    looker.user_permissions.add(Permission.objects.get(codename="view_monitor"))
    client = Client()
    client.force_login(looker)

    _run(client, "rotate_token", monitor)

    assert Token.objects.filter(monitor=monitor).count() == 1


def test_a_user_is_made_with_an_address_in_lower_case(pages: Client) -> None:
    form = {
        "email": "Dora@Example.com", "usable_password": "true",
        "password1": "correct horse battery", "password2": "correct horse battery",
    }  # fmt: skip

    answer = pages.post(_url(User, "add/"), form)

    assert answer.status_code == 302
    assert User.objects.get(email="dora@example.com").check_password("correct horse battery")


def test_another_address_ends_the_one_before_and_stands_in_the_audit_log(pages: Client, operator: User) -> None:
    bob = factories.member(factories.organization(), "member", "bob")
    form = {"email": "Bobby@Example.com", "name": "", "timezone": "", "is_active": "on"}

    pages.post(_url(User, f"{bob.id}/change/"), form)

    entry = AuditEvent.objects.get(action="UPDATE_USER")
    assert list(EmailAddress.objects.filter(user=bob).values_list("email", "verified")) == [("bobby@example.com", True)]
    assert (entry.actor_user, entry.resource, entry.meta["changedFields"]) == (operator, f"user:{bob.id}", ["Email"])


def test_a_new_password_stands_in_the_audit_log(pages: Client, operator: User) -> None:
    bob = factories.member(factories.organization(), "member", "bob")
    words = {"usable_password": "true", "password1": "battery horse correct", "password2": "battery horse correct"}

    pages.post(_url(User, f"{bob.id}/password/"), words)

    entry = AuditEvent.objects.get(action="UPDATE_USER")
    assert (entry.actor_user, entry.meta["changedFields"]) == (operator, ["password"])


def test_a_change_of_role_stands_in_the_organisations_audit_log(pages: Client, operator: User) -> None:
    organization = factories.organization()
    bob = Membership.objects.get(user=factories.member(organization, "member", "bob"))
    form = {"user": bob.user_id, "organization": organization.id, "role": "admin"}

    answer = pages.post(_url(Membership, f"{bob.id}/change/"), form)

    entry = AuditEvent.objects.get(action="UPDATE_MEMBERSHIP")
    assert answer.status_code == 302
    assert (entry.organization, entry.actor_user, entry.meta["changedFields"]) == (organization, operator, ["role"])


def test_a_membership_can_be_deleted_with_its_access_tokens(pages: Client) -> None:
    bob = Membership.objects.get(user=factories.member(factories.organization(), "member", "bob"))
    accounts_operations.mint_token(membership=bob, name="deploy", by=SYSTEM, now=NOW)

    answer = pages.post(_url(Membership, f"{bob.id}/delete/"), {"post": "yes"})

    assert answer.status_code == 302
    assert not Membership.objects.filter(id=bob.id).exists()


def test_changing_anything_asks_who_it_is_first(operator: User, client: Client) -> None:
    client.force_login(operator)
    form = {"usable_password": "true", "password1": "a thief's own words", "password2": "a thief's own words"}

    looked = client.get(_url(User))
    changed = client.post(_url(User, f"{operator.id}/password/"), form)
    acted = client.post(_url(User), {"action": "remove_factors", "_selected_action": [operator.id]})

    operator.refresh_from_db()
    assert looked.status_code == 200
    assert all(answer["Location"].startswith("/account/confirm?next=") for answer in (changed, acted))
    assert operator.check_password("correct horse battery")
    assert client.post("/admin/logout/").status_code == 200


def test_a_plan_can_be_edited(pages: Client) -> None:
    plan = Plan.objects.create(name="small")

    pages.post(
        _url(Plan, f"{plan.id}/change/"),
        {"name": "small", "monitor_limit": 3, "interval_floor_sec": 60, "ping_retention_days": 30},
    )

    plan.refresh_from_db()
    assert (plan.monitor_limit, plan.interval_floor_sec) == (3, 60)


def test_strangers_sign_in_where_everyone_does_and_others_are_refused(client: Client, db: None) -> None:
    stranger = client.get("/admin/", follow=False)
    login = client.get(stranger["Location"])
    client.force_login(User.objects.create_user("bob@example.com", "correct horse battery"))
    other = client.get("/admin/", follow=True)

    assert login["Location"].startswith("/sign-in?next=")
    assert other.status_code == 403

"""The settings of an organisation: members, invitations, projects, tokens, the webhook secret, the audit log."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from accounts import invitations, queries, webhooks
from accounts.domain.actor import SYSTEM
from accounts.domain.roles import Role
from accounts.models import AccessToken, AuditEvent, Membership, Organization, User
from heartbeet.lib import clock
from monitors.models import Monitor
from tests import factories
from tests.web.conftest import sign_in

pytestmark = pytest.mark.django_db

FOR_ALL = ["/settings", "/settings/leave", "/settings/members", "/settings/projects", "/settings/tokens"]
FOR_ADMINS = ["/settings/webhook-secret", "/settings/webhook-secret/rotate", "/settings/audit-log"]
TOKEN = {"name": "GitHub Actions", "preset": "ci", "expires": "90"}


def words(response: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


@pytest.mark.parametrize("page", FOR_ALL + FOR_ADMINS)
def test_who_sees_which_part(page: str, owner: Client, viewer: Client, client: Client) -> None:
    expected = 200 if page in FOR_ALL else 403

    assert owner.get(page).status_code == 200
    assert viewer.get(page).status_code == expected
    assert client.get(page).status_code == 302


def test_a_viewer_is_shown_no_tab_that_would_refuse_them(viewer: Client) -> None:
    page = words(viewer.get("/settings"))

    assert "Members" in page
    assert "Audit log" not in page
    assert "Webhook secret" not in page


def test_the_name_changes_and_the_address_stays(owner: Client, acme: Organization) -> None:
    owner.post("/settings", {"name": "Acme Ltd", "members_may_reveal": "on"})

    before = acme.slug
    acme.refresh_from_db()
    assert (acme.name, acme.slug, acme.members_may_reveal) == ("Acme Ltd", before, True)
    event = AuditEvent.objects.get(action="UPDATE_ORGANIZATION")
    assert event.meta["changedFields"] == ["membersMayReveal", "name"]


def test_only_owners_and_admins_change_the_name(acme: Organization, bob: Membership) -> None:
    answer = sign_in(bob).post("/settings", {"name": "Bob's"})

    acme.refresh_from_db()
    assert (answer.status_code, acme.name) == (403, "Acme")


def test_a_role_is_changed_on_the_page(owner: Client, bob: Membership) -> None:
    page = owner.post(f"/settings/members/{bob.id}/role", {"role": "admin"}, follow=True)

    bob.refresh_from_db()
    assert bob.role == "admin"
    assert "is admin now" in words(page)


def test_the_last_owner_is_told_why_they_stay(owner: Client, alice: Membership) -> None:
    page = owner.post("/settings/leave", follow=True)

    assert "keeps at least one owner" in words(page)
    assert Membership.objects.filter(id=alice.id).exists()


def test_removing_asks_and_shuts_the_door_at_once(owner: Client, acme: Organization, bob: Membership) -> None:
    browser = sign_in(bob)
    asked = owner.get(f"/settings/members/{bob.id}/remove")
    before = browser.get(acme.home).status_code

    owner.post(f"/settings/members/{bob.id}/remove")

    assert "Their access tokens" in words(asked)
    assert (before, browser.get(acme.home).status_code, browser.get("/").status_code) == (200, 404, 403)


def test_an_admin_finds_no_buttons_for_owners(alice: Membership, adam: Membership) -> None:
    page = sign_in(adam).get("/settings/members").content.decode()

    assert f"/settings/members/{alice.id}/remove" not in page
    assert 'value="owner"' not in page


@pytest.mark.parametrize(
    "path", ["members/{member}/role", "members/{member}/remove", "invitations/{invite}/resend",
             "invitations/{invite}/revoke", "tokens/{token}/revoke", "projects/{project}/rename"],
)  # fmt: skip
def test_nothing_of_another_organisation_is_there(
    path: str, outsider: Client, acme: Organization, alice: Membership, now: datetime
) -> None:
    invite = invitations.invite(organization=acme, email="g@example.com", role=Role.VIEWER, by=SYSTEM, now=now)
    token = AccessToken.objects.create(membership=alice, name="x", digest="x", prefix="hb_x", created_at=now)
    ids = {"member": alice.id, "invite": invite.id, "token": token.id, "project": acme.projects.get().id}

    assert outsider.post(f"/settings/{path.format(**ids)}", {"role": "viewer", "name": "x"}).status_code == 404


def test_without_a_mail_server_the_link_is_shown_once(owner: Client) -> None:
    owner.post("/settings/invitations", {"email": "grace@example.com", "role": "member"})

    first, second = (owner.get("/settings/members").content.decode() for _ in range(2))

    assert "/invitations/1" in first or "/invitations/" in first
    assert re.search(r"http://\S+/invitations/[\w.-]+", first)
    assert not re.search(r"http://\S+/invitations/[\w.-]+", second)


def test_with_a_mail_server_only_the_letter_has_the_link(owner: Client, settings: Any) -> None:
    settings.HEARTBEET_SMTP_URL = "smtp://127.0.0.1:25"

    page = owner.post("/settings/invitations", {"email": "grace@example.com", "role": "member"}, follow=True)

    assert "on its way to grace@example.com" in words(page)
    assert "/invitations/" in str(mail.outbox[0].body)
    assert not re.search(r"http://\S+/invitations/", page.content.decode())


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"email": "", "role": "member"}, "Write the e-mail address"),
        ({"email": "grace", "role": "member"}, "such as ada@example.com"),
        ({"email": "grace@example.com", "role": "god"}, "valid choice"),
    ],
)
def test_a_bad_invitation_is_explained(given: dict[str, str], said: str, owner: Client) -> None:
    assert said in words(owner.post("/settings/invitations", given))
    assert mail.outbox == []


@pytest.fixture
def link(acme: Organization, alice: Membership) -> str:
    """The path of a link that invites grace@example.com."""
    made = invitations.invite(
        organization=acme, email="grace@example.com", role=Role.MEMBER, by=SYSTEM, now=clock.now()
    )
    return f"/invitations/{invitations.code(made)}"


@pytest.fixture
def grace(db: None) -> Client:
    """A browser of the person whom the link invites, who has an account."""
    browser = Client()
    browser.force_login(User.objects.create_user("grace@example.com", "correct horse battery"))
    return browser


def test_who_was_invited_joins_by_a_post(grace: Client, link: str, acme: Organization) -> None:
    asked = grace.get(link)
    before = acme.memberships.filter(user__email="grace@example.com").exists()

    joined = grace.post(link)

    assert "Join" in words(asked)
    assert not before
    assert joined["Location"] == acme.home
    assert acme.memberships.get(user__email="grace@example.com").role == "member"


def test_who_is_signed_in_with_another_address_has_a_clear_choice(outsider: Client, link: str) -> None:
    asked, refused = outsider.get(link), outsider.post(link, follow=True)
    switched = outsider.post(f"{link}/switch", follow=True)

    assert "Sign out, and go on as grace@example.com" in words(asked)
    assert "another e-mail address" in words(refused)
    assert "Make an account" in words(switched)
    assert AuditEvent.objects.filter(action="SIGN_OUT").exists()


def test_a_stranger_signs_in_and_comes_back_or_makes_an_account(client: Client, link: str) -> None:
    page = client.get(link).content.decode()
    sign_up = client.post(f"{link}/sign-up", follow=True)

    assert f'href="/sign-in?next={link}"' in page
    assert "grace@example.com" in sign_up.content.decode()
    assert client.post(link).status_code == 200


def test_a_link_that_ended_says_so(client: Client, link: str, acme: Organization) -> None:
    queries.open_invitations(acme).update(revoked_at=clock.now())

    answer = client.get(link)

    assert answer.status_code == 404
    assert "does not work any more" in words(answer)


def test_a_token_is_shown_once_with_what_it_may(owner: Client, alice: Membership) -> None:
    made = owner.post("/settings/tokens/new", TOKEN)
    first, second = (owner.get(made["Location"]).content.decode() for _ in range(2))

    token = alice.tokens.get()
    [plaintext] = re.findall(r"hb_[\w-]{43}", first)
    assert queries.live_token(plaintext, clock.now()) == token
    assert not re.search(r"hb_[\w-]{43}", second)
    assert token.scopes == ["monitors:read", "monitors:write", "secrets:read"]
    assert token.expires_at is not None
    assert timedelta(days=89) < token.expires_at - clock.now() <= timedelta(days=90)


def test_a_token_may_be_given_single_rights(owner: Client, alice: Membership) -> None:
    asked = {**TOKEN, "preset": "own", "scopes": ["audit:read"], "expires": "", "daily_limit": "5"}

    owner.post("/settings/tokens/new", asked)

    token = alice.tokens.get()
    assert (token.scopes, token.expires_at, token.daily_mutation_limit) == (["audit:read"], None, 5)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": ""}, "Give the token a name"),
        ({"preset": "own"}, "Tick at least one"),
        ({"daily_limit": "0"}, "greater than or equal to 1"),
        ({"preset": "root"}, "valid choice"),
    ],
)
def test_a_token_that_cannot_be_is_explained(
    change: dict[str, str], said: str, owner: Client, alice: Membership
) -> None:
    page = owner.post("/settings/tokens/new", {**TOKEN, **change})

    assert said in words(page)
    assert not alice.tokens.exists()


def test_a_token_is_revoked_after_asking(owner: Client, alice: Membership) -> None:
    owner.post("/settings/tokens/new", TOKEN)
    path = f"/settings/tokens/{alice.tokens.get().id}/revoke"

    asked, revoked = owner.get(path), owner.post(path, follow=True)

    assert "This cannot be undone" in words(asked)
    assert "is revoked" in words(revoked)
    assert alice.tokens.get().revoked_at is not None


@pytest.mark.parametrize("page", ["tokens", "tokens/new", "webhook-secret/rotate"])
def test_who_signed_in_long_ago_proves_it_again_first(page: str, alice: Membership) -> None:
    browser = sign_in(alice, recent=False)

    answer = browser.get(f"/settings/{page}")

    assert answer.status_code == 302
    assert f"next=%2Fsettings%2F{page.replace('/', '%2F')}" in answer["Location"]


def test_the_webhook_secret_is_shown_once_and_audited(owner: Client, acme: Organization) -> None:
    before = owner.get("/settings/webhook-secret").content.decode()
    owner.post("/settings/webhook-secret/show")
    first, second = (owner.get("/settings/webhook-secret").content.decode() for _ in range(2))

    [secret] = webhooks.opened(webhooks.sealed(organization=acme, now=clock.now()))
    assert [secret.text in page for page in (before, first, second)] == [False, True, False]
    assert AuditEvent.objects.filter(action="READ_WEBHOOK_SECRET").count() == 1


def test_after_a_rotation_both_secrets_are_shown(owner: Client, acme: Organization) -> None:
    [old] = webhooks.opened(webhooks.sealed(organization=acme, now=clock.now()))

    page = owner.post("/settings/webhook-secret/rotate", follow=True).content.decode()

    assert old.text in page
    assert len(set(re.findall(r"whsec_[A-Za-z0-9+/]{43}=", page))) == 2


def test_projects_are_made_renamed_and_deleted_when_empty(
    owner: Client, acme: Organization, alices_monitor: Monitor
) -> None:
    owner.post("/settings/projects/new", {"name": "  Data   platform "})
    made = acme.projects.get(slug="data-platform")
    owner.post(f"/settings/projects/{made.id}/rename", {"name": "Data"})
    full = owner.post(f"/settings/projects/{alices_monitor.project_id}/delete", follow=True)
    made.refresh_from_db()
    empty = owner.post(f"/settings/projects/{made.id}/delete", follow=True)

    assert made.name == "Data"
    assert "still has monitors" in words(full)
    assert "is deleted" in words(empty)
    assert [project.slug for project in acme.projects.all()] == ["default"]


def test_two_projects_cannot_have_one_name(owner: Client, acme: Organization) -> None:
    owner.post("/settings/projects/new", {"name": "Data"})
    other = acme.projects.exclude(name="Data").get()

    again = owner.post("/settings/projects/new", {"name": "data"}, follow=True)
    renamed = owner.post(f"/settings/projects/{other.id}/rename", {"name": "Data"}, follow=True)

    assert "Another project has this name" in words(again)
    assert "Another project has this name" in words(renamed)
    assert acme.projects.filter(name__iexact="data").count() == 1


def test_a_new_token_says_which_presets_are_more_than_the_role_allows(owner: Client, bob: Membership) -> None:
    too_much = "your role does not allow all of it"

    owners, members = (words(browser.get("/settings/tokens/new")) for browser in (owner, sign_in(bob)))

    assert too_much not in owners
    assert members.count(too_much) == 1, "a member reads no ping URLs"


def test_the_audit_log_is_filtered_by_action_person_and_day(
    owner: Client, alice: Membership, alices_monitor: Monitor
) -> None:
    owner.post(f"/monitors/{alices_monitor.id}/pause")
    today = f"{clock.now():%Y-%m-%d}"

    page = words(
        owner.get("/settings/audit-log", {"action": "PAUSE_MONITOR", "actor": alice.user.email, "since": today})
    )
    none = words(owner.get("/settings/audit-log", {"action": "PAUSE_MONITOR", "until": "2020-01-01"}))

    assert f"Pause monitor monitor {alices_monitor.id}" in page
    assert "Nothing of this kind was done" in none


def test_the_audit_log_is_paged(owner: Client, acme: Organization, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accounts.web.organization.audit_log.PAGE_SIZE", 2)
    for number in range(3):
        AuditEvent.objects.create(organization=acme, action="X", resource=f"thing:{number}", created_at=factories.NOON)

    assert "thing 0" in words(owner.get("/settings/audit-log?action=X&page=2"))


def test_an_operator_makes_another_organisation(alice: Membership) -> None:
    alice.user.is_staff = True
    alice.user.save()

    made = sign_in(alice).post("/account/organisation", {"name": "Beta"})

    beta = Organization.objects.get(name="Beta")
    assert made["Location"] == beta.home
    assert beta.memberships.get().role == "owner"


def test_others_make_none_where_registration_is_closed(owner: Client) -> None:
    assert owner.post("/account/organisation", {"name": "Beta"}).status_code == 403


def test_the_list_shows_the_monitors_of_one_project(owner: Client, acme: Organization, alices_monitor: Monitor) -> None:
    owner.post("/settings/projects/new", {"name": "Data"})
    data = acme.projects.get(slug="data")

    owner.post(
        "/monitors/new",
        {
            "name": "import",
            "project": data.id,
            "schedule": "interval",
            "every": "3600",
            "grace": "60",
            "alert_threshold": 1,
        },
    )

    page = words(owner.get("/?project=data"))
    assert "import" in page
    assert alices_monitor.name not in page
    assert "Nothing fits" in words(owner.get("/?project=elsewhere"))


def test_a_monitor_moves_to_another_project_and_never_to_a_foreign_one(
    owner: Client, acme: Organization, alices_monitor: Monitor, charlie: Membership
) -> None:
    owner.post("/settings/projects/new", {"name": "Data"})
    given = {"name": "moved", "schedule": "interval", "every": "3600", "grace": "60", "alert_threshold": 1}
    foreign = charlie.organization.projects.get()
    path = f"/monitors/{alices_monitor.id}/edit"

    refused = owner.post(path, {**given, "project": foreign.id})
    moved = owner.post(path, {**given, "project": acme.projects.get(slug="data").id})

    alices_monitor.refresh_from_db()
    assert (refused.status_code, moved.status_code) == (200, 302)
    assert alices_monitor.project.slug == "data"

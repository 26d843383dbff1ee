"""An organisation with a row of everything. All that its rows say has a canary in it, which nobody else may see."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from accounts import invitations, operations, passkeys, sessions, webhooks
from accounts.domain.actor import Actor
from accounts.domain.roles import Role
from accounts.models import BrowserSession, Membership, Organization, Project
from alerts import operations as alerts_operations
from alerts.models import Attempt, Channel, Delivery, Subscription
from monitors import badges, boards, feeds
from monitors.models import Incident, Monitor
from tests import factories
from tests.accounts.authenticator import SoftPasskey
from tests.web.conftest import sign_in

ROLES = {"owner": "alice", "admin": "adam", "member": "bob", "viewer": "vera"}
ABSENT = 999_999
UNRELATED = "webhooks:write"
"""The one scope that no call is content with."""


@dataclass(frozen=True)
class House:
    """An organisation. `ids` are its rows, by the names that routes give them; `secrets` is what only its own may read;
    `members` are by role, and `guest` is a viewer with whom something can be done."""

    canary: str
    organization: Organization
    members: dict[str, Membership]
    ids: dict[str, int | str]
    secrets: tuple[str, ...]


def build(canary: str) -> House:
    """Make a house; `canary` is a word of letters."""
    organization = factories.organization(f"{canary} Ltd")
    organization.slug = f"{canary}-ltd"
    organization.save()
    members = {role: _member(organization, role, f"{canary}-{name}") for role, name in ROLES.items()}
    guest = _member(organization, "viewer", f"{canary}-guest")
    by, now = operations.actor_of(members["owner"]), datetime.now(UTC)
    made = factories.created(organization, name=f"{canary} nightly", description=canary, tags=[canary], now=now)
    ids: dict[str, int | str] = {
        "monitor_id": made.monitor.id,
        **_incident(made.monitor, canary, by, now),
        **_account(members["owner"], canary, by, now),
        **_shared(made.monitor, by, now),
        **_board(made.monitor, canary, by, now),
        "member_id": guest.id,
        "kind": "email",
        "key": "wrong",
        "uidb36": "wrong",
    }
    signing = webhooks.read(organization=organization, by=by, now=now)[0]
    return House(canary, organization, members, ids, (canary, made.secrets.token, signing.text, str(ids["feed_key"])))


def _member(organization: Organization, role: str, name: str) -> Membership:
    user = factories.member(organization, role, name)
    return Membership.objects.select_related("user", "organization__plan").get(user=user)


def _incident(monitor: Monitor, canary: str, by: Actor, now: datetime) -> dict[str, int | str]:
    """A ping, an open incident, and a channel that could not be told."""
    ping = monitor.pings.create(received_at=now, kind="success", method="POST", body_head=canary.encode(), body_size=6)
    incident = factories.incident(monitor)
    channel = _channel(monitor, canary, by, now)
    delivery = _dead_letter(incident, channel, canary, now)
    ids: dict[str, int | str] = {"incident_id": incident.id, "ping_id": ping.id}
    return ids | {"channel_id": channel.id, "delivery_id": delivery.id}


def _channel(monitor: Monitor, canary: str, by: Actor, now: datetime) -> Channel:
    channel = alerts_operations.create_channel(
        organization=monitor.organization, kind="email", name=f"{canary} mail",
        config={"to": f"{canary}@example.com"}, by=by, now=now,
    )  # fmt: skip
    Subscription.objects.create(monitor=monitor, channel=channel)
    return channel


def _dead_letter(incident: Incident, channel: Channel, canary: str, now: datetime) -> Delivery:
    delivery = Delivery.objects.create(
        event=incident.events.get(), incident=incident, channel=channel, status="dead", tries=1,
        created_at=now, first_tried_at=now, last_error=canary,
    )  # fmt: skip
    Attempt.objects.create(delivery=delivery, at=now, is_ok=False, duration_ms=1, error=canary, excerpt=canary)
    return delivery


def _account(owner: Membership, canary: str, by: Actor, now: datetime) -> dict[str, int | str]:
    """A token, a session and a passkey of the owner's, an invitation, and a project."""
    organization = owner.organization
    token = operations.mint_token(membership=owner, name=canary, by=by, now=now).token
    invitation = invitations.invite(
        organization=organization, email=f"{canary}-new@example.com", role=Role.VIEWER, by=by, now=now
    )
    project = Project.objects.create(organization=organization, name=canary, slug=canary, created_at=now)
    session = BrowserSession.objects.create(
        digest=sessions.digest_of(canary), user=owner.user, envelope="", ip="192.0.2.7", user_agent=canary,
        created_at=now, seen_at=now, expires_at=now + timedelta(days=1),
    )  # fmt: skip
    options, _ = passkeys.ask_to_add(owner.user, now=now)
    passkey = passkeys.add(owner.user, name=canary, credential=json.loads(SoftPasskey().make(options)))
    return {
        "token_id": token.id,
        "invite_id": invitation.id,
        "invitation_id": invitation.id,
        "project_id": project.id,
        "project": project.slug,
        "code": invitations.code(invitation),
        "digest": session.digest,
        "pk": passkey.pk,
    }


def _shared(monitor: Monitor, by: Actor, now: datetime) -> dict[str, int | str]:
    """What opens by a link alone."""
    badge = badges.switch_on(monitor=monitor, by=by, now=now)
    key = feeds.switch_on(organization=monitor.organization, by=by, now=now)
    return {"badge_id": badge.id, "public_id": badge.public_id, "feed_key": key}


def _board(monitor: Monitor, canary: str, by: Actor, now: datetime) -> dict[str, int | str]:
    """A board with two widgets."""
    board = boards.create(organization=monitor.organization, name=f"{canary} board", by=by, now=now)
    boards.add(board=board, kind="status", monitor=monitor, by=by, now=now)
    widget = boards.add(board=board, kind="last_seen", monitor=monitor, by=by, now=now)
    return {"board_id": board.id, "widget_id": widget.id}


def filled(path: str, house: House) -> str:
    """A route's text with the ids of a house."""
    for name, value in house.ids.items():
        path = path.replace(f"<{name}>", str(value))
    assert "<" not in path, f"tests/tenancy/houses.py has nothing for {path}: add it to `ids`."
    return path


def nothing(house: House) -> House:
    """The same house, but none of its ids is there."""
    absent = {name: ABSENT if isinstance(value, int) else "no-such-one" for name, value in house.ids.items()}
    return House(house.canary, house.organization, {}, absent, ())


def expired(membership: Membership) -> str:
    """A token that was good until a minute ago."""
    now = datetime.now(UTC)
    by = operations.actor_of(membership)
    minted = operations.mint_token(membership=membership, name="old", by=by, now=now)
    minted.token.expires_at = now - timedelta(minutes=1)
    minted.token.save()
    return minted.plaintext


def revoked(membership: Membership) -> str:
    """A token that was taken back."""
    by, now = operations.actor_of(membership), datetime.now(UTC)
    minted = operations.mint_token(membership=membership, name="lost", by=by, now=now)
    operations.revoke_token(token=minted.token, by=by, now=now)
    return minted.plaintext


def token(membership: Membership, *scopes: str) -> str:
    """A token that works; without scopes it may all that its member may."""
    by, now = operations.actor_of(membership), datetime.now(UTC)
    return operations.mint_token(membership=membership, name="tool", scopes=scopes or None, by=by, now=now).plaintext


def session(membership: Membership, *, recent: bool = True) -> str:
    """The key of a browser's session."""
    return str(sign_in(membership, recent=recent).session.session_key)

"""Roles, leaving and removing: the last owner stays, and nobody reaches above themselves."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Barrier

import pytest
from django.db import connections

from accounts import invitations, members, operations, queries, ranks
from accounts.domain.actor import SYSTEM, Actor
from accounts.domain.roles import Role
from accounts.models import AccessToken, AuditEvent, Invitation, Membership, Organization
from tests import factories

pytestmark = pytest.mark.django_db


def by(member: Membership) -> Actor:
    return operations.actor_of(member)


def role_of(member: Membership) -> str:
    return Membership.objects.get(id=member.id).role


@pytest.mark.parametrize(
    ("actor", "target", "role"),
    [
        pytest.param("adam", "bob", Role.OWNER, id="an admin makes no owners"),
        pytest.param("adam", "alice", Role.ADMIN, id="an admin does not demote owners"),
        pytest.param("adam", "adam", Role.OWNER, id="an admin does not raise himself"),
        pytest.param("bob", "bob", Role.ADMIN, id="a member does not raise himself"),
        pytest.param("bob", "adam", Role.VIEWER, id="a member does not demote admins"),
        pytest.param("charlie", "vera", Role.VIEWER, id="an outsider does nothing"),
    ],
)
def test_nobody_reaches_above_themselves(
    actor: str, target: str, role: Role, now: datetime, request: pytest.FixtureRequest
) -> None:
    acting, changed = request.getfixturevalue(actor), request.getfixturevalue(target)
    Membership.objects.filter(id=changed.id, role="viewer").update(role="member")
    before = role_of(changed)

    with pytest.raises(ranks.Outranked):
        members.change_role(membership=changed, role=role, by=by(acting), now=now)

    assert role_of(changed) == before


def test_an_owner_makes_another_owner_and_steps_down(alice: Membership, adam: Membership, now: datetime) -> None:
    members.change_role(membership=adam, role=Role.OWNER, by=by(alice), now=now)
    members.change_role(membership=alice, role=Role.VIEWER, by=by(alice), now=now)

    assert (role_of(adam), role_of(alice)) == ("owner", "viewer")
    event = AuditEvent.objects.filter(action="UPDATE_MEMBER").latest("id")
    assert event.meta["diff"] == {"role": {"from": "owner", "to": "viewer"}}


def test_the_last_owner_neither_steps_down_nor_leaves(alice: Membership, adam: Membership, now: datetime) -> None:
    with pytest.raises(members.LastOwner):
        members.change_role(membership=alice, role=Role.ADMIN, by=by(alice), now=now)
    with pytest.raises(members.LastOwner):
        members.remove(membership=alice, by=by(alice), now=now)

    assert role_of(alice) == "owner"


def test_an_owner_who_cannot_sign_in_is_none(alice: Membership, adam: Membership, now: datetime) -> None:
    members.change_role(membership=adam, role=Role.OWNER, by=by(alice), now=now)
    adam.user.is_active = False
    adam.user.save()

    with pytest.raises(members.LastOwner):
        members.remove(membership=alice, by=by(alice), now=now)


def test_removing_a_member_ends_their_tokens_and_keeps_a_snapshot(
    alice: Membership, bob: Membership, now: datetime
) -> None:
    minted = operations.mint_token(membership=bob, name="ci", by=by(bob), now=now)

    members.remove(membership=bob, by=by(alice), now=now)

    assert queries.live_token(minted.plaintext, now) is None
    assert not AccessToken.objects.filter(membership=bob.id).exists()
    event = AuditEvent.objects.get(action="REMOVE_MEMBER")
    assert event.meta["snapshot"] == {"email": bob.user.email, "role": "member", "tokens": [minted.token.prefix]}


def test_removing_twice_changes_nothing(alice: Membership, bob: Membership, now: datetime) -> None:
    members.remove(membership=bob, by=by(alice), now=now)
    members.remove(membership=bob, by=by(alice), now=now)

    assert AuditEvent.objects.filter(action="REMOVE_MEMBER").count() == 1


def test_a_viewer_may_leave(vera: Membership, now: datetime) -> None:
    members.remove(membership=vera, by=by(vera), now=now)

    assert not Membership.objects.filter(id=vera.id).exists()
    assert AuditEvent.objects.get(action="LEAVE_ORGANIZATION").actor_email == vera.user.email


@pytest.mark.parametrize(("own", "left"), [(Role.MEMBER, []), (None, [])], ids=["made a member", "removed"])
def test_invitations_die_with_the_standing_of_who_sent_them(
    own: Role | None, left: list[str], acme: Organization, alice: Membership, adam: Membership, now: datetime
) -> None:
    invitations.invite(organization=acme, email="sock@example.com", role=Role.ADMIN, by=by(adam), now=now)
    kept = invitations.invite(organization=acme, email="grace@example.com", role=Role.ADMIN, by=by(alice), now=now)

    if own:
        members.change_role(membership=adam, role=own, by=by(alice), now=now)
    else:
        members.remove(membership=adam, by=by(alice), now=now)

    assert list(queries.open_invitations(acme)) == [kept]


def test_an_owner_made_admin_takes_back_only_what_is_above_an_admin(
    acme: Organization, alice: Membership, adam: Membership, now: datetime
) -> None:
    members.change_role(membership=adam, role=Role.OWNER, by=by(alice), now=now)
    for role in (Role.OWNER, Role.VIEWER):
        invitations.invite(organization=acme, email=f"{role}@example.com", role=role, by=by(adam), now=now)

    members.change_role(membership=adam, role=Role.ADMIN, by=by(alice), now=now)

    assert [each.role for each in Invitation.objects.filter(revoked_at=None)] == ["viewer"]


@pytest.mark.django_db(transaction=True)
def test_two_owners_who_demote_each_other_at_once_leave_one(now: datetime) -> None:
    acme = factories.organization("Acme")
    owners = [Membership.objects.get(user=factories.member(acme, "owner", name)) for name in ("ada", "grace")]
    start = Barrier(2)

    def demote(mine: int) -> str:
        start.wait()
        try:
            members.change_role(membership=owners[1 - mine], role=Role.VIEWER, by=by(owners[mine]), now=now)
        except (members.LastOwner, ranks.Outranked) as refusal:
            return type(refusal).__name__
        finally:
            connections.close_all()
        return "done"

    with ThreadPoolExecutor(2) as pool:
        outcomes = sorted(pool.map(demote, range(2)))

    assert outcomes == ["Outranked", "done"]
    assert Membership.objects.filter(organization=acme, role="owner").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_owners_who_leave_at_once_leave_one(now: datetime) -> None:
    acme = factories.organization("Acme")
    owners = [Membership.objects.get(user=factories.member(acme, "owner", name)) for name in ("ada", "grace")]
    start = Barrier(2)

    def leave(owner: Membership) -> str:
        start.wait()
        try:
            members.remove(membership=owner, by=by(owner), now=now)
        except members.LastOwner:
            return "stayed"
        finally:
            connections.close_all()
        return "left"

    with ThreadPoolExecutor(2) as pool:
        outcomes = sorted(pool.map(leave, owners))

    assert outcomes == ["left", "stayed"]


def test_heartbeet_itself_may_do_all(bob: Membership, now: datetime) -> None:
    members.change_role(membership=bob, role=Role.OWNER, by=SYSTEM, now=now)

    assert role_of(bob) == "owner"

"""Seats offered by e-mail: signed links that end, and whom they let in."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail

from accounts import invitations, operations, queries, ranks
from accounts.domain.actor import SYSTEM, Actor
from accounts.domain.roles import Role
from accounts.models import AuditEvent, Invitation, Membership, Organization, User
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def grace(db: None) -> User:
    return User.objects.create_user("grace@example.com", "correct horse battery")


def by(user: User) -> Actor:
    return Actor(user_id=user.id, email=user.email)


def invite(acme: Organization, now: datetime, **given: Any) -> Invitation:
    values = {"email": "grace@example.com", "role": Role.MEMBER, "by": SYSTEM, **given}
    return invitations.invite(organization=acme, now=now, **values)


def accept(invitation: Invitation, user: User, now: datetime) -> Membership:
    return invitations.accept(code=invitations.code(invitation), user=user, by=by(user), now=now)


def test_the_letter_carries_a_link_that_lets_its_reader_in(
    acme: Organization, alice: Membership, grace: User, now: datetime
) -> None:
    invite(acme, now, email=" Grace@Example.com ", by=by(alice.user))

    [letter] = mail.outbox
    [code] = re.findall(r"/invitations/(\S+)", str(letter.body))
    joined = invitations.accept(code=code, user=grace, by=by(grace), now=now)
    assert letter.to == ["grace@example.com"]
    assert alice.user.email in str(letter.body)
    assert (joined.organization, joined.role) == (acme, "member")
    actions = list(AuditEvent.objects.order_by("id").values_list("action", "actor_email"))
    assert actions == [("CREATE_INVITATION", alice.user.email), ("ACCEPT_INVITATION", "grace@example.com")]


def test_a_link_works_once(acme: Organization, grace: User, now: datetime) -> None:
    made = invite(acme, now)
    accept(made, grace, now)

    with pytest.raises(invitations.NotOpen):
        accept(made, grace, now)


def test_a_link_works_for_seven_days(acme: Organization, grace: User, now: datetime) -> None:
    made = invite(acme, now)

    with pytest.raises(invitations.NotOpen):
        accept(made, grace, now + timedelta(days=7))
    assert accept(made, grace, now + timedelta(days=7, seconds=-1)).user == grace


def test_a_revoked_link_is_dead(acme: Organization, grace: User, now: datetime) -> None:
    made = invite(acme, now)

    invitations.revoke(invitation=made, by=SYSTEM, now=now)

    with pytest.raises(invitations.NotOpen):
        accept(made, grace, now)


def test_sending_again_ends_the_link_before_and_begins_the_week_anew(
    acme: Organization, grace: User, now: datetime
) -> None:
    made = invite(acme, now)
    first, later = invitations.code(made), now + timedelta(days=6)

    again = invitations.resend(invitation=made, by=SYSTEM, now=later)

    with pytest.raises(invitations.NotOpen):
        invitations.find(first, later)
    assert accept(again, grace, later + timedelta(days=6)).user == grace
    assert len(mail.outbox) == 2


def test_an_expired_invitation_opens_again_when_it_is_sent_again(
    acme: Organization, grace: User, now: datetime
) -> None:
    made, later = invite(acme, now), now + timedelta(days=30)

    again = invitations.resend(invitation=made, by=SYSTEM, now=later)

    assert accept(again, grace, later).user == grace


@pytest.mark.parametrize(
    "damage", [lambda code: code[:-1], lambda code: "2" + code, lambda code: "", lambda code: "a.b.c"]
)
def test_a_link_that_we_did_not_sign_opens_nothing(damage: Any, acme: Organization, now: datetime) -> None:
    made = invite(acme, now)

    with pytest.raises(invitations.NotOpen):
        invitations.find(damage(invitations.code(made)), now)


def test_a_row_alone_is_not_a_link(acme: Organization, now: datetime, settings: Any) -> None:
    """Who reads the database knows id and nonce, and not the key that signs."""
    code = invitations.code(invite(acme, now))

    settings.SECRET_KEY = "another" * 10

    with pytest.raises(invitations.NotOpen):
        invitations.find(code, now)


def test_another_address_is_refused(acme: Organization, charlie: Membership, now: datetime) -> None:
    made = invite(acme, now)

    with pytest.raises(invitations.WrongAddress):
        accept(made, charlie.user, now)

    assert not acme.memberships.filter(user=charlie.user).exists()
    assert queries.open_invitations(acme).count() == 1


def test_a_member_who_accepts_keeps_the_role_they_have(acme: Organization, grace: User, now: datetime) -> None:
    made = invite(acme, now, role=Role.VIEWER)
    Membership.objects.create(user=grace, organization=acme, role="admin", created_at=now)

    assert accept(made, grace, now).role == "admin"


def test_nobody_invites_above_themselves(acme: Organization, adam: Membership, now: datetime) -> None:
    with pytest.raises(ranks.Outranked):
        invite(acme, now, role=Role.OWNER, by=by(adam.user))

    assert mail.outbox == []


@pytest.mark.parametrize("act", ["resend", "revoke"])
def test_an_admin_does_not_touch_an_invitation_of_an_owner(
    act: str, acme: Organization, adam: Membership, now: datetime
) -> None:
    made = invite(acme, now, role=Role.OWNER)

    with pytest.raises(ranks.Outranked):
        getattr(invitations, act)(invitation=made, by=by(adam.user), now=now)


@pytest.mark.parametrize(
    "email", ["", "grace", "grace@", "grace@example.com\nBcc: all@example.com", "gräce@example.com"]
)
def test_what_is_no_address_is_refused(email: str, acme: Organization, now: datetime) -> None:
    with pytest.raises(invitations.BadAddress):
        invite(acme, now, email=email)


def test_one_invitation_is_open_for_an_address(acme: Organization, now: datetime) -> None:
    invite(acme, now)

    with pytest.raises(invitations.AlreadyInvited):
        invite(acme, now, email="GRACE@example.com")
    assert invite(acme, now + timedelta(days=8)).email == "grace@example.com"


def test_the_same_address_may_be_invited_by_several_organisations(acme: Organization, now: datetime) -> None:
    invite(acme, now)

    assert invite(factories.organization("Beta"), now).email == "grace@example.com"


def test_a_member_is_not_invited(acme: Organization, bob: Membership, now: datetime) -> None:
    with pytest.raises(invitations.AlreadyMember):
        invite(acme, now, email=bob.user.email)


def test_there_is_a_limit_to_open_invitations(
    acme: Organization, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invitations, "MAX_OPEN", 1)
    invite(acme, now)

    with pytest.raises(invitations.TooManyOpen):
        invite(acme, now, email="ada@example.com")


def test_the_name_of_an_organisation_cannot_break_the_letter(now: datetime) -> None:
    invite(factories.organization("Evil\r\nBcc: all@example.com & <b>"), now)

    [letter] = mail.outbox
    assert letter.subject == "You are invited to Evil Bcc: all@example.com & <b> on Heartbeet"
    assert "&amp;" not in str(letter.body)


def test_the_actor_is_the_one_who_invites_last(
    acme: Organization, alice: Membership, adam: Membership, now: datetime
) -> None:
    made = invite(acme, now, by=by(alice.user))

    again = invitations.resend(invitation=made, by=operations.actor_of(adam), now=now)

    assert again.invited_by == adam.user

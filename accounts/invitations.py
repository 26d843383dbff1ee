"""Seats offered by e-mail. A link is signed and names its invitation and its nonce, so it can be neither guessed nor
made from a dump of the database; sending it again ends the link before."""

import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.core import mail, signing, validators
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, QuerySet
from django.template.loader import render_to_string

from accounts import audit, queries, ranks
from accounts.domain import roles
from accounts.domain.actor import Actor
from accounts.domain.roles import Role, Scope
from accounts.models import Invitation, Membership, Organization, User

LIFETIME = timedelta(days=7)
MAX_OPEN = 100


class BadAddress(ValueError):
    """Write an e-mail address such as ada@example.com."""


class AlreadyMember(Exception):
    """This person is a member of the organisation already."""


class AlreadyInvited(Exception):
    """This address has an open invitation. Send it again, or revoke it first."""


class TooManyOpen(Exception):
    """Too many invitations are open. Revoke some that nobody needs any more."""


class NotOpen(Exception):
    """This invitation does not work any more: it was used, revoked, sent again or is too old. Ask for a new one."""


class WrongAddress(Exception):
    """This invitation is for another e-mail address than yours."""


@transaction.atomic
def invite(*, organization: Organization, email: str, role: Role, by: Actor, now: datetime) -> Invitation:
    """Offer a seat and send the letter. Raises BadAddress, AlreadyMember, AlreadyInvited, TooManyOpen or
    ranks.Outranked; then nothing was sent."""
    address = _address(email)
    ranks.lock(organization)
    ranks.demand(organization=organization, by=by, over=role)
    _close_expired(organization, now)
    _check_room(organization, address)
    invitation = Invitation.objects.create(
        organization=organization, email=address, role=role, invited_by_id=by.user_id,
        created_at=now, expires_at=now + LIFETIME,
    )  # fmt: skip
    _send(invitation)
    _record("CREATE_INVITATION", invitation, by, now)
    return invitation


@transaction.atomic
def resend(*, invitation: Invitation, by: Actor, now: datetime) -> Invitation:
    """Send a fresh link that works for another week; the one before is dead. The invitation is then from the one who
    sent it again. Raises NotOpen or ranks.Outranked."""
    ranks.lock(invitation.organization)
    ranks.demand(organization=invitation.organization, by=by, over=Role(invitation.role))
    fresh = {"nonce": uuid.uuid4(), "expires_at": now + LIFETIME, "invited_by_id": by.user_id}
    if not _still_open(invitation).update(**fresh):
        raise NotOpen(NotOpen.__doc__)
    invitation.refresh_from_db()
    _send(invitation)
    _record("RESEND_INVITATION", invitation, by, now)
    return invitation


@transaction.atomic
def revoke(*, invitation: Invitation, by: Actor, now: datetime) -> None:
    """End an invitation at once. Revoking twice changes nothing. Raises ranks.Outranked."""
    ranks.lock(invitation.organization)
    ranks.demand(organization=invitation.organization, by=by, over=Role(invitation.role))
    if _still_open(invitation).update(revoked_at=now):
        _record("REVOKE_INVITATION", invitation, by, now)


@transaction.atomic
def withdraw(*, organization: Organization, inviter_id: int, own: Role | None, by: Actor, now: datetime) -> None:
    """Revoke what somebody offered and could not offer any more with the role `own` (None: they are gone)."""
    for invitation in queries.open_invitations(organization).filter(invited_by_id=inviter_id):
        if own is None or not _may_offer(own, Role(invitation.role)):
            _still_open(invitation).update(revoked_at=now)
            _record("REVOKE_INVITATION", invitation, by, now)


@transaction.atomic
def accept(*, code: str, user: User, by: Actor, now: datetime) -> Membership:
    """Take the seat that a link offers. Who is a member already keeps the role they have. Raises NotOpen or
    WrongAddress."""
    offered = find(code, now)
    ranks.lock(offered.organization)
    if offered.email != user.email:
        raise WrongAddress(WrongAddress.__doc__)
    if not _still_open(offered).filter(nonce=offered.nonce).update(accepted_at=now):
        raise NotOpen(NotOpen.__doc__)
    membership, _ = Membership.objects.get_or_create(
        user=user, organization=offered.organization, defaults={"role": offered.role, "created_at": now}
    )
    _record("ACCEPT_INVITATION", offered, by, now)
    return membership


def find(code: str, now: datetime) -> Invitation:
    """The invitation that a link's code opens now, with its organisation and who sent it. Raises NotOpen."""
    try:
        invitation_id, nonce = _signer().unsign(code).split("-")
    except (signing.BadSignature, ValueError) as error:
        raise NotOpen(NotOpen.__doc__) from error
    rows = Invitation.objects.select_related("organization", "invited_by")
    found = rows.filter(id=int(invitation_id), nonce=nonce, accepted_at=None, revoked_at=None, expires_at__gt=now)
    if not (invitation := found.first()):
        raise NotOpen(NotOpen.__doc__)
    return invitation


def link(invitation: Invitation) -> str:
    """The address that accepts an invitation. Whoever has it may prove the invited address with it, so it is for the
    letter; only where no mail server is set up may the inviter see it."""
    return f"{settings.HEARTBEET_SITE_URL}/invitations/{code(invitation)}"


def code(invitation: Invitation) -> str:
    """The signed part of the link."""
    return _signer().sign(f"{invitation.id}-{invitation.nonce.hex}")


def _signer() -> signing.Signer:
    return signing.Signer(sep=".", salt="accounts.invitation")


def _may_offer(own: Role, offered: Role) -> bool:
    return roles.role_allows(own, Scope.MEMBERS_WRITE) and roles.is_within(own, offered)


def _address(text: str) -> str:
    address = text.strip().lower()
    try:
        validators.validate_email(address)
    except ValidationError as error:
        raise BadAddress(BadAddress.__doc__) from error
    if not address.isascii() or len(address) > 254:
        raise BadAddress(BadAddress.__doc__)
    return address


def _close_expired(organization: Organization, now: datetime) -> None:
    """An invitation that nobody took makes room for a new one to the same address."""
    queries.open_invitations(organization).filter(expires_at__lte=now).update(revoked_at=F("expires_at"))


def _check_room(organization: Organization, address: str) -> None:
    if organization.memberships.filter(user__email=address).exists():
        raise AlreadyMember(AlreadyMember.__doc__)
    already = queries.open_invitations(organization)
    if already.filter(email=address).exists():
        raise AlreadyInvited(AlreadyInvited.__doc__)
    if already.count() >= MAX_OPEN:
        raise TooManyOpen(TooManyOpen.__doc__)


def _still_open(invitation: Invitation) -> QuerySet[Invitation]:
    return Invitation.objects.filter(id=invitation.id, accepted_at=None, revoked_at=None)


def _send(invitation: Invitation) -> None:
    words = {
        "organization": " ".join(invitation.organization.name.split()),
        "inviter": invitation.invited_by.email if invitation.invited_by else "",
        "role": invitation.role,
        "link": link(invitation),
        "until": invitation.expires_at,
        "site": settings.HEARTBEET_SITE_URL,
    }
    subject = f"You are invited to {words['organization']} on Heartbeet"
    text = render_to_string("accounts/letters/invitation.txt", words)
    mail.EmailMessage(subject, text, settings.HEARTBEET_MAIL_FROM, [invitation.email]).send()


def _record(action: str, invitation: Invitation, by: Actor, now: datetime) -> None:
    audit.record(
        organization=invitation.organization,
        by=by,
        action=action,
        resource=f"invitation:{invitation.id}",
        meta={"email": invitation.email, "role": invitation.role},
        now=now,
    )

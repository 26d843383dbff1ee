"""What people do with the members of an organisation."""

from datetime import datetime

from django.db import transaction

from accounts import audit, invitations, ranks
from accounts.domain.actor import Actor
from accounts.domain.roles import Role
from accounts.models import Membership


class LastOwner(Exception):
    """An organisation keeps at least one owner. Make somebody else an owner first."""


@transaction.atomic
def change_role(*, membership: Membership, role: Role, by: Actor, now: datetime) -> None:
    """Give a member another role; what their tokens may do follows at once. The invitations that they could not make
    any more are revoked. Raises ranks.Outranked or LastOwner."""
    current = _line_up(membership)
    if current is None or current.role == role:
        return
    for over in (Role(current.role), role):
        ranks.demand(organization=membership.organization, by=by, over=over)
    if current.role == Role.OWNER:
        _check_another_owner(current)
    Membership.objects.filter(id=current.id).update(role=role)
    invitations.withdraw(organization=membership.organization, inviter_id=current.user_id, own=role, by=by, now=now)
    _record("UPDATE_MEMBER", current, by, now, **audit.difference({"role": current.role}, {"role": role.value}))


@transaction.atomic
def remove(*, membership: Membership, by: Actor, now: datetime) -> None:
    """End a membership, one's own or another's: with it go its access tokens, and the invitations it made. Pages are
    closed from the next request on. Raises ranks.Outranked or LastOwner."""
    current = _line_up(membership)
    if current is None:
        return
    is_leaving = current.user_id == by.user_id
    if not is_leaving:
        ranks.demand(organization=membership.organization, by=by, over=Role(current.role))
    if current.role == Role.OWNER:
        _check_another_owner(current)
    invitations.withdraw(organization=membership.organization, inviter_id=current.user_id, own=None, by=by, now=now)
    snapshot = {"email": current.user.email, "role": current.role, "tokens": _tokens(current)}
    _record("LEAVE_ORGANIZATION" if is_leaving else "REMOVE_MEMBER", current, by, now, snapshot=snapshot)
    current.delete()


def _line_up(membership: Membership) -> Membership | None:
    """The membership as it is when it is our turn; None if it is gone."""
    ranks.lock(membership.organization)
    return Membership.objects.select_related("user").filter(id=membership.id).first()


def _check_another_owner(current: Membership) -> None:
    """An owner who cannot sign in is none."""
    owners = Membership.objects.filter(organization=current.organization_id, role=Role.OWNER, user__is_active=True)
    if not owners.exclude(id=current.id).exists():
        raise LastOwner(LastOwner.__doc__)


def _tokens(current: Membership) -> list[str]:
    return list(current.tokens.filter(revoked_at=None).order_by("id").values_list("prefix", flat=True))


def _record(action: str, current: Membership, by: Actor, now: datetime, **meta: object) -> None:
    audit.record(
        organization=current.organization,
        by=by,
        action=action,
        resource=f"member:{current.id}",
        meta={"email": current.user.email, **meta},
        now=now,
    )

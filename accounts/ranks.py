"""Who may act on whom in an organisation. What changes members or invitations asks here first: the organisation's row
is locked, so that each change sees what the one before it left."""

from accounts.domain import roles
from accounts.domain.actor import Actor
from accounts.domain.roles import Role
from accounts.models import Membership, Organization


class Outranked(Exception):
    """Your role in this organisation does not allow this: nobody gives a role above their own, or takes one away."""


def lock(organization: Organization) -> None:
    """Put this transaction in line behind others that change who belongs to the organisation."""
    Organization.objects.select_for_update(no_key=True).get(id=organization.id)


def demand(*, organization: Organization, by: Actor, over: Role) -> None:
    """Raise Outranked unless the actor's own role, as it is now, is at least `over`. Heartbeet itself may do all."""
    if by.user_id is None:
        return
    own = Membership.objects.filter(organization=organization, user_id=by.user_id).first()
    if own is None or not roles.is_within(Role(own.role), over):
        raise Outranked(Outranked.__doc__)

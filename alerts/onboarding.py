"""The first owner of an organisation, and the channel that reaches them."""

from datetime import datetime

from django.db import transaction

from accounts import operations as accounts_operations
from accounts.models import Membership, User
from alerts import operations


@transaction.atomic
def first_owner(*, email: str, password: str, now: datetime) -> Membership:
    """The owner that the environment names. Raises `accounts.operations.AlreadySetUp` if anyone exists."""
    membership = accounts_operations.bootstrap_owner(email=email, password=password, now=now)
    welcome(membership=membership, now=now)
    return membership


@transaction.atomic
def set_up(*, code: str, email: str, password: str, organization_name: str, now: datetime) -> Membership:
    """The owner who followed the setup link. Raises `accounts.operations.AlreadySetUp` or `BadSetupCode`."""
    membership = accounts_operations.use_setup_code(
        code=code, email=email, password=password, organization_name=organization_name, now=now
    )
    welcome(membership=membership, now=now)
    return membership


@transaction.atomic
def found(*, owner: User, name: str, now: datetime) -> Membership:
    """An organisation for someone who has signed up by themselves."""
    membership = accounts_operations.create_organization(name=name, owner=owner, now=now)
    welcome(membership=membership, now=now)
    return membership


def welcome(*, membership: Membership, now: datetime) -> None:
    """Give an organisation its default channel: e-mail to its owner."""
    operations.create_channel(
        organization=membership.organization,
        kind="email",
        name=membership.user.email,
        config={"to": membership.user.email},
        is_default=True,
        by=accounts_operations.actor_of(membership),
        now=now,
    )

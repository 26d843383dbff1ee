"""Who a provider of single sign-on lets in, and as whom.

A person is known by issuer and subject. The first time, the verified address links them to the account that has it, to
an invitation that waits for it, or, where the operator says so, makes a new member. Everybody else stays outside, and
nothing is made for them.
"""

from datetime import datetime

from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.db import transaction

from accounts import audit, factors, identity, invitations, queries
from accounts.domain.actor import Actor
from accounts.models import Membership, Organization, User
from accounts.oidc import Vouched


class NotAdmitted(Exception):
    """You are not let in."""


class AddressNotVerified(NotAdmitted):
    """The provider does not say that your e-mail address is verified, so it cannot stand for an account here."""


class Unknown(NotAdmitted):
    """Nobody here knows you. Ask an administrator for an invitation to the address that you have at the provider."""


class Deactivated(NotAdmitted):
    """Your account here is deactivated."""


@transaction.atomic
def admit(*, who: Vouched, by: Actor, now: datetime) -> User:
    """The person behind `who`, made a member first if that is due. Raises NotAdmitted; then nothing was changed. `by`
    is where the request came from; the person is filled in."""
    account = SocialAccount.objects.filter(provider=who.issuer, uid=who.subject).select_related("user").first()
    user = account.user if account else _meet(who, by, now)
    if not user.is_active:
        raise Deactivated(Deactivated.__doc__)
    return user


def _meet(who: Vouched, by: Actor, now: datetime) -> User:
    """The first time that the provider sends this person."""
    if not who.email:
        raise AddressNotVerified(AddressNotVerified.__doc__)
    user = User.objects.select_for_update(no_key=True).filter(email=who.email).first()
    if user and not user.is_active:
        raise Deactivated(Deactivated.__doc__)
    if user is None:
        _demand_place(who, now)
        user = User.objects.create_user(who.email, None, name=who.name)
    actor = _as(user, by)
    _prove_address(user, actor, now)
    SocialAccount.objects.create(user=user, provider=who.issuer, uid=who.subject)
    _seat(user, actor, now)
    happened, meta = f"{settings.HEARTBEET_OIDC_NAME} can sign you in from now on", {"issuer": who.issuer}
    identity.record_and_tell(user=user, by=actor, action="SIGN_ON_LINKED", happened=happened, meta=meta, now=now)
    return user


def _demand_place(who: Vouched, now: datetime) -> None:
    if not _default_role() and not queries.waiting_invitations(who.email, now).exists():
        raise Unknown(Unknown.__doc__)


def _seat(user: User, by: Actor, now: datetime) -> None:
    """Accept the invitations that wait for this address; without any membership, join the first organisation."""
    for invitation in queries.waiting_invitations(user.email, now):
        invitations.accept(code=invitations.code(invitation), user=user, by=by, now=now)
    role = _default_role()
    if role and not user.memberships.exists() and (home := Organization.objects.order_by("id").first()):
        Membership.objects.create(user=user, organization=home, role=role, created_at=now)
        meta = {"email": user.email, "role": role}
        audit.record(
            organization=home, by=by, action="CREATE_MEMBERSHIP", resource=f"user:{user.id}", meta=meta, now=now
        )


def _prove_address(user: User, by: Actor, now: datetime) -> None:
    """The provider's word counts as a confirmed address. Whoever made the account without confirming it may be a
    stranger who waited for this moment: their password, sessions and factors go."""
    if EmailAddress.objects.filter(user=user, email=user.email, verified=True).exists():
        return
    user.set_unusable_password()
    user.save(update_fields=["password"])
    identity.end_other_sessions(user=user, keep="", by=by, now=now)
    factors.reset(user=user, by=by, now=now)
    User.objects.vouch(user)


def _default_role() -> str:
    role: str = settings.HEARTBEET_OIDC_ROLE
    return role


def _as(user: User, by: Actor) -> Actor:
    return Actor(user_id=user.id, email=user.email, ip=by.ip, user_agent=by.user_agent)

"""Changes to people, organisations and access tokens."""

import hashlib
import math
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from django.db import transaction
from django.db.models import F

from accounts import audit, queries
from accounts.domain import tokens
from accounts.domain.actor import Actor
from accounts.domain.roles import Role
from accounts.models import AccessToken, Membership, MutationCount, Organization, Plan, Project, SetupCode, User
from heartbeet.lib import slugs


class AlreadySetUp(Exception):
    """This Heartbeet already has its owner. Sign in instead."""


class BadSetupCode(Exception):
    """This setup link is not valid. The command heartbeet setup prints a new one."""


class BadGrant(Exception):
    """This access token cannot be made as asked for."""

    def __init__(self, fields: dict[str, str]) -> None:
        super().__init__(BadGrant.__doc__)
        self.fields = fields


class DailyLimitReached(Exception):
    """The access token has used up its changes for today."""

    def __init__(self, resets_at: datetime, retry_after_sec: int) -> None:
        super().__init__(f"{DailyLimitReached.__doc__} It may change things again from {resets_at:%Y-%m-%d %H:%M} UTC.")
        self.retry_after_sec = retry_after_sec


@dataclass(frozen=True, slots=True)
class Spent:
    """What a token's daily limit has left."""

    limit: int
    remaining: int
    resets_at: datetime


@dataclass(frozen=True, slots=True)
class Minted:
    """A new access token and its text, which is shown once and kept nowhere."""

    token: AccessToken
    plaintext: str = field(repr=False)


def actor_of(membership: Membership) -> Actor:
    """The actor for a change made in a person's name by a command or at first start."""
    return Actor(user_id=membership.user_id, email=membership.user.email)


@transaction.atomic
def create_organization(*, name: str, owner: User, now: datetime) -> Membership:
    """Make an organisation with its default project, and `owner` its owner. The slug is the first free one."""
    plan = queries.default_plan()
    organization = slugs.first_free(
        name,
        lambda slug: Organization.objects.create(name=name, slug=slug, plan=plan, created_at=now),
        nameless="organisation",
    )
    Project.objects.create(organization=organization, name="Default", slug="default", created_at=now)
    membership = Membership.objects.create(user=owner, organization=organization, role=Role.OWNER, created_at=now)
    audit.record(
        organization=organization,
        by=actor_of(membership),
        action="CREATE_ORGANIZATION",
        resource=f"organization:{organization.id}",
        meta={"name": name},
        now=now,
    )
    return membership


@transaction.atomic
def bootstrap_owner(*, email: str, password: str, now: datetime, organization_name: str = "") -> Membership:
    """Make the first person, who owns the first organisation and operates this installation (Django admin).

    Raises AlreadySetUp if anyone exists. Two processes that start at once are in line for the plan's row, so the
    second one sees what the first one made.
    """
    Plan.objects.select_for_update().get(id=queries.default_plan().id)
    if queries.anyone_exists():
        raise AlreadySetUp(AlreadySetUp.__doc__)
    owner = User.objects.create_superuser(email, password)
    SetupCode.objects.all().delete()
    return create_organization(name=organization_name.strip() or "My organisation", owner=owner, now=now)


def make_setup_code(now: datetime) -> str:
    """A new code for the `/setup` link. Earlier codes stay valid, for another process may just have printed one; the
    first use of any ends them all."""
    code = secrets.token_urlsafe(32)
    SetupCode.objects.create(digest=_setup_digest(code), created_at=now)
    return code


def is_setup_code(code: str) -> bool:
    """Whether `code` opens the setup page now."""
    return SetupCode.objects.filter(digest=_setup_digest(code)).exists() and not queries.anyone_exists()


@transaction.atomic
def use_setup_code(*, code: str, email: str, password: str, now: datetime, organization_name: str = "") -> Membership:
    """Make the first owner with a code from `make_setup_code`. Raises AlreadySetUp or BadSetupCode."""
    if not is_setup_code(code):
        if queries.anyone_exists():  # asked last, for the one who was faster has taken the code away
            raise AlreadySetUp(AlreadySetUp.__doc__)
        raise BadSetupCode(BadSetupCode.__doc__)
    return bootstrap_owner(email=email, password=password, organization_name=organization_name, now=now)


@transaction.atomic
def mint_token(
    *,
    membership: Membership,
    name: str,
    scopes: Sequence[str] | None = None,
    expires_at: datetime | None = None,
    daily_mutation_limit: int | None = None,
    minted_by: AccessToken | None = None,
    by: Actor,
    now: datetime,
) -> Minted:
    """Make an access token for a membership. What is not given is as the token that asks (`minted_by`) has it;
    without one it is everything, for ever.

    Raises BadGrant if it would out-scope, outlive or out-cap `minted_by`, or asks for an unknown scope, or if
    `minted_by` was revoked meanwhile or is the last of its line.
    """
    if minted_by:
        _check_line(minted_by)
    parent = _grant_of(minted_by)
    wanted = parent.narrowed(scopes=scopes, expires_at=expires_at, daily_mutation_limit=daily_mutation_limit)
    if problems := tokens.problems(name, wanted, parent, now):
        raise BadGrant(problems)
    minted = _insert_token(membership, minted_by, name, wanted, now)
    _record_token("CREATE_ACCESS_TOKEN", minted.token, by, now)
    return minted


@transaction.atomic
def revoke_token(*, token: AccessToken, by: Actor, now: datetime) -> None:
    """End a token at once, and with it all tokens that it minted, for none may outlive its parent."""
    if AccessToken.objects.filter(id=token.id, revoked_at=None).update(revoked_at=now):
        _record_token("REVOKE_ACCESS_TOKEN", token, by, now)
    for child in AccessToken.objects.filter(minted_by=token, revoked_at=None).select_related("membership"):
        revoke_token(token=child, by=by, now=now)


def touch_token(*, token: AccessToken, now: datetime) -> None:
    """Note that a token was used, at most once a minute."""
    if queries.is_token_touch_due(token, now):
        AccessToken.objects.filter(id=token.id).update(last_used_at=now)


def spend_mutations(*, token: AccessToken, count: int, now: datetime) -> Spent:
    """Take `count` changes (0 just looks) off a token's limit of this UTC day, and off those of the tokens that it
    descends from, for minting must not multiply a limit. Raises DailyLimitReached."""
    line = _line(token)
    day = now.astimezone(UTC).date()
    resets_at = datetime.combine(day + timedelta(days=1), time(), UTC)
    if count and not all(_spend(each, day, count) for each in line):
        raise DailyLimitReached(resets_at, math.ceil((resets_at - now).total_seconds()))
    return Spent(limit=_limit(token), remaining=min(_left(each, day) for each in line), resets_at=resets_at)


def _limit(token: AccessToken) -> int:
    return token.daily_mutation_limit or tokens.DEFAULT_DAILY_MUTATIONS


def _left(token: AccessToken, day: date) -> int:
    used = MutationCount.objects.filter(token=token, day=day).values_list("count", flat=True).first() or 0
    return max(0, _limit(token) - used)


def _spend(token: AccessToken, day: date, count: int) -> bool:
    room = MutationCount.objects.filter(token=token, day=day, count__lte=_limit(token) - count)
    if room.update(count=F("count") + count):
        return True
    _, is_first = MutationCount.objects.get_or_create(token=token, day=day)
    if is_first:
        MutationCount.objects.filter(token=token, day__lt=day).delete()
    return bool(room.update(count=F("count") + count))


def _setup_digest(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()


def _line(token: AccessToken) -> list[AccessToken]:
    """A token, the one that minted it, and so on up to the one that nobody minted."""
    line = [token]
    while parent := line[-1].minted_by:
        line.append(parent)
    return line


def _check_line(asking: AccessToken) -> None:
    """Lock the token that asks, so that it is not revoked beside us and leaves an heir. Raises BadGrant."""
    if not AccessToken.objects.select_for_update(no_key=True).filter(id=asking.id, revoked_at=None).first():
        raise BadGrant({"": "The token that asks has been revoked."})
    if len(_line(asking)) >= tokens.MAX_GENERATIONS:
        raise BadGrant({"": f"Tokens can be handed on {tokens.MAX_GENERATIONS - 1} times: mint it with an older one."})


def _grant_of(token: AccessToken | None) -> tokens.Grant:
    if token is None:
        return tokens.EVERYTHING
    return tokens.Grant(tuple(token.scopes), token.expires_at, token.daily_mutation_limit)


def _insert_token(
    membership: Membership, minted_by: AccessToken | None, name: str, grant: tokens.Grant, now: datetime
) -> Minted:
    plaintext = tokens.generate()
    token = AccessToken.objects.create(
        membership=membership,
        minted_by=minted_by,
        name=name,
        digest=tokens.digest(plaintext),
        prefix=tokens.prefix(plaintext),
        scopes=list(grant.scopes),
        expires_at=grant.expires_at,
        daily_mutation_limit=grant.daily_mutation_limit,
        created_at=now,
    )
    return Minted(token, plaintext)


def _record_token(action: str, token: AccessToken, by: Actor, now: datetime) -> None:
    audit.record(
        organization=token.membership.organization,
        by=by,
        action=action,
        resource=f"access-token:{token.id}",
        meta={"name": token.name, "scopes": token.scopes},
        now=now,
    )

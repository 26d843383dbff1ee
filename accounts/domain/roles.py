"""What each role may do, and which token scope each thing needs."""

from collections.abc import Iterable
from enum import StrEnum


class Role(StrEnum):
    """A member's place in the organisation, strongest first."""

    OWNER = "owner"
    ADMIN = "admin"
    MEMBER = "member"
    VIEWER = "viewer"


class Scope(StrEnum):
    """What an access token can be allowed; `*` and `monitors:*` style wildcards cover several."""

    MONITORS_READ = "monitors:read"
    MONITORS_WRITE = "monitors:write"
    SECRETS_READ = "secrets:read"
    INCIDENTS_READ = "incidents:read"
    INCIDENTS_WRITE = "incidents:write"
    CHANNELS_READ = "channels:read"
    CHANNELS_WRITE = "channels:write"
    AUDIT_READ = "audit:read"
    TOKENS_WRITE = "tokens:write"
    MEMBERS_READ = "members:read"
    MEMBERS_WRITE = "members:write"
    WEBHOOKS_READ = "webhooks:read"
    WEBHOOKS_WRITE = "webhooks:write"


_VIEWER = {Scope.MONITORS_READ, Scope.INCIDENTS_READ, Scope.CHANNELS_READ, Scope.MEMBERS_READ}
_MEMBER = _VIEWER | {Scope.MONITORS_WRITE, Scope.INCIDENTS_WRITE, Scope.CHANNELS_WRITE, Scope.TOKENS_WRITE}
_ALLOWED: dict[Role, set[Scope]] = {
    Role.VIEWER: _VIEWER | {Scope.TOKENS_WRITE},
    Role.MEMBER: _MEMBER,
    Role.ADMIN: set(Scope),
    Role.OWNER: set(Scope),
}


def role_allows(role: Role, scope: Scope) -> bool:
    """Whether a member of this role may do what `scope` names."""
    return scope in _ALLOWED[role]


def is_within(own: Role, other: Role) -> bool:
    """Whether `other` is no stronger than `own`: nobody gives a role above their own, nor touches who has one."""
    order = list(Role)
    return order.index(own) <= order.index(other)


def at_most(own: Role) -> list[Role]:
    """The roles that someone with `own` may give, strongest first."""
    return [role for role in Role if is_within(own, role)]


def manages(role: Role) -> bool:
    """Whether a member of this role sets the organisation's name and rules."""
    return is_within(role, Role.ADMIN)


def scopes_allow(granted: Iterable[str], scope: Scope) -> bool:
    """Whether a token's scopes cover `scope`, directly or by a wildcard."""
    return scopes_cover(granted, scope.value)


def is_scope(text: str) -> bool:
    """Whether `text` can stand in a token's list of scopes."""
    areas = {scope.value.partition(":")[0] for scope in Scope}
    return text == "*" or text in set(Scope) or (text.endswith(":*") and text[:-2] in areas)


def scopes_cover(granted: Iterable[str], wanted: str) -> bool:
    """Whether a token with `granted` may hand on `wanted`, which may itself be a wildcard."""
    area = wanted.partition(":")[0]
    return not {"*", f"{area}:*", wanted}.isdisjoint(granted)

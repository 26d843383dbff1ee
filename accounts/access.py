"""Who asks, and whether they may: the membership behind a request, by browser session or by access token."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from django.conf import settings
from django.http import HttpRequest

from accounts import queries
from accounts.domain import roles
from accounts.domain.actor import Actor
from accounts.domain.roles import Role, Scope
from accounts.models import AccessToken, Membership, Organization, User
from heartbeet.lib import client, zones

_ZONE = "zone"
_CHOSEN = "organization_id"
_CACHE = "_heartbeet_access"
_ENTERED = "_heartbeet_organization"
_MEMBERSHIPS = "_heartbeet_memberships"


class NotAuthenticated(Exception):
    """Sign in, or send a personal access token as `Authorization: Bearer hb_…`."""


class NotAllowed(Exception):
    """You may not do this."""


class RoleInsufficient(NotAllowed):
    """Your role in this organisation does not allow this."""


class ScopeInsufficient(NotAllowed):
    """The access token does not have the scope that this needs."""


@dataclass(frozen=True, slots=True)
class Access:
    """One person in one organisation, asking. `token` is None in a browser session; `zone` is the time zone in which
    they read times."""

    membership: Membership
    actor: Actor
    token: AccessToken | None = None
    zone: str = "UTC"

    @property
    def organization(self) -> Organization:
        return self.membership.organization

    @property
    def user(self) -> User:
        return self.membership.user

    @property
    def role(self) -> Role:
        return Role(self.membership.role)

    @property
    def scopes(self) -> Sequence[str]:
        """What the token was granted; a browser session is not limited by scopes."""
        return self.token.scopes if self.token else ("*",)

    def allows(self, scope: Scope) -> bool:
        """Whether both the role and the token allow this."""
        return roles.role_allows(self.role, scope) and roles.scopes_allow(self.scopes, scope)

    def allows_reveal(self) -> bool:
        """Whether ping URLs may be revealed: by owners and admins, and by members where the organisation says so."""
        opened = self.role is Role.MEMBER and self.organization.members_may_reveal
        return (opened or roles.role_allows(self.role, Scope.SECRETS_READ)) and roles.scopes_allow(
            self.scopes, Scope.SECRETS_READ
        )

    def demand(self, scope: Scope) -> None:
        """Raise ScopeInsufficient or RoleInsufficient unless `allows(scope)`."""
        if not roles.scopes_allow(self.scopes, scope):
            raise ScopeInsufficient(f"The access token needs the scope {scope.value}.")
        if not roles.role_allows(self.role, scope):
            raise RoleInsufficient(f"The role {self.role.value} does not allow {scope.value}.")

    def demand_reveal(self) -> None:
        """Raise ScopeInsufficient or RoleInsufficient unless `allows_reveal()`."""
        if not self.allows_reveal():
            self.demand(Scope.SECRETS_READ)


def of(request: HttpRequest) -> Access:
    """The access behind a request; raises NotAuthenticated if there is none. Looked up once per request."""
    found: Access | None = getattr(request, _CACHE, None)
    if found is None:
        found = _from_session(request)
        setattr(request, _CACHE, found)
    return found


def require(request: HttpRequest, scope: Scope) -> Access:
    """The access behind a request if it may do what `scope` names; raises NotAuthenticated or NotAllowed."""
    access = of(request)
    access.demand(scope)
    return access


def authenticate_token(request: HttpRequest, token: AccessToken) -> Access:
    """Make a request act for a token's membership, whatever cookies it carries."""
    access = Access(token.membership, actor_for(request, token.membership.user, token), token)
    setattr(request, _CACHE, access)
    return access


def memberships(request: HttpRequest) -> list[Membership]:
    """The organisations of the person who is signed in, the oldest first; looked up once per request. A stranger has
    none."""
    found: list[Membership] | None = getattr(request, _MEMBERSHIPS, None)
    if found is None:
        user = request.user
        found = list(queries.memberships_of(user)) if isinstance(user, User) else []
        setattr(request, _MEMBERSHIPS, found)
    return found


def enter(request: HttpRequest, slug: str) -> bool:
    """Act in the organisation of this slug, whatever the session says. A foreign one is as good as none: False."""
    mine = next((one for one in memberships(request) if one.organization.slug == slug), None)
    setattr(request, _ENTERED, mine)
    setattr(request, _CACHE, None)
    return mine is not None


def choose(request: HttpRequest, organization: Organization) -> None:
    """Make an organisation the one where a short address leads from now on."""
    if request.session.get(_CHOSEN) != organization.id:
        request.session[_CHOSEN] = organization.id
        setattr(request, _CACHE, None)


def current(request: HttpRequest) -> Membership | None:
    """The membership that a page acts for: of the organisation that was entered, or else used last."""
    entered: Membership | None = getattr(request, _ENTERED, None)
    if entered:
        return entered
    mine = memberships(request)
    chosen = request.session.get(_CHOSEN) if mine else None
    return next((one for one in mine if one.organization_id == chosen), None) or next(iter(mine), None)


def actor_for(request: HttpRequest, user: User, token: AccessToken | None = None) -> Actor:
    """The actor that audit rows name for this request."""
    return Actor(
        user_id=user.id,
        email=user.email,
        token_id=token.id if token else None,
        ip=client_address(request),
        user_agent=request.headers.get("User-Agent", ""),
    )


def zone_of(request: HttpRequest, user: User) -> str:
    """The time zone in which this person reads times: the one they chose, or that of their browser, which a script
    told us in a cookie."""
    name = user.timezone or unquote(request.COOKIES.get(_ZONE, ""))
    return name if zones.is_known(name) else "UTC"


def person(request: HttpRequest) -> User:
    """Who is signed in, in whatever organisation or in none; raises NotAuthenticated for strangers."""
    if not isinstance(request.user, User):
        raise NotAuthenticated(NotAuthenticated.__doc__)
    return request.user


def operator(request: HttpRequest) -> Actor:
    """The actor behind a request to the operators' pages, which let nobody else in."""
    assert isinstance(request.user, User)
    return actor_for(request, request.user)


def client_address(request: HttpRequest) -> str:
    """The address of whoever sent this request, as far as our own proxies can vouch for it; '' if unknown."""
    peer = request.META.get("REMOTE_ADDR") or ""
    return client.address(peer, request.headers.get("X-Forwarded-For", ""), settings.HEARTBEET_TRUSTED_PROXIES)


def _from_session(request: HttpRequest) -> Access:
    user = request.user
    if not isinstance(user, User):
        raise NotAuthenticated(NotAuthenticated.__doc__)
    mine = current(request)
    if mine is None:
        raise NotAuthenticated("You are not a member of any organisation.")
    return Access(mine, actor_for(request, user), zone=zone_of(request, user))

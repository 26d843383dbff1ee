"""`Authorization: Bearer hb_…`: the one way into the API. Cookies do not count here, so no page of another site can
act for someone who is signed in."""

from datetime import datetime

from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from accounts import access, operations, queries
from accounts.access import Access
from accounts.models import AccessToken, User
from heartbeet.lib import clock, ratelimit


class AccessTokenAuthentication(BaseAuthentication):
    """Makes `request.auth` the Access of a personal access token. An address may ask only so often, and without a
    token that works much less often."""

    def authenticate(self, request: Request) -> tuple[User, Access]:
        address = access.client_address(request)
        ratelimit.check_address(request, address=address)
        now = clock.now()
        try:
            token = _token_of(request, now)
        except access.NotAuthenticated:
            ratelimit.check_stranger(request, address=address)
            raise
        operations.touch_token(token=token, now=now)
        found = access.authenticate_token(request, token)
        return found.user, found

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def _token_of(request: Request, now: datetime) -> AccessToken:
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise access.NotAuthenticated(access.NotAuthenticated.__doc__)
    token = queries.live_token(text.strip(), now)
    if token is None:
        raise access.NotAuthenticated("This access token is unknown, expired or revoked.")
    return token

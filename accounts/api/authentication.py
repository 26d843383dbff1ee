"""`Authorization: Bearer hb_…`: the one way into the API. Cookies do not count here, so no page of another site can
act for someone who is signed in."""

from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from accounts import access, operations, queries
from accounts.access import Access
from accounts.models import User
from heartbeet.lib import clock


class AccessTokenAuthentication(BaseAuthentication):
    """Makes `request.auth` the Access of a personal access token."""

    def authenticate(self, request: Request) -> tuple[User, Access]:
        scheme, _, text = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise access.NotAuthenticated(access.NotAuthenticated.__doc__)
        now = clock.now()
        token = queries.live_token(text.strip(), now)
        if token is None:
            raise access.NotAuthenticated("This access token is unknown, expired or revoked.")
        operations.touch_token(token=token, now=now)
        found = access.authenticate_token(request, token)
        return found.user, found

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"

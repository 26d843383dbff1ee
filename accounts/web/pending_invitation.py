"""A stranger with an invitation: between the page of the invitation and the sign-up, its code waits in the session.

The page that opens an invitation's link calls `keep` and leads to the route `account_signup`. That asks for nothing but
a password: the address is the invited one, and counts as confirmed, for the link came to it by e-mail.
"""

from datetime import datetime

from django.http import HttpRequest

from accounts import invitations
from accounts.models import Invitation

_KEY = "invitation"


def keep(request: HttpRequest, *, code: str) -> None:
    """Remember the code of an invitation's link for the sign-up that follows."""
    request.session[_KEY] = code


def find(request: HttpRequest, *, now: datetime) -> Invitation | None:
    """The invitation that waits, if its code still works."""
    try:
        return invitations.find(code(request), now)
    except invitations.NotOpen:
        return None


def code(request: HttpRequest) -> str:
    """The code that waits, or ''."""
    return str(request.session.get(_KEY, ""))


def forget(request: HttpRequest) -> None:
    """The invitation was taken, or is of no use any more."""
    request.session.pop(_KEY, None)

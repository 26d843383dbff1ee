"""Proof that it is still you: before something dangerous, a person signs in again unless they just did.

`required` guards a view. Who signed in, or proved it again, within the last 15 minutes passes; everybody else is sent
to prove it and comes back to a page, never into the middle of what they were doing: what was posted is not kept.
"""

import functools
from collections.abc import Callable
from datetime import datetime
from typing import Any, overload
from urllib.parse import urlencode

from allauth.account import authentication
from allauth.account.adapter import get_adapter
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse

from accounts import access
from heartbeet.lib import clock

View = Callable[..., HttpResponseBase]
REPEAT = "Thank you. Nothing has happened yet: please do again what you wanted to do."


@overload
def required(view: View) -> View: ...


@overload
def required(*, back: str) -> Callable[[View], View]: ...


def required(view: View | None = None, *, back: str = "") -> Any:
    """Let only those in who proved who they are within the last 15 minutes; raises NotAuthenticated for strangers.

    Everybody else proves it first, and comes back to the same address, or, where that takes a POST only, to the route
    `back`, which takes the same arguments as the view.
    """
    if view is None:
        return functools.partial(required, back=back)

    @functools.wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if is_recent(request, now=clock.now()):
            return view(request, *args, **kwargs)
        return ask(request, back=reverse(back, args=args, kwargs=kwargs) if back else "")

    return guarded


def is_recent(request: HttpRequest, *, now: datetime) -> bool:
    """Whether this person signed in, or proved who they are again, in this session a short while ago."""
    if not request.user.is_authenticated:
        raise access.NotAuthenticated(access.NotAuthenticated.__doc__)
    proofs = authentication.get_authentication_records(request, request.user)
    latest = max((proof["at"] for proof in proofs), default=0.0)
    return bool(now.timestamp() - latest < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT)


def ask(request: HttpRequest, *, back: str = "") -> HttpResponse:
    """On to the page that asks for proof, and from there to `back`, without it to where the request wanted to go."""
    if request.method not in ("GET", "HEAD"):
        messages.info(request, REPEAT)
    methods = get_adapter().get_reauthentication_methods(request.user)
    page = methods[0]["url"] if methods else reverse("account_reauthenticate")
    url = f"{page}?{urlencode({'next': back or request.get_full_path()})}"
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": url})
    return HttpResponseRedirect(url)

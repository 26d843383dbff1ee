"""A secret on the next page, once: not in the URL, not in a cookie, and gone on reload.

Between the POST that makes a secret and the page that shows it, it waits in the session, sealed and for a short time.
"""

from datetime import datetime, timedelta

from django.http import HttpRequest

from heartbeet.lib import crypto

_KEY = "revealed"
_LIFETIME = timedelta(minutes=5)


def keep(request: HttpRequest, resource: str, plaintext: str, *, now: datetime) -> None:
    """Keep the secret of `resource` (`monitor:17`) for the next page that takes it."""
    until = (now + _LIFETIME).isoformat()
    sealed = crypto.seal(plaintext, bound_to=_binding(resource, until))
    request.session[_KEY] = {"resource": resource, "until": until, "sealed": sealed}


def take(request: HttpRequest, resource: str, *, now: datetime) -> str:
    """The secret kept for `resource`, or ''. It can be taken once; a secret kept for another page stays there."""
    kept = request.session.get(_KEY)
    if not kept or kept["resource"] != resource:
        return ""
    del request.session[_KEY]
    if now > datetime.fromisoformat(kept["until"]):
        return ""
    try:
        return crypto.unseal(kept["sealed"], bound_to=_binding(resource, kept["until"]))
    except crypto.CannotOpen:  # the keys were changed in between; it can be revealed again
        return ""


def _binding(resource: str, until: str) -> str:
    return f"reveal:{resource}:{until}"

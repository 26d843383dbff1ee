"""The cheap question of a page that keeps itself fresh: is what you show still so?

A part of a page says in `Live-Version` what it shows: a digest of the facts it was made of, and the moment from which
it would look different although nothing has happened (a monitor becomes late). While both hold the answer is 204, and
costs one query.
"""

import hashlib
from datetime import datetime, timedelta

from django.http import HttpRequest, HttpResponse

LONGEST = timedelta(minutes=5)
"""After this long a page is made anew in any case: strips move on, and so does what no version counts, such as the name
of a project or the policy of alerts."""
_HEADER = "Live-Version"


def digest(*facts: object) -> str:
    """A short name for these facts: equal facts have equal names."""
    return hashlib.blake2b(repr(facts).encode(), digest_size=9).hexdigest()


def stamp(facts: str, now: datetime, until: datetime | None = None) -> str:
    """What a page that is made now says of itself; `until` is when it would look different by itself."""
    latest = now + LONGEST
    return f"{facts}.{int(min(until or latest, latest).timestamp() * 1000)}"


def asks(request: HttpRequest) -> bool:
    """Whether it is a page that asks, which shows something already."""
    return _HEADER in request.headers


def is_current(request: HttpRequest, facts: str, now: datetime) -> bool:
    """Whether the page that asks shows these facts, and nothing has changed by the mere passing of time."""
    shown, _, until = request.headers.get(_HEADER, "").partition(".")
    return shown == facts and until.isdecimal() and len(until) < 16 and int(until) > now.timestamp() * 1000


def unchanged() -> HttpResponse:
    """What htmx takes as: leave everything as it is."""
    return HttpResponse(status=204)

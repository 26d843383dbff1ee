"""`?from=…&to=…&buckets=…`: query parameters to windows of time and their parts, bounded so that an answer is quick."""

from datetime import datetime, timedelta

from django.http import QueryDict

from accounts.api import parameters
from monitors.domain.uptime import Window

LONGEST = timedelta(days=366)
USUAL = timedelta(days=30)
MOST_BUCKETS = 500
USUAL_BUCKETS = 30

_SECOND = timedelta(seconds=1)


def window(asked: QueryDict, now: datetime) -> Window:
    """From `from` to `to` in whole seconds; the last 30 days without them. Raises ValidationError."""
    end = _ceiling(_instant(asked, "to") or now)
    start = (_instant(asked, "from") or end - USUAL).replace(microsecond=0)
    if start >= end:
        raise parameters.bad("from", "Give an instant before `to`.")
    if end - start > LONGEST:
        raise parameters.bad("from", f"Give an instant at most {LONGEST.days} days before `to`.")
    return Window(start, end)


def bucket_size(asked: QueryDict, within: Window) -> timedelta:
    """How long each part of the window is: `bucketSec`, or what makes at most `buckets` parts. Raises
    ValidationError."""
    if parameters.given(asked, "bucketSec"):
        if parameters.given(asked, "buckets"):
            raise parameters.bad("bucketSec", "Give either `buckets` or `bucketSec`.")
        smallest = -(-within.length // (MOST_BUCKETS * _SECOND))
        return _number(asked, "bucketSec", smallest, int(LONGEST.total_seconds())) * _SECOND
    count = _number(asked, "buckets", 1, MOST_BUCKETS) if parameters.given(asked, "buckets") else USUAL_BUCKETS
    return -(-within.length // (count * _SECOND)) * _SECOND


def _number(asked: QueryDict, name: str, least: int, most: int) -> int:
    return parameters.whole(asked, name, least, most)


def _instant(asked: QueryDict, name: str) -> datetime | None:
    text = parameters.given(asked, name)
    return parameters.instant(name, text) if text else None


def _ceiling(at: datetime) -> datetime:
    """The whole second at or after an instant: what came within the current second counts."""
    return at if at.microsecond == 0 else at.replace(microsecond=0) + _SECOND

"""Reads of a monitor's log of pings, a page at a time: a page begins where the one before it ended, so that the pings
that come meanwhile move nothing."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from django.db.models import Q, QuerySet

from heartbeet.lib import clock
from monitors.domain.status import Kind
from monitors.models import Monitor, Ping

_PLACE = re.compile(r"([0-9]{1,17})-([0-9]{1,18})", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """The place of a ping in the log of its monitor. As text it is a cursor for addresses: microseconds since 1970, and
    the number of the ping, for two may come in one microsecond."""

    received_at: datetime
    id: int

    @classmethod
    def of(cls, ping: Ping) -> Self:
        """Where this ping stands."""
        return cls(ping.received_at, ping.id)

    @classmethod
    def read(cls, text: str) -> Self | None:
        """The place that a cursor names; None if it names none."""
        found = _PLACE.fullmatch(text)
        return cls(clock.from_microseconds(int(found[1])), int(found[2])) if found else None

    @classmethod
    def newest(cls, texts: Iterable[str]) -> Self | None:
        """The newest of the places that these cursors name."""
        return max((place for text in texts if (place := cls.read(text))), default=None)

    def __str__(self) -> str:
        return f"{clock.to_microseconds(self.received_at)}-{self.id}"


@dataclass(frozen=True, slots=True)
class Page:
    """Some pings, the newest first; `older` is where the next page begins, None if this is the last."""

    pings: list[Ping]
    older: Place | None


def page(monitor: Monitor, *, size: int, kind: Kind | None = None, before: Place | None = None) -> Page:
    """`size` pings, of one kind or of all: those right before a place, or else the newest."""
    found = monitor.pings.filter(kind=kind) if kind else monitor.pings.all()
    if before:
        found = found.filter(_is_before(before), received_at__lte=before.received_at)
    return _cut(found, size)


def down_to(monitor: Monitor, place: Place, *, most: int) -> Page:
    """The pings from the newest down to the one at `place`, which is the last; `most` at most."""
    return _cut(monitor.pings.filter(~_is_before(place), received_at__gte=place.received_at), most)


def _is_before(place: Place) -> Q:
    return Q(received_at__lt=place.received_at) | Q(received_at=place.received_at, id__lt=place.id)


def _cut(found: QuerySet[Ping], size: int) -> Page:
    pings = list(found.order_by("-received_at", "-id")[: size + 1])
    return Page(pings[:size], Place.of(pings[size - 1]) if len(pings) > size else None)

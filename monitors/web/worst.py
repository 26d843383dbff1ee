"""The worst state of an organisation, for the tab of the browser: a picture, and how many are down in the title."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.utils.functional import SimpleLazyObject

from accounts import access
from monitors import board
from monitors.domain.status import Status

_WORST_FIRST = (Status.DOWN, Status.WARNING, Status.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Worst:
    """`key` is the worst state, `up` if nothing is wrong; `count` is how many are down."""

    key: str
    count: int

    @property
    def icon(self) -> str:
        name = {Status.DOWN: "-down", Status.WARNING: "-careful", Status.UNKNOWN: "-careful"}.get(Status(self.key), "")
        return static(f"img/heartbeet{name}.svg")


def of(counts: Mapping[Status, int]) -> Worst:
    """The worst of the states that are there."""
    key = next((status for status in _WORST_FIRST if counts.get(status)), Status.UP)
    return Worst(key, counts.get(Status.DOWN, 0))


def context(request: HttpRequest) -> dict[str, Any]:
    """The template context processor; looked up only where a page shows it, and not for strangers."""
    return {"worst": SimpleLazyObject(lambda: _look(request))}


def _look(request: HttpRequest) -> Worst | None:
    try:
        return of(board.stored_counts(access.of(request).organization))
    except access.NotAuthenticated:
        return None

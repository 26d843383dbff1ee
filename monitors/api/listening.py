"""The times in which nobody listened, over HTTP."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django.db.models import Count, Q, QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import describe, shown
from accounts.api.endpoint import Endpoint
from accounts.api.paging import Pages
from accounts.domain.roles import Scope
from accounts.models import Organization
from monitors.api import filters
from monitors.domain.gaps import Reason
from monitors.models import Gap


class GapRow(shown.Row):
    """A time in which nobody listened, or pings are known to have been turned away: our fault, never a monitor's."""

    example: ClassVar = {
        "id": 4,
        "startedAt": "2026-01-05T02:58:00Z",
        "endedAt": "2026-01-05T03:04:00Z",
        "durationSec": 360.0,
        "reason": "stopped",
        "monitorsUnknown": 12,
    }

    id = shown.whole("Its number.")
    startedAt = shown.moment("When it began.", "started_at")
    endedAt = shown.moment("When it ended; the newest may still grow.", "ended_at")
    durationSec = shown.number("How long it was, in seconds.", "length_sec", minimum=0)
    reason = shown.choice("Why nobody listened.", list(Reason))
    monitorsUnknown = shown.whole("How many monitors of this organisation it left unknown.", "unknown", minimum=0)


class ListeningGaps(Endpoint):
    """`/listening-gaps`: the same for everybody, but for the number of one's own monitors."""

    needs: ClassVar = {"GET": (Scope.MONITORS_READ,)}

    @describe.call(
        "List listening gaps",
        answer=GapRow,
        paged=True,
        query=[
            describe.instant("from", "Only those that ended at this instant or later."),
            describe.instant("to", "Only those that began at this instant or before."),
        ],
    )
    def get(self, request: Request) -> Response:
        """The newest first. What was due in one is `unknown`, nobody is paged for it, and it does not count into
        uptime."""
        pages = Pages(ordering=["-started_at", "-id"])
        found = filters.gaps(_with_unknown(self.organization), request.query_params)
        return pages.answer(_rows(pages.rows(found, request)))


def _with_unknown(organization: Organization) -> QuerySet[Gap]:
    own = Q(notices__organization=organization)
    return Gap.objects.annotate(unknown=Count("notices__unheard", filter=own))


def _rows(found: Iterable[Gap]) -> list[dict[str, Any]]:
    row = GapRow()
    return [row.to_representation(each) for each in found]

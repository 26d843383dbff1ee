"""A monitor's past over HTTP: its pings, statistics and timeline."""

from typing import ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import describe, parameters
from accounts.api.paging import Pages
from accounts.domain.roles import Scope
from monitors import history, rehearsals
from monitors.api import filters, history_rows, windows
from monitors.api.views import MonitorEndpoint
from monitors.domain import fields, policy, rehearsal
from monitors.domain.status import Kind

_WINDOW = [
    describe.instant("from", "The beginning, taken down to the second; 30 days before `to` without it."),
    describe.instant("to", "The end, at most 366 days later; now without it."),
]


class MonitorPings(MonitorEndpoint):
    """`/monitors/{id}/pings`."""

    needs: ClassVar = {"GET": (Scope.MONITORS_READ,)}

    @describe.call(
        "List a monitor's pings",
        name="listPings",
        answer=history_rows.PingRow,
        paged=True,
        query=[
            describe.choice("kind", "Only this kind.", list(Kind)),
            describe.instant("from", "Only those received at this instant or later."),
            describe.instant("to", "Only those received before this instant."),
        ],
    )
    def get(self, request: Request, monitor_id: int) -> Response:
        """The newest first, as far back as the plan keeps them. `source` is shown to those who may edit monitors."""
        pages = Pages(ordering=["-received_at", "-id"])
        found = filters.pings(self.monitor(monitor_id).pings.all(), request.query_params)
        may_see_source = self.access.allows(Scope.MONITORS_WRITE)
        return pages.answer(history_rows.pings(pages.rows(found, request), with_source=may_see_source))


class MonitorStats(MonitorEndpoint):
    """`/monitors/{id}/stats`."""

    needs: ClassVar = {"GET": (Scope.MONITORS_READ,)}

    @describe.call("Get a monitor's statistics", name="getStats", answer=history_rows.StatsRow, query=_WINDOW)
    def get(self, request: Request, monitor_id: int) -> Response:
        """How long it was up and down in a window, how many incidents it had, and how many pings are kept of it."""
        window = windows.window(request.query_params, self.now)
        return Response(history_rows.stats(history.report(self.monitor(monitor_id), window, self.now)))


class MonitorTimeline(MonitorEndpoint):
    """`/monitors/{id}/timeline`."""

    needs: ClassVar = {"GET": (Scope.MONITORS_READ,)}

    @describe.call(
        "Get a monitor's timeline",
        name="getTimeline",
        answer=history_rows.TimelineRow,
        query=[
            *_WINDOW,
            describe.number("buckets", "In how many parts at most; 30 without it.", maximum=windows.MOST_BUCKETS),
            describe.number("bucketSec", "Or how long each part is; at most 500 parts."),
        ],
    )
    def get(self, request: Request, monitor_id: int) -> Response:
        """The same window in equal parts, each with its worst state: what a strip or a chart shows."""
        window = windows.window(request.query_params, self.now)
        size = windows.bucket_size(request.query_params, window)
        return Response(history_rows.timeline(history.timeline(self.monitor(monitor_id), window, size, self.now)))


class MonitorReplay(MonitorEndpoint):
    """`/monitors/{id}/replay`."""

    needs: ClassVar = {"GET": (Scope.MONITORS_READ,)}

    @describe.call(
        "Replay a monitor",
        name="replayMonitor",
        answer=history_rows.ReplayRow,
        query=[
            describe.real(
                "rho",
                "The share of the usual rate below which a drop alerts; the monitor's own without it.",
                minimum=fields.MIN_RHO,
                maximum=fields.MAX_RHO,
            ),
            describe.number(
                "budgetWeeks",
                "Weeks per false alarm; the monitor's own, or the organisation's, without it.",
                maximum=policy.MAX_BUDGET_WEEKS,
            ),
        ],
    )
    def get(self, request: Request, monitor_id: int) -> Response:
        """When a beet would have alerted in the past eight weeks with these settings, which need not be its own. What
        it counted by the hour is replayed as if the events of an hour had come evenly. A heartbeat has no rhythm, and
        so no alarms."""
        monitor = self.monitor(monitor_id)
        asked = request.query_params
        if parameters.given(asked, "rho"):
            monitor.rho = parameters.real(asked, "rho", fields.MIN_RHO, fields.MAX_RHO)
        if parameters.given(asked, "budgetWeeks"):
            monitor.budget_weeks = parameters.whole(asked, "budgetWeeks", 1, policy.MAX_BUDGET_WEEKS)
        found = rehearsals.of_monitor(monitor, now=self.now)
        return Response(rehearsal.as_plain(found) if found else {"stream": monitor.name, **rehearsal.NOTHING})

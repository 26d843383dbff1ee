"""The operators' pages of monitors: look everything up, change through operations only."""

from collections.abc import Callable

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts import access
from heartbeet.lib import clock
from heartbeet.lib.admin import ReadOnlyPage
from monitors import operations, transitions
from monitors.models import (
    AlertPolicy,
    Badge,
    Batch,
    Board,
    Deafness,
    Feed,
    Gap,
    GapNotice,
    HourlyCount,
    Incident,
    IncidentEvent,
    IngestNode,
    Monitor,
    Ping,
    Pulse,
    Rhythm,
    RollupMark,
    Run,
    StatusChange,
    SweepMark,
    Token,
    Unheard,
    Watermark,
    Widget,
)


def _each(request: HttpRequest, found: QuerySet[Monitor], operation: Callable[..., object], done: str) -> None:
    live = found.filter(deleted_at=None).select_related("organization")
    for monitor in live:
        operation(monitor=monitor, by=access.operator(request), now=clock.now())
    messages.success(request, f"{len(live)} {done}")


@admin.register(Monitor)
class MonitorPage(ReadOnlyPage):
    """Monitors, also deleted ones."""

    list_display = ("name", "organization", "type", "interval_sec", "cron", "locked", "created_at", "deleted_at")
    list_select_related = ("organization",)
    list_filter = ("type", "locked")
    search_fields = ("name", "slug", "=id", "organization__name", "organization__slug")
    actions = ("rotate_token", "pause", "resume")

    @admin.action(description="Rotate the token", permissions=["operate"])
    def rotate_token(self, request: HttpRequest, queryset: QuerySet[Monitor]) -> None:
        """The new token is not shown to operators: the owners reveal it on the monitor's page."""
        _each(request, queryset, operations.rotate_token, "rotated; the old URLs are dead, owners can reveal the new.")

    @admin.action(description="Pause", permissions=["operate"])
    def pause(self, request: HttpRequest, queryset: QuerySet[Monitor]) -> None:
        _each(request, queryset, operations.pause, "paused.")

    @admin.action(description="Resume", permissions=["operate"])
    def resume(self, request: HttpRequest, queryset: QuerySet[Monitor]) -> None:
        _each(request, queryset, operations.resume, "resumed.")


@admin.register(Incident)
class IncidentPage(ReadOnlyPage):
    """Incidents."""

    list_display = ("title", "monitor", "cause", "severity", "opened_at", "acknowledged_at", "resolved_at")
    list_select_related = ("monitor",)
    list_filter = ("cause", "severity")
    search_fields = ("title", "=id", "monitor__name", "monitor__organization__name")
    actions = ("resolve",)

    @admin.action(description="Resolve", permissions=["operate"])
    def resolve(self, request: HttpRequest, queryset: QuerySet[Incident]) -> None:
        resolved = 0
        for incident in queryset.filter(resolved_at=None).select_related("monitor__organization"):
            try:
                operations.resolve(incident=incident, by=access.operator(request), now=clock.now())
                resolved += 1
            except transitions.NotOpen:
                continue  # a ping was faster
        messages.success(request, f"{resolved} resolved.")


_BY_MONITOR = ("=monitor__id", "monitor__name", "monitor__organization__name")


class MonitorPart(ReadOnlyPage):
    """Something that belongs to one monitor."""

    list_select_related = ("monitor",)
    search_fields = _BY_MONITOR


@admin.register(Token)
class TokenPage(MonitorPart):
    """Ingestion tokens, without digest and envelope."""

    list_display = ("id", "monitor", "created_at", "retired_at")
    exclude = ("digest", "envelope")


@admin.register(Pulse)
class PulsePage(MonitorPart):
    """The state of each monitor."""

    list_display = ("monitor", "status", "status_since", "last_ping_at", "misses", "ping_count", "deadline")
    list_filter = ("status",)


@admin.register(Run)
class RunPage(ReadOnlyPage):
    """Runs of jobs."""

    list_select_related = ("monitor",)
    list_display = ("monitor", "run_id", "started_at", "finished_at", "outcome")
    search_fields = (*_BY_MONITOR, "=run_id")


@admin.register(Ping)
class PingPage(ReadOnlyPage):
    """Pings as they came."""

    list_select_related = ("monitor",)
    list_display = ("received_at", "monitor", "kind", "exit_code", "duration_sec", "run_id", "source")
    list_filter = ("kind",)
    search_fields = (*_BY_MONITOR, "=run_id", "=source")


@admin.register(StatusChange)
class StatusChangePage(MonitorPart):
    """The history of states."""

    list_display = ("at", "monitor", "from_status", "to_status", "cause")
    list_filter = ("cause",)


@admin.register(IncidentEvent)
class IncidentEventPage(ReadOnlyPage):
    """Timelines, and the outbox: what has no `dispatched_at` waits for the dispatcher."""

    list_display = ("incident", "seq", "kind", "at", "actor", "dispatched_at")
    list_select_related = ("incident", "actor")
    list_filter = ("kind",)
    search_fields = ("=incident__id", "incident__title", "message")


@admin.register(IngestNode)
class IngestNodePage(ReadOnlyPage):
    """Processes that take pings."""

    list_display = ("name", "listening_since", "flushed_through", "beat_at", "stopped_at", "died_at")
    search_fields = ("name",)


@admin.register(Deafness)
class DeafnessPage(ReadOnlyPage):
    """Times in which one process was there and did not listen."""

    list_display = ("node", "reason", "started_at", "ended_at")
    list_select_related = ("node",)
    list_filter = ("reason",)
    search_fields = ("node__name",)


@admin.register(Gap)
class GapPage(ReadOnlyPage):
    """Times in which nobody listened, or pings were turned away."""

    list_display = ("started_at", "ended_at", "reason")
    list_filter = ("reason",)
    search_fields = ("=pk",)


@admin.register(GapNotice)
class GapNoticePage(ReadOnlyPage):
    """Which organisations are told of which gap."""

    list_display = ("gap", "organization", "created_at", "sent_at")
    list_select_related = ("gap", "organization")
    search_fields = ("organization__name", "organization__slug")


@admin.register(Unheard)
class UnheardPage(ReadOnlyPage):
    """Which monitors a gap left unknown."""

    list_display = ("monitor", "notice", "at")
    list_select_related = ("monitor", "notice")
    search_fields = ("monitor__name", "=notice__gap__id")


@admin.register(Watermark)
class WatermarkPage(ReadOnlyPage):
    """The sweep's clock."""

    list_display = ("covered_through", "ticked_at", "hold_until")
    search_fields = ("=pk",)


@admin.register(Rhythm)
class RhythmPage(MonitorPart):
    """What monitors have learned, and where the judgement of beets stands."""

    list_display = ("monitor", "learned_at", "events", "level", "burst", "wobble", "evaluated_at", "best_count")
    exclude = ("rates", "bands")


@admin.register(HourlyCount)
class HourlyCountPage(MonitorPart):
    """Events of each UTC day, packed by the hour."""

    list_display = ("day", "monitor")
    exclude = ("counts",)


@admin.register(RollupMark)
class RollupMarkPage(ReadOnlyPage):
    """Up to which hour events are counted."""

    search_fields = ("=pk",)


@admin.register(Board)
class BoardPage(ReadOnlyPage):
    """Pages of widgets."""

    list_display = ("name", "organization", "created_at", "updated_at")
    list_select_related = ("organization",)
    search_fields = ("name", "organization__name", "organization__slug")


@admin.register(Widget)
class WidgetPage(ReadOnlyPage):
    """What stands on boards."""

    list_display = ("board", "position", "kind", "monitor", "width")
    list_select_related = ("board", "monitor")
    search_fields = ("board__name", "monitor__name")


@admin.register(Batch)
class BatchPage(ReadOnlyPage):
    """Batches of pings that were committed."""

    list_display = ("id", "committed_at")
    search_fields = ("=id",)


@admin.register(SweepMark)
class SweepMarkPage(ReadOnlyPage):
    """How far the sweep has judged."""

    search_fields = ("=pk",)


@admin.register(AlertPolicy)
class AlertPolicyPage(ReadOnlyPage):
    """How organisations are alerted, where a monitor says nothing else."""

    list_display = ("organization", "alert_delay_sec", "remind_every_sec", "recovery_threshold", "updated_at")
    list_select_related = ("organization",)
    search_fields = ("organization__name", "organization__slug")


@admin.register(Badge)
class BadgePage(ReadOnlyPage):
    """Public pictures of states."""

    list_display = ("public_id", "organization", "monitor", "tag", "created_at")
    list_select_related = ("organization", "monitor")
    search_fields = ("=public_id", "tag", "monitor__name", "organization__name", "organization__slug")


@admin.register(Feed)
class FeedPage(ReadOnlyPage):
    """Feeds of incidents, without digest and envelope."""

    list_display = ("organization", "created_at")
    list_select_related = ("organization",)
    search_fields = ("organization__name", "organization__slug")
    exclude = ("digest", "envelope")

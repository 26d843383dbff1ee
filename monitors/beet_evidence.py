"""Reads of what stood around an incident that a rhythm or a value opened, and of the events around its beginning."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from monitors import chart_sql, queries
from monitors.domain import evidence, explain
from monitors.domain.evidence import Amount, Evidence, Pause, Rate
from monitors.domain.explain import Context, Earlier, Explanation, Named, Neighbour
from monitors.domain.status import INCIDENT_CAUSES, Cause, EventKind, Status
from monitors.models import Incident, StatusChange

MOST_EARLIER, MOST_CHANGES = 200, 200
GAPS = 3
SHORTEST = timedelta(minutes=5)
PARTS = 60
"""Into so many parts the time around an incident's beginning is cut."""
MOST_IN_PART = 1000
"""A part that has more events is not counted to its end: whatever a stream sends, the page is soon there."""
NOT_TOLD = frozenset({Cause.LEARNED, Cause.DELETED})


@dataclass(frozen=True, slots=True)
class Around:
    """How many events came in each of the equal parts of the time from `start` to `end`, `MOST_IN_PART` at most; how
    many were `expected` in one, if that is known, and when it began to be low, and was told."""

    start: datetime
    end: datetime
    counts: list[int]
    expected: float | None
    low_since: datetime
    told_at: datetime


@dataclass(frozen=True, slots=True)
class Story:
    """An incident in sentences, the times near it in which nobody listened, and for a silence or a drop the events
    around its beginning, as far as they are kept."""

    explanation: Explanation
    deaf: Sequence[tuple[datetime, datetime]]
    around: Around | None


def of(incident: Incident, *, zone: tzinfo, now: datetime) -> Story | None:
    """The story of an incident for a reader in this zone, in five queries; None, without any, for one that neither a
    rhythm nor a value opened. Its monitor must be loaded."""
    found = evidence.read(incident.evidence)
    if found is None:
        return None
    context = _context(incident, found, zone)
    around = None if isinstance(found, Amount) else _around(incident, found, context.told_at, now)
    return Story(explain.explain(found, context), context.deaf, around)


def sentences(incident: Incident, *, zone: tzinfo = UTC) -> list[str]:
    """The same as plain text, in four queries; none for an incident of another kind."""
    found = evidence.read(incident.evidence)
    return explain.explain(found, _context(incident, found, zone)).lines if found else []


def _around(incident: Incident, found: Rate | Pause, told_at: datetime, now: datetime) -> Around | None:
    """As long before it was low as it was low until it was told, and the same after, up to now. Without any event: they
    are not kept any more, for there was one when it began."""
    began = min(found.since, incident.opened_at)
    length = max(told_at - began, SHORTEST)
    start, end = began - length, max(told_at, min(now, told_at + length))
    step = (end - start) / PARTS
    parts = [(start + number * step, start + (number + 1) * step) for number in range(PARTS)]
    counts = chart_sql.counts(incident.monitor_id, parts, MOST_IN_PART)
    expected = found.rate_per_hour * (step / timedelta(hours=1)) if isinstance(found, Rate) else None
    return Around(start, end, counts, expected, found.since, told_at) if any(counts) else None


def _context(incident: Incident, found: Evidence, zone: tzinfo) -> Context:
    told_at = _told_at(incident)
    began = found.at if isinstance(found, Amount) else found.since
    return Context(
        opened_at=incident.opened_at,
        told_at=told_at,
        watched_since=incident.monitor.created_at,
        zone=zone,
        home=ZoneInfo(incident.monitor.timezone),
        earlier=_earlier(incident),
        neighbours=_neighbours(incident),
        deaf=_deaf(min(began, incident.opened_at) - explain.NEAR, told_at),
    )


def _told_at(incident: Incident) -> datetime:
    """When the evidence was taken: at the beginning, or when the incident last got worse."""
    told = incident.events.filter(kind__in=[EventKind.OPENED, EventKind.ESCALATED]).order_by("-seq")
    return told.values_list("at", flat=True).first() or incident.opened_at


def _earlier(incident: Incident) -> list[Earlier]:
    before = Incident.objects.filter(monitor=incident.monitor_id, opened_at__lt=incident.opened_at)
    rows = before.filter(cause__in=INCIDENT_CAUSES).order_by("-opened_at").values_list("opened_at", "cause")
    return [Earlier(at, Cause(cause)) for at, cause in rows[:MOST_EARLIER]]


def _neighbours(incident: Incident) -> list[Neighbour]:
    """Each other monitor of the project that changed near the beginning, once: by its change to the worst, or else by
    the first; in the order of the changes."""
    near = StatusChange.objects.filter(
        monitor__project=incident.monitor.project_id,
        monitor__deleted_at=None,
        at__gte=incident.opened_at - explain.NEAR,
        at__lte=incident.opened_at + explain.NEAR,
    )
    others = near.exclude(monitor=incident.monitor_id).exclude(cause__in=NOT_TOLD)
    rows = others.order_by("at", "id").values_list("monitor_id", "monitor__name", "at", "to_status")
    return _each_once(Neighbour(Named(id_, name), at, Status(to)) for id_, name, at, to in rows[:MOST_CHANGES])


def _each_once(found: Iterable[Neighbour]) -> list[Neighbour]:
    told: dict[int, Neighbour] = {}
    for each in found:
        known = told.setdefault(each.monitor.id, each)
        if explain.badness(each.status) > explain.badness(known.status):
            told[each.monitor.id] = each
    return sorted(told.values(), key=lambda each: each.at)


def _deaf(start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    """The longest of the times near it in which nobody listened, in order; a moment is not worth a word."""
    gaps = [(gap.started_at, gap.ended_at) for gap in queries.gaps_between(start, end)]
    worth = [gap for gap in gaps if gap[1] - gap[0] >= queries.WORTH_A_WORD]
    return sorted(sorted(worth, key=lambda gap: gap[0] - gap[1])[:GAPS])

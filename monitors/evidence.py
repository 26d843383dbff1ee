"""Reads of what an incident was opened on: the pings around its beginning, and the run that took too long."""

from dataclasses import dataclass

from django.db.models import Q

from monitors.domain.status import Cause, Kind, RunOutcome
from monitors.models import Incident, Ping, Run

BEFORE, AFTER = 5, 3
"""How many pings are shown of each side."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """The last pings before an incident opened and the first after, in the order they came. `failing` is the one that
    reported the failure, `run` the one that took too long, each as far as it is kept."""

    before: list[Ping]
    failing: Ping | None
    after: list[Ping]
    run: Run | None

    @property
    def last(self) -> Ping | None:
        """The last ping before the incident, other than the one that opened it."""
        return self.before[-1] if self.before else None


def of(incident: Incident) -> Evidence:
    """The evidence of an incident, in three queries at most."""
    pings = incident.monitor.pings
    until = list(pings.filter(received_at__lte=incident.opened_at).order_by("-received_at", "-id")[: BEFORE + 1])
    since = pings.filter(received_at__gt=incident.opened_at).order_by("received_at", "id")[:AFTER]
    failing = _failing(incident, until)
    before = [ping for ping in until if ping is not failing][:BEFORE]
    return Evidence(before[::-1], failing, list(since), _run(incident))


def _failing(incident: Incident, until: list[Ping]) -> Ping | None:
    """An incident opens at the time of the failing ping, unless that was one failure of several in a row."""
    if incident.cause != Cause.FAILED:
        return None
    return next((ping for ping in until if ping.kind == Kind.FAIL), None)


def _run(incident: Incident) -> Run | None:
    """The oldest that had begun and not ended by then; not one whose end may have been lost. One that ended later bears
    that end by now."""
    if incident.cause != Cause.OVERRAN:
        return None
    runs = Run.objects.filter(monitor=incident.monitor, started_at__lte=incident.opened_at)
    runs = runs.exclude(outcome=RunOutcome.SUPERSEDED)
    was_open = runs.filter(Q(finished_at=None) | Q(finished_at__gte=incident.opened_at))
    return was_open.order_by("started_at", "id").first()

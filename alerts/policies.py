"""What the policies and snoozes of monitors mean for what waits to be told, and who is reminded."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.db import transaction

from alerts.domain import policy
from alerts.domain.policy import Decision
from monitors import policies, queries, transitions
from monitors.domain.policy import Policy, Snooze
from monitors.domain.status import EventKind, Kind
from monitors.models import Incident, IncidentEvent, Monitor

log = structlog.get_logger(__name__)

BATCH = 200


@dataclass(frozen=True, slots=True)
class Judged:
    """The waiting events of one incident, in their order, and what becomes of them by its policy."""

    events: Sequence[IncidentEvent]
    its: Policy
    decision: Decision

    def having(self, fate: policy.Fate) -> list[IncidentEvent]:
        """The events of one fate."""
        return [event for event, given in zip(self.events, self.decision.fates, strict=True) if given is fate]


def judge(stories: Iterable[Sequence[IncidentEvent]], *, now: datetime) -> list[Judged]:
    """Decide about the waiting events of each incident; its monitor and that one's pulse must be loaded."""
    many = list(stories)
    found = policies.of_monitors({events[0].incident.monitor for events in many})
    return [_judge(events, found[events[0].incident.monitor_id], now) for events in many]


def remind(*, now: datetime) -> int:
    """Write a reminder for each incident whose time has come. Returns how many; the dispatcher tells them."""
    due = Incident.objects.filter(remind_at__lte=now, resolved_at=None).order_by("remind_at", "id")
    incidents = list(due.select_related("monitor__pulse")[:BATCH])
    usual = policies.of_monitors({incident.monitor for incident in incidents}) if incidents else {}
    return sum(_remind(incident, usual[incident.monitor_id], now) for incident in incidents)


def _judge(events: Sequence[IncidentEvent], its: Policy, now: datetime) -> Judged:
    incident = events[0].incident
    story = policy.Story(
        opened_at=incident.opened_at,
        resolved_at=incident.resolved_at,
        delay=timedelta(seconds=its.alert_delay_sec),
        snooze=_snooze(incident),
    )
    return Judged(events, its, policy.decide([EventKind(event.kind) for event in events], story, now))


def _snooze(incident: Incident) -> Snooze | None:
    """The snooze of the incident's monitor, unless a healthy ping had ended it: before now, or for an incident that is
    over, before that opened (it is a ping that ended the incident, most often)."""
    monitor = incident.monitor
    asked, heard = queries.snooze(monitor), queries.healthy_at(monitor)
    if asked is None or asked.until is not None or heard is None or heard <= asked.since:
        return asked
    if incident.resolved_at is None or _was_heard(monitor, asked.since, incident.opened_at):
        return None
    return asked


def _was_heard(monitor: Monitor, after: datetime, until: datetime) -> bool:
    return monitor.pings.filter(kind=Kind.SUCCESS, received_at__gt=after, received_at__lte=until).exists()


def _remind(incident: Incident, its: Policy, now: datetime) -> int:
    """One that cannot be written, for whatever reason, keeps nobody else waiting."""
    assert incident.remind_at is not None, "it was asked for"
    due = incident.remind_at
    every = timedelta(seconds=its.remind_every_sec)
    next_at = policy.next_reminder(due, every, now) if every else None
    if next_at is None or queries.is_snoozed(incident.monitor, now):
        until = incident.monitor.snoozed_until if next_at else None
        Incident.objects.filter(id=incident.id, remind_at=due).update(remind_at=until or next_at)
        return 0
    try:
        with transaction.atomic():
            return int(transitions.reminded(incident.id, due=due, next_at=next_at, now=now))
    except Exception:
        log.exception("incident.not_reminded", incident_id=incident.id)
        return 0

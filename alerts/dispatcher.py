"""From the outbox to deliveries: each event becomes one delivery per channel that is told of it, in one transaction."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from alerts import fallback, policies, storms
from alerts.channels import registry
from alerts.domain.message import TYPE_OF_EVENT
from alerts.domain.policy import Fate
from alerts.domain.retry import WAITING, DeliveryStatus
from alerts.domain.routing import Listener
from alerts.models import Channel, Delivery, Subscription
from alerts.policies import Judged
from monitors import policies as monitor_policies
from monitors.domain import evidence
from monitors.domain.policy import Policy
from monitors.domain.status import EventKind, Severity
from monitors.models import Incident, IncidentEvent

BATCH = 200


def dispatch(*, now: datetime) -> int:
    """Turn every event of the outbox into one delivery per subscribed channel, unless a policy wants to wait. Returns
    how many were made.

    Any number of processes may do this at once; each event is taken by one of them.
    """
    made = 0
    while _due(now).exists():  # a look first: SQLite would take its one write lock even when there is nothing to do
        taken, new = _dispatch_batch(now)
        made += new
        if taken < BATCH:
            break
    return made


def _due(now: datetime) -> QuerySet[IncidentEvent]:
    return IncidentEvent.objects.filter(Q(hold_until=None) | Q(hold_until__lte=now), dispatched_at=None)


@transaction.atomic
def _dispatch_batch(now: datetime) -> tuple[int, int]:
    stories = _take(now)
    judged = policies.judge(stories, now=now)
    told = [event for each in judged for event in each.having(Fate.TELL) if event.kind in TYPE_OF_EVENT]
    made = _deliveries(told, now)
    storms.group(made, now=now)
    Delivery.objects.bulk_create(made, ignore_conflicts=True)
    _settle(judged, now)
    return sum(map(len, stories)), len(made)


def _take(now: datetime) -> list[list[IncidentEvent]]:
    """The waiting events of some incidents, locked, each incident's in their order.

    An incident of which another dispatcher holds an event is left to it: what becomes of one event depends on the
    others.
    """
    first = _locked(_due(now)).order_by("id").values_list("incident_id", flat=True)[:BATCH]
    waiting = IncidentEvent.objects.filter(dispatched_at=None, incident_id__in=set(first))
    stories: defaultdict[int, list[IncidentEvent]] = defaultdict(list)
    for event in _locked(waiting).select_related("incident__monitor__pulse").order_by("incident_id", "seq"):
        stories[event.incident_id].append(event)
    mine = {event.id for events in stories.values() for event in events}
    torn = set(waiting.exclude(id__in=mine).values_list("incident_id", flat=True))
    return [events for incident_id, events in stories.items() if incident_id not in torn]


def _locked(found: QuerySet[IncidentEvent]) -> QuerySet[IncidentEvent]:
    return found.select_for_update(skip_locked=True, of=("self",), no_key=True)


def _deliveries(events: list[IncidentEvent], now: datetime) -> list[Delivery]:
    listeners = _listeners(event.incident.monitor_id for event in events)
    told, busy = _told(events), _busy(events)
    made = []
    for event in events:
        for channel, listener in listeners[event.incident.monitor_id]:
            key = (event.incident_id, channel.id)
            if _is_heard(event, listener, was_told=key in told, is_busy=key in busy):
                told.add(key)
                made.append(_delivery(event, channel, now))
    return made + fallback.afterwards(events, made, now=now)


def _is_heard(event: IncidentEvent, listener: Listener, *, was_told: bool, is_busy: bool) -> bool:
    """Whether a channel gets a message. A reminder to people who still wait for an earlier message is left out."""
    kind = EventKind(event.kind)
    then = evidence.thaw(event.as_of)
    begins = kind is EventKind.ESCALATED and not was_told  # for this channel, which was not told of what was less bad
    kinds = {kind, EventKind.OPENED} if begins else {kind}
    severity = then.severity if then else Severity(event.incident.severity)
    if not any(listener.wants(each, severity) for each in kinds):
        return False
    if kind is EventKind.RESOLVED:
        return listener.may_end(was_told=was_told)
    return not (kind is EventKind.REMINDED and listener.is_read_by_people and is_busy)


def _delivery(event: IncidentEvent, channel: Channel, now: datetime) -> Delivery:
    return Delivery(
        event=event,
        incident_id=event.incident_id,
        channel=channel,
        status=DeliveryStatus.QUEUED,
        next_try_at=now,
        created_at=now,
    )


def _told(events: Sequence[IncidentEvent]) -> set[tuple[int | None, int]]:
    """Which channels have been told before of the incidents that end here, or get worse."""
    asked = {event.incident_id for event in events if event.kind in (EventKind.RESOLVED, EventKind.ESCALATED)}
    if not asked:
        return set()
    return set(Delivery.objects.filter(incident_id__in=asked).values_list("incident_id", "channel_id"))


def _busy(events: Sequence[IncidentEvent]) -> set[tuple[int | None, int]]:
    """Which channels still wait for a message about the incidents that are reminded of here."""
    reminded = {event.incident_id for event in events if event.kind == EventKind.REMINDED}
    if not reminded:
        return set()
    waiting = Delivery.objects.filter(incident_id__in=reminded, status__in=WAITING)
    return set(waiting.values_list("incident_id", "channel_id"))


def _listeners(monitor_ids: Iterable[int]) -> dict[int, list[tuple[Channel, Listener]]]:
    """The working channels of each monitor, and what they are told of."""
    rows = Subscription.objects.filter(
        monitor_id__in=set(monitor_ids),
        channel__deleted_at=None,
        channel__is_enabled=True,
        channel__kind__in=registry.CHANNELS,
    )
    found: defaultdict[int, list[tuple[Channel, Listener]]] = defaultdict(list)
    for row in rows.select_related("channel"):
        found[row.monitor_id].append((row.channel, _listener(row)))
    return found


def _listener(row: Subscription) -> Listener:
    kind = registry.CHANNELS[row.channel.kind]
    return Listener(kind.tells, kind.collapses, row.events, Severity(row.min_severity))


def _settle(judged: Sequence[Judged], now: datetime) -> None:
    """Write down what became of the events, and when those who were told are reminded."""
    done = [event.id for each in judged for fate in (Fate.TELL, Fate.QUIET) for event in each.having(fate)]
    IncidentEvent.objects.filter(id__in=done).update(dispatched_at=now, hold_until=None)
    for each in judged:
        if quiet := each.having(Fate.QUIET):
            IncidentEvent.objects.filter(id=quiet[0].id).update(message=each.decision.reason)
        if held := each.having(Fate.HOLD):
            ids = [event.id for event in held]
            IncidentEvent.objects.filter(id__in=ids).update(hold_until=each.decision.hold_until)
    _remind_of(judged, now)


def _remind_of(judged: Sequence[Judged], now: datetime) -> None:
    by_policy: defaultdict[Policy, list[int]] = defaultdict(list)
    for each in judged:
        if each.its.remind_every_sec and any(event.kind in fallback.BEGINNINGS for event in each.having(Fate.TELL)):
            by_policy[each.its].append(each.events[0].incident_id)
    for policy, ids in by_policy.items():
        monitor_policies.remind_anew(Incident.objects.filter(id__in=ids), policy, now)

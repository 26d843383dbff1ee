"""The past as rows, written in bulk. In the product `monitors.transitions` alone writes a monitor's state; the demo is
the one exception, for a past that never was cannot be lived through. What it writes is what the same rules said."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any
from uuid import uuid4

from django.db import transaction

from accounts import audit
from accounts.domain.actor import Actor
from alerts.domain.retry import DeliveryStatus
from alerts.models import Attempt, Delivery, Notice
from alerts.models import Storm as StormRow
from heartbeet.demo.founding import Founded
from heartbeet.demo.habits import Sent
from heartbeet.demo.history import Act, Record, orders
from heartbeet.demo.story import Event, Story
from heartbeet.demo.telling import Letter, Storm, Told
from heartbeet.lib import clock
from monitors import learn, notices, operations, queries, rhythms, rollup, sql, sweep_sql, verdicts
from monitors.domain import beet, hours
from monitors.domain.beet import BeetFacts
from monitors.domain.gaps import Reason
from monitors.domain.status import EventKind
from monitors.models import (
    Gap,
    GapNotice,
    Incident,
    IncidentEvent,
    Monitor,
    Ping,
    Pulse,
    RollupMark,
    Run,
    StatusChange,
    Unheard,
)

BATCH = 2000
"""Pings of one transaction: those of others wait no longer than that."""
_ACTIONS = {
    EventKind.ACKNOWLEDGED: "ACKNOWLEDGE_INCIDENT",
    EventKind.NOTE: "UPDATE_INCIDENT",
    EventKind.RESOLVED: "RESOLVE_INCIDENT",
}


def write_pings(records: Iterable[Record], monitors: Mapping[str, Monitor], *, now: datetime) -> int:
    """Store the pings, by the statement of ingest, and return how many. Those that ended a run have a duration, which
    that statement does not know. Nobody judges by any of them before the pulses are written."""
    count = 0
    sent = ((monitors[record.job.name].id, each) for record in records for each in record.pings)
    while batch := list(islice(sent, BATCH)):
        with transaction.atomic():
            plain = [pair for pair in batch if pair[1].duration_sec is None]
            sql.write(uuid4(), pings=_rows(plain), pulses=[], now=now)
            Ping.objects.bulk_create(_ping(*pair) for pair in batch if pair[1].duration_sec is not None)
        count += len(batch)
    return count


def _rows(sent: Iterable[tuple[int, Sent]]) -> sql.PingRows:
    rows: list[dict[str, Any]] = []
    blob = bytearray()
    for monitor_id, each in sent:
        at_us = clock.to_microseconds(each.at)
        row = {"m": monitor_id, "t": at_us, "k": each.kind, "e": each.method, "s": each.source, "r": each.run_id}
        row |= {"v": each.value, "x": each.exit_code}
        if each.body:
            start, blob = len(blob), blob + each.body
            row.update(a=start, b=len(blob), c=len(blob), z=len(each.body))
        rows.append(row)
    return sql.PingRows(rows, bytes(blob))


def _ping(monitor_id: int, sent: Sent) -> Ping:
    return Ping(
        monitor_id=monitor_id,
        received_at=sent.at,
        kind=sent.kind,
        value=sent.value,
        duration_sec=sent.duration_sec,
        exit_code=sent.exit_code,
        run_id=sent.run_id,
        method=sent.method,
        source=sent.source,
        body_head=sent.body or None,
        body_tail=b"" if sent.body else None,
        body_size=len(sent.body),
    )


@transaction.atomic
def write_states(records: Sequence[Record], founded: Founded) -> None:
    """Write how every monitor ended, and what led there."""
    runs, changes = [], []
    for record in records:
        monitor = founded.monitors[record.job.name]
        _write_pulse(monitor, record)
        for run in record.runs:
            outcome = run.outcome or ""
            times = {"started_at": run.started_at, "finished_at": run.finished_at}
            runs.append(Run(monitor=monitor, run_id=run.run_id, outcome=outcome, **times))
        for each in record.changes:
            states = {"from_status": each.from_status, "to_status": each.to_status}
            changes.append(StatusChange(monitor=monitor, at=each.at, cause=each.cause, **states))
    Run.objects.bulk_create(runs)
    StatusChange.objects.bulk_create(changes)


def _write_pulse(monitor: Monitor, record: Record) -> None:
    facts = record.facts
    Monitor.objects.filter(id=monitor.id).update(locked=facts.locked)
    Pulse.objects.filter(monitor=monitor).update(
        status=facts.status,
        status_since=facts.status_since,
        last_ping_at=facts.last_ping_at,
        last_success_at=facts.last_success_at,
        last_fail_at=facts.last_fail_at,
        waiting_from=facts.waiting_from,
        misses=facts.misses,
        good_pings=facts.good_pings,
        ping_count=len(record.pings),
        deadline=record.deadline,
    )


@transaction.atomic
def write_hours(records: Iterable[Record], founded: Founded, *, now: datetime) -> None:
    """Count the hours of the beets that the product has passed already."""
    RollupMark.objects.get_or_create(id=1, defaults={"rolled_until": hours.floor(now)})
    mark = rollup.locked()
    assert mark is not None, "it is there by now"
    counted = Counter(
        (monitor_id, hours.number(sent.at))
        for monitor_id, record in _beets(records, founded).items()
        for sent in record.pings
        if sent.at < mark.rolled_until
    )
    rollup.merge(rollup.Counts.of([(*key, count) for key, count in counted.items()]))


def write_rhythms(records: Iterable[Record], founded: Founded, *, now: datetime) -> None:
    """Learn from the hours, as the product does; judging goes on where the rules ended."""
    beets = _beets(records, founded)
    learn.at_once(list(beets), now=now)
    for monitor_id, facts in [(id_, record.facts) for id_, record in beets.items()]:
        if isinstance(facts, BeetFacts) and facts.arms is not None:
            sweep_sql.write_arms([(*rhythms.arms_columns(facts.arms), monitor_id)])
    _set_deadlines(list(beets))


def _beets(records: Iterable[Record], founded: Founded) -> dict[int, Record]:
    return {founded.monitors[record.job.name].id: record for record in records if record.job.is_beet}


def _set_deadlines(beet_ids: list[int]) -> None:
    """When to look at them again, by what they have learned."""
    beets = list(Monitor.objects.filter(id__in=beet_ids).select_related("pulse"))
    for monitor_id, facts in rhythms.facts_of(beets, queries.open_incidents(beet_ids)).items():
        Pulse.objects.filter(monitor_id=monitor_id).update(deadline=beet.deadline(facts))


def write_incidents(
    stories: Mapping[str, Sequence[Story]], founded: Founded
) -> tuple[dict[int, Incident], dict[int, IncidentEvent]]:
    """Write the incidents and their timelines, the oldest first; returns the rows by the ids of stories and events."""
    in_order = sorted(
        ((name, story) for name, many in stories.items() for story in many), key=lambda pair: pair[1].case.opened_at
    )
    incidents = {id(story): _incident(founded, name, story) for name, story in in_order}
    Incident.objects.bulk_create(incidents.values())
    events = {
        id(event): _event(incidents[id(story)], seq, event, founded)
        for _, story in in_order
        for seq, event in enumerate(story.events, start=1)
    }
    IncidentEvent.objects.bulk_create(events.values())
    return incidents, events


def _incident(founded: Founded, name: str, story: Story) -> Incident:
    case = story.case
    return Incident(
        monitor=founded.monitors[name],
        severity=case.severity,
        cause=case.cause,
        title=verdicts.TITLES[case.cause].format(name=name),
        opened_at=case.opened_at,
        expected_at=case.expected_at,
        last_ping_at=case.last_ping_at,
        acknowledged_at=story.acknowledged_at,
        acknowledged_by=founded.people[story.acknowledged_by] if story.acknowledged_by else None,
        resolved_at=case.resolved_at,
        resolution=case.resolution or "",
        remind_at=story.remind_at,
        evidence=None if case.evidence is None else dict(case.evidence),
    )


def _event(incident: Incident, seq: int, event: Event, founded: Founded) -> IncidentEvent:
    return IncidentEvent(
        incident=incident,
        seq=seq,
        kind=event.kind,
        at=event.at,
        actor=founded.people[event.by] if event.by else None,
        message=event.message,
        created_at=event.created_at,
        dispatched_at=event.dispatched_at,
        hold_until=event.hold_until,
    )


def write_deliveries(
    told: Told, incidents: Mapping[int, Incident], events: Mapping[int, IncidentEvent], founded: Founded
) -> None:
    """Write the storms, what was sent, and each try of it."""
    storms = {id(each): _storm(each, founded) for each in told.storms}
    StormRow.objects.bulk_create(storms.values())
    lists = {id(letter): _notice(storms[id(letter.storm)], letter) for letter in told.letters if not letter.event}
    Notice.objects.bulk_create(lists.values())
    rows = [
        (
            letter,
            Delivery(
                event=events[id(letter.event)] if letter.event else None,
                incident=incidents[id(letter.story)] if letter.event else None,
                notice=lists.get(id(letter)),
                storm=storms[id(letter.storm)] if letter.storm and letter.event else None,
                channel=founded.channels[letter.ear.key],
                **_ending(letter),
            ),
        )
        for letter in told.letters
    ]
    Delivery.objects.bulk_create(row for _, row in rows)
    Attempt.objects.bulk_create(each for letter, row in rows for each in _attempts(letter, row))


def _storm(found: Storm, founded: Founded) -> StormRow:
    return StormRow(
        organization=founded.organization,
        channel=founded.channels[found.ear.key],
        started_at=found.started_at,
        grew_at=found.grew_at,
        told_at=found.told[-1] if found.told else None,
        ended_at=found.ended_at,
    )


def _notice(storm: StormRow, letter: Letter) -> Notice:
    return Notice(organization=storm.organization, kind=Notice.STORM, storm=storm, created_at=letter.made_at)


def _ending(letter: Letter) -> dict[str, Any]:
    """How a delivery came to its end."""
    is_dead = letter.status is DeliveryStatus.DEAD
    return {
        "step": letter.step,
        "status": letter.status,
        "tries": len(letter.tries),
        "created_at": letter.made_at,
        "first_tried_at": letter.tries[0].at if letter.tries else None,
        "delivered_at": letter.delivered_at,
        "last_error": letter.tries[-1].error if is_dead else "",
        "fell_back_at": letter.fell_back_at,
    }


def _attempts(letter: Letter, row: Delivery) -> Iterator[Attempt]:
    for each in letter.tries:
        yield Attempt(
            delivery=row,
            at=each.at,
            is_ok=each.is_ok,
            duration_ms=each.duration_ms,
            status_code=each.status_code,
            error=each.error,
            excerpt=each.excerpt,
        )


def write_gap(start: datetime, end: datetime, records: Sequence[Record], founded: Founded) -> bool:
    """Write when nobody listened, and the notice of it. A gap is everybody's: where others have monitors on this
    installation it is left out, for it would count in their figures too. Returns whether it was written."""
    others = Monitor.objects.exclude(organization=founded.organization)
    gap = Gap.objects.filter(started_at=start, ended_at=end).first()
    if gap is None and others.exists():
        return False
    gap = gap or Gap.objects.create(started_at=start, ended_at=end, reason=Reason.STOPPED)
    unheard = {record.job.name: record.unheard[0] for record in records if record.unheard}
    if unheard:
        _write_notice(gap, unheard, founded)
    return True


def _write_notice(gap: Gap, unheard: Mapping[str, datetime], founded: Founded) -> None:
    """The letters of it are long read."""
    noticed_at = min(unheard.values()) + timedelta(seconds=0.5)
    notice = GapNotice.objects.create(
        gap=gap,
        organization=founded.organization,
        created_at=noticed_at,
        sent_at=max(noticed_at, gap.ended_at) + notices.SETTLED,
    )
    Unheard.objects.bulk_create(
        Unheard(notice=notice, monitor=founded.monitors[name], at=at) for name, at in unheard.items()
    )


def write_audit(
    records: Sequence[Record], stories: Mapping[str, Sequence[Story]], founded: Founded, *, now: datetime
) -> None:
    """Write down what people did to monitors and incidents."""
    for record in records:
        for order in orders(record.job, now):
            if order.act in (Act.PAUSE, Act.RESUME):
                action = f"{order.act.name}_MONITOR"
                _audit(founded, record.job.name, action, founded.actor("priya"), order.at)
    for name, many in stories.items():
        for story in many:
            for event in story.events:
                if event.by and event.kind in _ACTIONS:
                    _audit(founded, name, _ACTIONS[event.kind], founded.actor(event.by), event.at)


def _audit(founded: Founded, name: str, action: str, by: Actor, at: datetime) -> None:
    monitor = founded.monitors[name]
    audit.record(organization=founded.organization, by=by, action=action, resource=operations.resource(monitor), now=at)

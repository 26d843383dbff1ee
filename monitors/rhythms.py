"""A beet's row of what was learned, as the rules' values and back; and what its organisation allows it."""

import struct
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count

from monitors.domain import evidence, facts, policy, rhythm
from monitors.domain.beet import BeetFacts
from monitors.domain.rhythm import Arms, Profile, Tuning
from monitors.domain.status import Cause, Status
from monitors.domain.values import Bands, Rule
from monitors.models import AlertPolicy, Incident, Monitor, Pulse, Rhythm, RollupMark

_RATES = struct.Struct("<168f")


def of(monitor_ids: Iterable[int]) -> dict[int, Rhythm]:
    """The rows of these monitors that have one, by monitor."""
    return Rhythm.objects.in_bulk(list(monitor_ids))


def profile(row: Rhythm | None) -> Profile | None:
    """What a row has learned; None while it has not."""
    if row is None or row.rates is None:
        return None
    return Profile(row.zone, unpack_rates(bytes(row.rates)), row.level, row.burst, row.wobble)


def pack_rates(rates: Iterable[float]) -> bytes:
    """The rates of the 168 hours as they are stored."""
    return _RATES.pack(*rates)


def unpack_rates(packed: bytes) -> tuple[float, ...]:
    """The 168 rates of a row."""
    return _RATES.unpack(packed)


def rolled_until() -> datetime | None:
    """Up to which hour events are counted; None before the first run."""
    return RollupMark.objects.values_list("rolled_until", flat=True).first()


def arms(row: Rhythm | None) -> Arms | None:
    """Where the judgement of a row stands, without its alarm; None before the first look."""
    if row is None or row.evaluated_at is None:
        return None
    at = rhythm.seconds(row.evaluated_at)
    return Arms(
        at=at,
        heard_at=_seconds(row.heard_at, at),
        quiet=row.quiet,
        drop=row.drop,
        drop_since=_seconds(row.drop_since, at),
        drop_expected=row.drop_expected,
        drop_seen=row.drop_seen,
        back_expected=row.back_expected,
        back_seen=row.back_seen,
    )


def facts_of(
    monitors: Sequence[Monitor], open_incidents: Mapping[int, Incident], rows: Mapping[int, Rhythm] | None = None
) -> dict[int, BeetFacts]:
    """The facts of beets by monitor, in two or three queries, one less if their `rows` are given; none if there are
    none. Their pulses must be loaded."""
    if not monitors:
        return {}
    rows, wanted = of(each.id for each in monitors) if rows is None else rows, tunings(monitors)
    return {
        each.id: gather(each, each.pulse, rows.get(each.id), open_incidents.get(each.id), wanted[each.id])
        for each in monitors
    }


def gather(monitor: Monitor, pulse: Pulse, row: Rhythm | None, incident: Incident | None, tuning: Tuning) -> BeetFacts:
    """The facts that the rules judge a beet by."""
    return BeetFacts(
        status=Status(pulse.status),
        status_since=pulse.status_since,
        last_ping_at=pulse.last_ping_at,
        last_success_at=pulse.last_success_at,
        last_fail_at=pulse.last_fail_at,
        waiting_from=pulse.waiting_from,
        incident=_open(incident),
        locked=monitor.locked,
        profile=profile(row),
        tuning=tuning,
        arms=arms(row),
        learning_silence=_length(monitor.learning_silence_sec),
        rule=rule(monitor),
        bands=bands(monitor, row),
    )


def rule(monitor: Monitor) -> Rule:
    """Which values of a monitor are good."""
    return Rule(monitor.value_below, monitor.value_above, monitor.value_per, monitor.value_band)


def bands(monitor: Monitor, row: Rhythm | None) -> Bands | None:
    """Which of its values are usual, by the clock of its zone; None while that is not learned, or does not count."""
    if row is None or row.bands is None or not monitor.value_band:
        return None
    return Bands.unpack(bytes(row.bands), monitor.timezone)


def bands_of(monitors: Iterable[Monitor]) -> dict[int, Bands]:
    """The bands of those of these monitors that have some, by monitor; no query if none wants any."""
    wanted = {each.id: each for each in monitors if each.value_band}
    found = {id_: bands(wanted[id_], row) for id_, row in of(wanted).items()} if wanted else {}
    return {id_: its for id_, its in found.items() if its is not None}


def arms_columns(given: Arms) -> tuple[Any, ...]:
    """The values of `sweep_sql.ARMS`."""
    return (
        rhythm.instant(given.at),
        rhythm.instant(given.heard_at),
        given.quiet,
        given.drop,
        rhythm.instant(given.drop_since),
        given.drop_expected,
        given.drop_seen,
        given.back_expected,
        given.back_seen,
    )


def tunings(beets: Iterable[Monitor]) -> dict[int, Tuning]:
    """What is wanted of each of these beets, by id."""
    many = list(beets)
    weeks = budgets(many)
    return {each.id: Tuning(each.rho, weeks[each.id]) for each in many}


def budgets(beets: Iterable[Monitor]) -> dict[int, float]:
    """The weeks per allowed false alarm of each of these beets, by id; in two queries, one if nobody shares."""
    many = list(beets)
    policies = AlertPolicy.objects.filter(organization_id__in={beet.organization_id for beet in many})
    shared = dict(policies.exclude(beet_budget_weeks=None).values_list("organization_id", "beet_budget_weeks"))
    sharing = Monitor.objects.filter(type=Monitor.BEET, deleted_at=None, budget_weeks=None, organization__in=shared)
    counts = dict(sharing.values_list("organization_id").annotate(Count("id")).order_by()) if shared else {}
    return {
        each.id: policy.budget_weeks(
            each.budget_weeks, shared.get(each.organization_id), counts.get(each.organization_id, 1)
        )
        for each in many
    }


def _open(incident: Incident | None) -> facts.OpenIncident | None:
    if incident is None:
        return None
    began_as = (incident.evidence or {}).get("openedAs")
    return facts.OpenIncident(
        opened_at=incident.opened_at,
        cause=Cause(incident.cause),
        began_as=Cause(began_as) if began_as else None,
        since=evidence.began_at(incident.evidence),
    )


def _length(sec: int | None) -> timedelta | None:
    return None if sec is None else timedelta(seconds=sec)


def _seconds(at: datetime | None, missing: float) -> float:
    return missing if at is None else rhythm.seconds(at)

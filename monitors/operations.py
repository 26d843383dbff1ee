"""What people do with monitors and incidents: one transaction each, audited; `transitions` changes the state."""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from string import ascii_lowercase
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.crypto import get_random_string
from django.utils.text import slugify

from accounts import audit
from accounts.domain.actor import Actor
from accounts.models import Organization, Project
from heartbeet.lib import crypto
from monitors import policies, queries, transitions
from monitors.domain import fields, policy, schedule, token
from monitors.domain.status import Status
from monitors.models import Incident, Monitor, Pulse, Rhythm, Token

LONGEST_SNOOZE = timedelta(days=366)


class NameTaken(ValueError):
    """Another monitor of this project has this name already."""


class MonitorLimitReached(ValueError):
    """The plan's number of monitors is used up: delete one, or ask the operator for a larger plan."""


class IntervalTooLow(ValueError):
    """The plan does not allow pings this often."""

    def __init__(self, floor_sec: int) -> None:
        super().__init__(f"Your plan allows an interval of {floor_sec} seconds or more.")
        self.floor_sec = floor_sec


@dataclass(frozen=True, slots=True)
class Secrets:
    """The ingestion token of a monitor in plain text, with the URLs it makes. Show it, never store it."""

    monitor_id: int
    name: str
    token: str

    @property
    def ping_url(self) -> str:
        return f"{settings.HEARTBEET_SITE_URL}/api/v1/heartbeats/{self.token}"

    @property
    def beet_url(self) -> str:
        return f"{settings.HEARTBEET_SITE_URL}/api/v1/beet/{self.token}"

    def __repr__(self) -> str:
        return f"Secrets(monitor_id={self.monitor_id})"


@dataclass(frozen=True, slots=True)
class Created:
    """A new monitor and its secrets, which are shown once."""

    monitor: Monitor
    secrets: Secrets


def create(
    *,
    organization: Organization,
    project: Project,
    given: fields.MonitorFields,
    told: Sequence[int] = (),
    by: Actor,
    now: datetime,
) -> Created:
    """Make a monitor that waits for its first ping. `told` are the channels that the caller will subscribe.

    Raises fields.Invalid, IntervalTooLow, MonitorLimitReached or NameTaken; then nothing was made.
    """
    tidied = fields.tidy(given)
    fields.check(tidied)
    _check_floor(organization, tidied)
    with transaction.atomic():
        _check_limit(organization)
        monitor = _insert(organization, project, tidied, now)
        _begin(monitor, now)
        _make_room_to_learn(monitor)
        secrets = _new_token(monitor, now)
        audit.record(
            organization=organization,
            by=by,
            action="CREATE_MONITOR",
            resource=resource(monitor),
            meta={"snapshot": {**_plain(tidied), "project": project.slug, "channelIds": list(told)}},
            now=now,
        )
    return Created(monitor, secrets)


def edit(*, monitor: Monitor, changes: Mapping[str, Any], by: Actor, now: datetime) -> Monitor:
    """Change some fields (names of MonitorFields, and `project`). A new schedule makes the monitor wait anew.

    Raises fields.Invalid, IntervalTooLow or NameTaken; then nothing has changed.
    """
    before = fields.from_row(monitor)
    wanted = fields.tidy(replace(before, **{name: value for name, value in changes.items() if name != "project"}))
    fields.check(wanted)
    if (before.interval_sec, before.cron) != (wanted.interval_sec, wanted.cron):
        _check_floor(monitor.organization, wanted)
    home, project = monitor.project, changes.get("project", monitor.project)
    with transaction.atomic():
        transitions.lock([monitor.id])
        _update(monitor, wanted, project, now)
        _make_room_to_learn(monitor)
        changed = {name for name in fields.NAMES if getattr(before, name) != getattr(wanted, name)}
        _follow(monitor, changed, now)
        audit.record(
            organization=monitor.organization,
            by=by,
            action="UPDATE_MONITOR",
            resource=resource(monitor),
            meta=audit.difference(
                {**_plain(before), "project": home.slug}, {**_plain(wanted), "project": project.slug}
            ),
            now=now,
        )
    return monitor


def pause(*, monitor: Monitor, by: Actor, now: datetime) -> None:
    """Stop judging: pings are still stored, an open incident resolves as `paused`. Pausing twice changes nothing."""
    _act(monitor, "PAUSE_MONITOR", transitions.paused, by, now)


def resume(*, monitor: Monitor, by: Actor, now: datetime) -> None:
    """Judge again, waiting anew from now. Resuming what is not paused changes nothing."""
    _act(monitor, "RESUME_MONITOR", transitions.resumed, by, now)


@transaction.atomic
def snooze(*, monitor: Monitor, until: datetime | None, by: Actor, now: datetime) -> None:
    """Tell nobody that incidents open, until a time, or without one until the next healthy ping. Pings are judged as
    ever; what was told already is told to its end. Raises fields.Invalid."""
    if until is not None and not now < until <= now + LONGEST_SNOOZE:
        raise fields.Invalid([fields.Problem("until", "out_of_range", "Give a time to come, at most a year from now.")])
    _set_snooze(monitor, now, until)
    _record(monitor, "SNOOZE_MONITOR", by, now, until=until.isoformat() if until else None)


@transaction.atomic
def unsnooze(*, monitor: Monitor, by: Actor, now: datetime) -> None:
    """Tell at once what is open. Unsnoozing what is not snoozed changes nothing."""
    if not queries.is_snoozed(monitor, now):
        return
    _set_snooze(monitor, None, None)
    _record(monitor, "UNSNOOZE_MONITOR", by, now)


@transaction.atomic
def delete(*, monitor: Monitor, by: Actor, now: datetime) -> None:
    """Hide a monitor and kill its tokens and its badge; it is purged after its last delivery. Its open incident
    resolves."""
    transitions.deleted(monitor.id, now=now)
    monitor.tokens.filter(retired_at=None).update(retired_at=now)
    monitor.badges.all().delete()
    if Monitor.objects.filter(id=monitor.id, deleted_at=None).update(deleted_at=now, updated_at=now):
        if monitor.type == Monitor.BEET:
            policies.share_anew(monitor.organization, now=now, holds_others=True)
        audit.record(
            organization=monitor.organization,
            by=by,
            action="DELETE_MONITOR",
            resource=resource(monitor),
            meta={"snapshot": _plain(fields.from_row(monitor))},
            now=now,
        )


@transaction.atomic
def rotate_token(*, monitor: Monitor, by: Actor, now: datetime) -> Secrets:
    """Replace the ingestion token. The old one is dead when this commits: ingest keeps no cache."""
    transitions.lock([monitor.id])
    monitor.tokens.filter(retired_at=None).update(retired_at=now)
    secrets = _new_token(monitor, now)
    _record(monitor, "ROTATE_MONITOR_TOKEN", by, now)
    return secrets


@transaction.atomic
def reveal(*, monitor: Monitor, by: Actor, now: datetime) -> Secrets:
    """Read the ingestion token back; every reading is audited."""
    row = monitor.tokens.get(retired_at=None)
    _record(monitor, "READ_MONITOR_SECRETS", by, now)
    return Secrets(monitor.id, monitor.name, crypto.unseal(row.envelope, bound_to=binding(bytes(row.digest))))


def acknowledge(*, incident: Incident, by: Actor, now: datetime) -> None:
    """Say that someone is on it. Acknowledging twice changes nothing. Raises transitions.NotOpen."""
    with transaction.atomic():
        if not transitions.acknowledged(incident.id, user_id=by.user_id, now=now):
            return
        _record(incident.monitor, "ACKNOWLEDGE_INCIDENT", by, now, incident=incident.id)
    incident.refresh_from_db()


def resolve(*, incident: Incident, by: Actor, now: datetime) -> None:
    """Close an incident by hand: the monitor waits anew from now, and staying silent alerts again. That of a beet says
    that it is well: what it has learned is learned anew, with those hours. Raises transitions.NotOpen."""
    with transaction.atomic():
        transitions.resolved(incident.id, user_id=by.user_id, now=now)
        Rhythm.objects.filter(monitor=incident.monitor_id).update(learned_at=None)
        _record(incident.monitor, "RESOLVE_INCIDENT", by, now, incident=incident.id)
    incident.refresh_from_db()


def note(*, incident: Incident, message: str, by: Actor, now: datetime) -> None:
    """Add a line to an incident's timeline."""
    with transaction.atomic():
        transitions.noted(incident.id, message=message, user_id=by.user_id, now=now)
        _record(incident.monitor, "UPDATE_INCIDENT", by, now, incident=incident.id)


def binding(digest: bytes) -> str:
    """What a token's envelope is bound to, so that it opens in no other row."""
    return f"token:{digest.hex()}"


def resource(monitor: Monitor) -> str:
    """A monitor's name in the audit log."""
    return f"monitor:{monitor.id}"


def _act(monitor: Monitor, action: str, transition: Callable[..., bool], by: Actor, now: datetime) -> None:
    with transaction.atomic():
        if transition(monitor.id, now=now):
            _record(monitor, action, by, now)


def _record(monitor: Monitor, action: str, by: Actor, now: datetime, **meta: Any) -> None:
    audit.record(
        organization=monitor.organization, by=by, action=action, resource=resource(monitor), meta=meta, now=now
    )


def _set_snooze(monitor: Monitor, since: datetime | None, until: datetime | None) -> None:
    transitions.lock([monitor.id])
    Monitor.objects.filter(id=monitor.id).update(snoozed_at=since, snoozed_until=until)
    monitor.snoozed_at, monitor.snoozed_until = since, until
    policies.look_again(monitor.incidents.all())


def _follow(monitor: Monitor, changed: Set[str], now: datetime) -> None:
    """Let the state follow what has changed."""
    is_rhythm = monitor.type == Monitor.BEET and changed & {*fields.RHYTHM, *fields.VALUE}
    if is_rhythm or changed & (fields.SCHEDULE | {"alert_threshold"}):
        transitions.edited(monitor.id, now=now)
    if changed & set(policy.NAMES):
        _follow_policy(monitor, now)
    if monitor.type == Monitor.BEET and "budget_weeks" in changed:
        policies.share_anew(monitor.organization, now=now, holds_others=True)
    if changed & {"value_per", "value_band", "timezone"}:
        Rhythm.objects.filter(monitor=monitor).update(bands=None, learned_at=None)  # of other values, or other hours


def _follow_policy(monitor: Monitor, now: datetime) -> None:
    """What is open by now follows the monitor's own values too."""
    policies.look_again(monitor.incidents.all())
    policies.remind_anew(monitor.incidents.all(), policies.of_monitors([monitor])[monitor.id], now)


def _check_floor(organization: Organization, given: fields.MonitorFields) -> None:
    floor = organization.plan.interval_floor_sec
    if given.type == fields.HEARTBEAT and schedule.shortest_period_sec(given.interval_sec, given.cron) < floor:
        raise IntervalTooLow(floor)


def _check_limit(organization: Organization) -> None:
    limit = organization.plan.monitor_limit
    if limit is None:
        return
    Organization.objects.select_for_update(no_key=True).get(id=organization.id)  # two creations count one by one
    if organization.monitors.filter(deleted_at=None).count() >= limit:
        raise MonitorLimitReached(MonitorLimitReached.__doc__)


def _insert(organization: Organization, project: Project, given: fields.MonitorFields, now: datetime) -> Monitor:
    row = Monitor(organization=organization, project=project, created_at=now, updated_at=now, **_plain(given))

    def save(slug: str) -> None:
        row.slug = slug
        row.save(force_insert=True)

    _with_free_slug(_live_in(project), given.name, slugify(given.name)[:240] or "monitor", save)
    return row


def _begin(monitor: Monitor, now: datetime) -> None:
    """The state of a new monitor. A beet learns from the start, and is looked at where a silence alerts meanwhile."""
    is_beet, is_watched = monitor.type == Monitor.BEET, monitor.learning_silence_sec is not None
    Pulse.objects.create(
        monitor=monitor,
        status=Status.LEARNING if is_beet else Status.NEW,
        status_since=now,
        deadline=now if is_beet and is_watched else None,
    )


def _make_room_to_learn(monitor: Monitor) -> None:
    """A beet has the row of its rhythm from the beginning, another monitor from when it learns a band of values."""
    if monitor.type == Monitor.BEET or monitor.value_band:
        Rhythm.objects.get_or_create(monitor=monitor, defaults={"zone": monitor.timezone})


def _update(monitor: Monitor, wanted: fields.MonitorFields, project: Project, now: datetime) -> None:
    """Write the configuration. The slug stays, unless another monitor of a new project has it already."""
    values = {**_plain(wanted), "project": project, "updated_at": now}

    def save(slug: str) -> None:
        Monitor.objects.filter(id=monitor.id).update(**values, slug=slug)
        monitor.slug = slug

    _with_free_slug(_live_in(project).exclude(id=monitor.id), wanted.name, monitor.slug, save)
    for name, value in values.items():
        setattr(monitor, name, value)


def _live_in(project: Project) -> QuerySet[Monitor]:
    return Monitor.objects.filter(project=project, deleted_at=None)


def _with_free_slug(others: QuerySet[Monitor], name: str, base: str, save: Callable[[str], None]) -> None:
    """Save a monitor under `base`, or `base-2` … Names are unique, and so are slugs: of alike ones that come at once,
    all but the first get a random ending. Raises NameTaken."""
    slug = _free_slug(others, base)
    for _ in range(5):
        try:
            with transaction.atomic():
                return save(slug)
        except IntegrityError as error:
            if others.filter(name__iexact=name).exists():
                raise NameTaken(NameTaken.__doc__) from error
            slug = f"{base}-{get_random_string(6, ascii_lowercase)}"
    raise NameTaken(NameTaken.__doc__)


def _free_slug(others: QuerySet[Monitor], base: str) -> str:
    taken = set(others.filter(slug__startswith=base).values_list("slug", flat=True))
    return next(slug for slug in _candidates(base) if slug not in taken)


def _candidates(base: str) -> Iterator[str]:
    yield base
    yield from (f"{base}-{number}" for number in itertools.count(2))


def _new_token(monitor: Monitor, now: datetime) -> Secrets:
    plaintext = token.generate()
    digest = token.digest(plaintext)
    envelope = crypto.seal(plaintext, bound_to=binding(digest))
    Token.objects.create(monitor=monitor, digest=digest, envelope=envelope, created_at=now)
    return Secrets(monitor.id, monitor.name, plaintext)


def _plain(given: fields.MonitorFields) -> dict[str, Any]:
    return {name: getattr(given, name) for name in sorted(fields.NAMES)}

"""The clearing, every hour: what is too old goes, in small batches, so that pings and sweeps never wait for it.
Clearing twice, or by two workers at once, does no harm."""

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib.sessions.models import Session
from django.db.models import Q, QuerySet

from accounts import answers, letters
from accounts.models import BrowserSession, KeptAnswer, MutationCount, Plan, User, WebhookSecret
from alerts.domain import retry
from alerts.models import Channel, Delivery, Notice, Receiver, Storm
from monitors import rhythms
from monitors.domain import fields, hours
from monitors.models import Batch, Deafness, Gap, HourlyCount, IncidentEvent, IngestNode, Monitor, Ping, Run

BATCH = 500
PINGS_KEPT = 100
"""This many of a monitor's newest pings stay, however old they are."""
DELIVERIES_KEPT = 100
"""And of a channel's newest deliveries: one that had nothing to tell for long still shows that it worked."""
RECEIVERS_KEPT = timedelta(days=7)
BATCHES_KEPT = timedelta(days=7)
NODES_KEPT = timedelta(days=7)
GAPS_KEPT = timedelta(days=400)
"""A year's uptime leaves them out."""
COUNTS_KEPT = timedelta(days=7)
DELETED_KEPT = timedelta(days=1)
LETTERS_KEPT = timedelta(days=7)
UNCONFIRMED_KEPT = timedelta(days=7)


def run(*, now: datetime) -> dict[str, int]:
    """Delete what nobody needs any more. Returns how many rows of each kind went."""
    return {
        **_beyond_retention(now),
        "receivers": _delete(_not_asked_lately(now)),
        "batches": _delete(Batch.objects.filter(committed_at__lt=now - BATCHES_KEPT)),
        "nodes": _delete(IngestNode.objects.filter(beat_at__lt=now - NODES_KEPT)),
        "deafnesses": _delete(Deafness.objects.filter(ended_at__lt=now - NODES_KEPT)),
        "gaps": _delete(Gap.objects.filter(ended_at__lt=now - GAPS_KEPT)),
        "sessions": _delete(BrowserSession.objects.filter(expires_at__lt=now)),
        "old_sessions": _delete(Session.objects.filter(expire_date__lt=now)),  # of releases that kept them there
        "letters": _delete(letters.finished(now - LETTERS_KEPT)),
        "unconfirmed": _delete(_never_came(now)),
        "kept_answers": _delete(KeptAnswer.objects.filter(started_at__lt=now - answers.KEPT)),
        "webhook_secrets": _delete(WebhookSecret.objects.filter(retires_at__lt=now)),
        "mutation_counts": _delete(MutationCount.objects.filter(day__lt=(now - COUNTS_KEPT).date())),
        "hourly_counts": _old_counts((now - hours.KEPT).date()),
        "monitors": sum(_purge(monitor) for monitor in _deleted_and_told(now)),
    }


def _beyond_retention(now: datetime) -> dict[str, int]:
    """Delete what each plan keeps for a while: what came in, and what was told."""
    gone: Counter[str] = Counter(pings=0, deliveries=0, notices=0, storms=0)
    for plan in Plan.objects.all():
        cutoff = now - timedelta(days=plan.ping_retention_days)
        gone["pings"] += _old_pings(plan, cutoff)
        gone["deliveries"] += _old_deliveries(plan, cutoff)
        notices = Notice.objects.filter(organization__plan=plan, created_at__lt=cutoff)
        gone["notices"] += _delete(notices.filter(deliveries=None))
        storms = Storm.objects.filter(organization__plan=plan, ended_at__lt=cutoff)
        gone["storms"] += _delete(storms.filter(deliveries=None, notices=None))
    return dict(gone)


def _old_pings(plan: Plan, cutoff: datetime) -> int:
    """Delete a plan's old pings, those of beets not before they are counted, and the runs that ended."""
    gone = 0
    counted = min(cutoff, rhythms.rolled_until() or cutoff)
    for ids in _chunks(Monitor.objects.filter(organization__plan=plan)):
        old = Ping.objects.filter(monitor_id__in=ids, received_at__lt=cutoff)
        for monitor_id, kind in old.values_list("monitor_id", "monitor__type").distinct():
            pings = Ping.objects.filter(monitor_id=monitor_id)
            before = counted if kind == fields.BEET else cutoff
            gone += _delete(_beyond_newest(pings, "received_at", before, kept=PINGS_KEPT))
        _delete(Run.objects.filter(monitor_id__in=ids, finished_at__lt=cutoff))
    return gone


def _old_deliveries(plan: Plan, cutoff: datetime) -> int:
    """Delete a plan's old deliveries, but none that may still be sent, or whose incident goes on: whether a channel was
    told of its beginning says whether it is told of its end."""
    gone = 0
    is_over = Q(incident=None) | Q(incident__resolved_at__lt=cutoff)
    for ids in _chunks(Channel.objects.filter(organization__plan=plan)):
        old = Delivery.objects.filter(channel_id__in=ids, created_at__lt=cutoff)
        for channel_id in old.order_by().values_list("channel_id", flat=True).distinct():
            sent = Delivery.objects.filter(channel_id=channel_id)
            spare = _beyond_newest(sent, "created_at", cutoff, kept=DELIVERIES_KEPT)
            gone += _delete(spare.filter(is_over).exclude(status__in=retry.WAITING))
    return gone


def _beyond_newest(rows: QuerySet[Any], column: str, cutoff: datetime, *, kept: int) -> QuerySet[Any]:
    """Of these rows those that are old, and older than the newest ones that are always kept."""
    newest = rows.order_by(f"-{column}").values_list(column, flat=True)
    oldest_kept = newest[kept - 1 : kept].first()
    if oldest_kept is None:
        return rows.none()
    return rows.filter(**{f"{column}__lt": min(cutoff, oldest_kept)})


def _old_counts(before: date) -> int:
    """Delete the counts of old days, some monitors at a time: their index begins with the monitor."""
    beets = _chunks(Monitor.objects.filter(type=fields.BEET))
    return sum(_delete(HourlyCount.objects.filter(monitor_id__in=ids, day__lt=before)) for ids in beets)


def _not_asked_lately(now: datetime) -> QuerySet[Receiver]:
    """Hosts that nobody has sent to for a while: how they answered then says nothing any more."""
    forgotten = Receiver.objects.filter(updated_at__lt=now - RECEIVERS_KEPT)
    return forgotten.exclude(open_until__gt=now)


def _never_came(now: datetime) -> QuerySet[User]:
    """People who signed up and did not confirm their address; perhaps it was never theirs."""
    unconfirmed = User.objects.exclude(emailaddress__verified=True).filter(date_joined__lt=now - UNCONFIRMED_KEPT)
    return unconfirmed.filter(last_login=None, memberships=None, is_staff=False)


def _deleted_and_told(now: datetime) -> QuerySet[Monitor]:
    """Monitors deleted a while ago, of whose incidents everybody who is to know has heard."""
    waiting = Delivery.objects.filter(status__in=retry.WAITING).values("incident__monitor_id")
    unheard = IncidentEvent.objects.filter(dispatched_at=None).values("incident__monitor_id")
    deleted = Monitor.objects.filter(deleted_at__lt=now - DELETED_KEPT)
    return deleted.exclude(Q(id__in=waiting) | Q(id__in=unheard))


def _purge(monitor: Monitor) -> int:
    _delete(Ping.objects.filter(monitor=monitor))
    monitor.delete()
    return 1


def _chunks(rows: QuerySet[Any]) -> Iterable[list[int]]:
    """The ids of the rows, BATCH at a time."""
    last = 0
    while ids := list(rows.filter(id__gt=last).order_by("id").values_list("id", flat=True)[:BATCH]):
        yield ids
        last = ids[-1]


def _delete(rows: QuerySet[Any]) -> int:
    """Delete the rows, BATCH at a time, each batch a transaction of its own."""
    gone = 0
    while keys := list(rows.values_list("pk", flat=True)[:BATCH]):
        gone += rows.model._default_manager.filter(pk__in=keys).delete()[0]
    return gone

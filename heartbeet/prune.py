"""The clearing, every hour: what is too old goes, in small batches, so that pings and sweeps never wait for it.
Clearing twice, or by two workers at once, does no harm."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.contrib.sessions.models import Session
from django.db.models import Q, QuerySet

from accounts import answers, letters
from accounts.models import BrowserSession, KeptAnswer, MutationCount, Plan, User, WebhookSecret
from alerts.domain import retry
from alerts.models import Delivery
from monitors.models import Batch, Deafness, Gap, IncidentEvent, IngestNode, Monitor, Ping, Run

BATCH = 500
PINGS_KEPT = 100
"""This many of a monitor's newest pings stay, however old they are."""
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
        "pings": sum(_old_pings(plan, now) for plan in Plan.objects.all()),
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
        "monitors": sum(_purge(monitor) for monitor in _deleted_and_told(now)),
    }


def _old_pings(plan: Plan, now: datetime) -> int:
    """Delete a plan's pings, and the runs that ended, from before its retention."""
    cutoff = now - timedelta(days=plan.ping_retention_days)
    monitors = Monitor.objects.filter(organization__plan=plan)
    gone = 0
    for ids in _chunks(monitors):
        old = Ping.objects.filter(monitor_id__in=ids, received_at__lt=cutoff)
        for monitor_id in old.values_list("monitor_id", flat=True).distinct():
            gone += _delete(_prunable(monitor_id, cutoff))
        _delete(Run.objects.filter(monitor_id__in=ids, finished_at__lt=cutoff))
    return gone


def _prunable(monitor_id: int, cutoff: datetime) -> QuerySet[Ping]:
    """A monitor's pings that are old, and older than the newest ones that are always kept."""
    pings = Ping.objects.filter(monitor_id=monitor_id)
    newest = pings.order_by("-received_at").values_list("received_at", flat=True)
    oldest_kept = newest[PINGS_KEPT - 1 : PINGS_KEPT].first()
    if oldest_kept is None:
        return pings.none()
    return pings.filter(received_at__lt=min(cutoff, oldest_kept))


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

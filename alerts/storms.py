"""Storms, as one channel is told of them: many incidents of an organisation at once are one message, kept up to date.

A storm's row is locked by whoever adds to it or tells it, so any number of processes may do either."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from alerts.channels import registry
from alerts.domain import storm as rules
from alerts.domain.retry import WAITING, DeliveryStatus
from alerts.models import Channel, Delivery, Notice, Storm
from monitors.domain.status import EventKind
from monitors.models import Incident, IncidentEvent

log = structlog.get_logger(__name__)


def group(made: Sequence[Delivery], *, now: datetime) -> None:
    """Put those of the new deliveries that belong to a storm into it. The caller, in whose transaction this is, has not
    stored them yet; their events and channels are loaded."""
    if not settings.HEARTBEET_STORM_INCIDENTS:
        return
    readable = [each for each in made if each.event and each.channel.kind in registry.READ_BY_PEOPLE]
    openings = [each for each in readable if _opens(each)]
    going_on = _lock({each.channel_id for each in openings}, {each.channel_id for each in readable})
    _follow([each for each in readable if not _opens(each)], going_on, now)
    _begin(openings, going_on, now)


def tell(*, now: datetime) -> int:
    """Tell the list of each storm that has news and has not been told lately, and end those that are over. Returns how
    many deliveries were made. A storm that cannot be told keeps no other from it."""
    made = 0
    for storm_id in _due(now).order_by("id").values_list("id", flat=True):
        try:
            made += _tell(storm_id, now)
        except Exception:
            log.exception("storm.not_told", storm_id=storm_id)
    return made


def _due(now: datetime) -> QuerySet[Storm]:
    """Open storms that have something to tell by now, or may be over. Each channel may have one, and they last for as
    long as people take: those that just go on must cost nothing, whoever has them."""
    news = Q(told_at=None, started_at__lte=now - rules.GATHER)
    news |= Q(told_at__lt=F("grew_at"), told_at__lte=now - rules.PACE)
    is_off = Q(channel__is_enabled=False) | Q(channel__deleted_at__isnull=False)
    still = Incident.objects.filter(deliveries__storm=OuterRef("pk"), resolved_at=None)
    is_over = Q(told_at__gte=F("grew_at")) & (Q(grew_at__lte=now - rules.QUIET) | ~Exists(still))
    return Storm.objects.filter(news | is_off | is_over, ended_at=None)


def reference(delivery: Delivery) -> str:
    """The message that this delivery should change, as its receiver calls it: the list of its storm as it was told
    before. Empty where there is none."""
    notice = delivery.notice
    return notice.storm.reference if notice and notice.storm and delivery.step == 0 else ""


def arrived(messages: Iterable[tuple[Delivery, str]]) -> None:
    """Keep how receivers call the lists of storms among the messages that they took."""
    for delivery, said in messages:
        if said and delivery.notice and delivery.notice.storm_id and delivery.step == 0:
            Storm.objects.filter(id=delivery.notice.storm_id).update(reference=said[:200])


def _opens(delivery: Delivery) -> bool:
    return delivery.event is not None and delivery.event.kind == EventKind.OPENED


def _lock(counted: Collection[int], all_of_them: Collection[int]) -> dict[int, Storm]:
    """The open storms by channel, locked. Channels in which something opens are locked before: two dispatchers that
    counted at the same time would both find room."""
    if counted:
        list(Channel.objects.filter(id__in=counted).order_by("id").select_for_update(no_key=True).values_list("id"))
    found = Storm.objects.filter(channel_id__in=all_of_them, ended_at=None) if all_of_them else Storm.objects.none()
    return {each.channel_id: each for each in found.order_by("id").select_for_update(no_key=True)}


def _begin(openings: Sequence[Delivery], going_on: Mapping[int, Storm], now: datetime) -> None:
    """The first go at once, the rest of them belong to the storm of their channel."""
    if not openings:
        return
    by_channel: defaultdict[int, list[Delivery]] = defaultdict(list)
    for each in openings:
        by_channel[each.channel_id].append(each)
    lately = _told_lately(by_channel, now)
    for channel_id, waiting in by_channel.items():
        room = rules.room(settings.HEARTBEET_STORM_INCIDENTS, lately[channel_id])
        if rest := waiting[room:]:
            _join(going_on.get(channel_id) or _started(rest[0].channel, now), rest, now)


def _told_lately(channel_ids: Collection[int], now: datetime) -> Counter[int]:
    """How many incidents each channel was told of within the window, in a list or not."""
    since = now - timedelta(seconds=settings.HEARTBEET_STORM_WINDOW_SEC)
    told = Delivery.objects.filter(channel_id__in=channel_ids, created_at__gt=since, event__kind=EventKind.OPENED)
    return Counter(dict(told.order_by().values_list("channel_id").annotate(Count("id"))))


def _started(channel: Channel, now: datetime) -> Storm:
    return Storm.objects.create(organization_id=channel.organization_id, channel=channel, started_at=now, grew_at=now)


def _follow(later: Sequence[Delivery], going_on: Mapping[int, Storm], now: datetime) -> None:
    """What happens to an incident of a storm is told where its beginning was told, while the storm lasts."""
    if not later or not going_on:
        return
    incidents = [each.incident_id for each in later if each.incident_id]
    grouped = Delivery.objects.filter(storm__in=going_on.values(), incident_id__in=incidents)
    known = set(grouped.values_list("incident_id", "channel_id"))
    for channel_id, storm in going_on.items():
        if rows := [
            each for each in later if (each.incident_id, channel_id) in known and each.channel_id == channel_id
        ]:
            _join(storm, rows, now)


def _join(storm: Storm, rows: Iterable[Delivery], now: datetime) -> None:
    """Take deliveries into a storm that is locked. A reminder has to be heard, so it asks for a message of its own."""
    is_reminder = False
    for row in rows:
        row.storm, row.status, row.next_try_at = storm, DeliveryStatus.COLLAPSED, None
        is_reminder = is_reminder or (row.event is not None and row.event.kind == EventKind.REMINDED)
    # A dispatcher whose clock is a little behind the last telling has news all the same.
    grew_at = max(now, storm.told_at + timedelta(microseconds=1)) if storm.told_at else now
    Storm.objects.filter(id=storm.id).update(grew_at=grew_at, **({"reference": ""} if is_reminder else {}))


@transaction.atomic
def _tell(storm_id: int, now: datetime) -> int:
    locked = Storm.objects.select_for_update(skip_locked=True, of=("self",), no_key=True)
    storm = locked.select_related("channel").filter(id=storm_id, ended_at=None).first()
    if storm is None:
        return 0  # somebody else is at it
    has_news = storm.told_at is None or storm.grew_at > storm.told_at
    if storm.channel.deleted_at or not storm.channel.is_enabled:
        return _end(storm, now)
    if has_news and now >= rules.next_telling(storm.started_at, storm.told_at):
        made = _tell_anew(storm, now)
        if made and not _is_going_on(storm):
            _end(storm, now)
        return made
    if not has_news and (now - storm.grew_at >= rules.QUIET or not _is_going_on(storm)):
        return _end(storm, now)
    return 0


def _tell_anew(storm: Storm, now: datetime) -> int:
    """A newer list takes the place of an older one that has not been sent; while that is being sent, it waits."""
    waiting = Delivery.objects.filter(notice__storm=storm, channel_id=storm.channel_id, step=0, status__in=WAITING)
    unsent = waiting.filter(status=DeliveryStatus.QUEUED).select_for_update(skip_locked=True, of=("self",), no_key=True)
    older = list(unsent)
    if waiting.exclude(id__in=[each.id for each in older]).exists():
        return 0
    notice = Notice.objects.create(
        organization_id=storm.organization_id, kind=Notice.STORM, storm=storm, created_at=now
    )
    Delivery.objects.create(notice=notice, channel_id=storm.channel_id, created_at=now, **_place_of(older, now))
    Delivery.objects.filter(id__in=[each.id for each in older]).update(
        status=DeliveryStatus.COLLAPSED, next_try_at=None
    )
    Storm.objects.filter(id=storm.id).update(told_at=now)
    return 1


def _place_of(older: Sequence[Delivery], now: datetime) -> dict[str, Any]:
    """Where a new list stands: a receiver that fails is not asked more often because there is news."""
    kept = ("tries", "first_tried_at", "next_try_at", "last_error", "fell_back_at")
    inherited = {name: getattr(older[0], name) for name in kept} if older else {"next_try_at": now}
    return {"status": DeliveryStatus.QUEUED, **inherited}


def _is_going_on(storm: Storm) -> bool:
    """Whether one of its incidents is open, or has something to tell that was not dispatched yet."""
    incidents = Incident.objects.filter(deliveries__storm=storm)
    untold = IncidentEvent.objects.filter(incident__in=incidents, dispatched_at=None)
    return incidents.filter(resolved_at=None).exists() or untold.exists()


def _end(storm: Storm, now: datetime) -> int:
    Storm.objects.filter(id=storm.id).update(ended_at=now)
    return 0

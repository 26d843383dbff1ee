"""Reads of the ledger: what was sent, each try of it, and why a message was told elsewhere or by another channel."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import OuterRef, Prefetch, Q, QuerySet, Subquery

from accounts.models import Organization
from alerts.domain.retry import DeliveryStatus
from alerts.models import Attempt, Channel, Delivery
from monitors.models import Incident

Marks = list[tuple[object, ...]]
"""How some deliveries stand: another as soon as anything happens to one of them."""
_MARKS = "id", "status", "tries", "delivered_at", "next_try_at", "fell_back_at"
_DEAD = Delivery.objects.filter(status=DeliveryStatus.DEAD)


@dataclass(frozen=True, slots=True)
class Last:
    """The last message to a channel: what became of it, when it arrived, or else was made, and why it did not, as far
    as that is known."""

    status: str
    at: datetime
    error: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A delivery with what others say about it.

    `instead_of` are the channels that could not be told, for which the fallback was told this; `told_by` the fallback
    channels that were told this one; `told_in` is the delivery whose message told this too.
    """

    delivery: Delivery
    attempts: Sequence[Attempt] = ()
    instead_of: Sequence[Channel] = ()
    told_by: Sequence[Channel] = ()
    told_in: Delivery | None = None

    @property
    def event_kind(self) -> str | None:
        """What it tells of its incident; None for a notice."""
        return self.delivery.event.kind if self.delivery.event else None

    @property
    def notice_kind(self) -> str | None:
        """What it tells that is no event of one incident; None for an event."""
        return self.delivery.notice.kind if self.delivery.notice else None

    @property
    def told_in_id(self) -> int | None:
        """The id of `told_in`."""
        return self.told_in.id if self.told_in else None

    @property
    def instead_of_ids(self) -> list[int]:
        """The ids of `instead_of`."""
        return [channel.id for channel in self.instead_of]


def of_incident(incident: Incident) -> list[Entry]:
    """Who was told of an incident, in the order in which it happened."""
    return entries(_whole(incident.deliveries.all()).order_by("event__seq", "step", "channel_id"))


def marks(deliveries: Iterable[Delivery]) -> Marks:
    """How these stand."""
    return sorted(tuple(getattr(each, name) for name in _MARKS) for each in deliveries)


def marks_of(incident: Incident) -> Marks:
    """How those of an incident stand, in one query."""
    return sorted(incident.deliveries.values_list(*_MARKS))


def of_channel(channel: Channel, status: str = "") -> QuerySet[Delivery]:
    """What was sent to a channel, for `entries`; with a `status` only what stands like this."""
    found = _whole(channel.deliveries.all())
    return found.filter(status=status) if status else found


def of_organization(organization: Organization) -> QuerySet[Delivery]:
    """Every delivery of an organisation."""
    return Delivery.objects.filter(channel__organization=organization).select_related("channel__organization")


def dead_letters(channel: Channel) -> int:
    """How many messages to a channel were given up and can be sent again."""
    return _DEAD.filter(channel=channel).count()


def last_of(channels: Iterable[Channel]) -> dict[int, Last]:
    """The last message to each of these channels, in one query."""
    newest = _newest(channels, Delivery.objects.all())
    return {key: _last(row) for key, row in newest.items()}


def last_error_of(channels: Iterable[Channel]) -> dict[int, str]:
    """Why the last message was given up that was, to each of these channels."""
    return {key: row.last_error for key, row in _newest(channels, _DEAD).items()}


def entries(found: Iterable[Delivery]) -> list[Entry]:
    """The entries of deliveries that `of_channel` found, in two more queries at most."""
    rows = list(found)
    others = _others(rows)
    return [_entry(row, others) for row in rows]


def _last(row: Delivery) -> Last:
    return Last(row.status, row.delivered_at or row.created_at, "" if row.delivered_at else row.last_error)


def _newest(channels: Iterable[Channel], among: QuerySet[Delivery]) -> dict[int, Delivery]:
    newest = among.filter(channel=OuterRef("id")).order_by("-created_at", "-id").values("id")[:1]
    ids = Channel.objects.filter(id__in=[each.id for each in channels]).values_list(Subquery(newest), flat=True)
    return {row.channel_id: row for row in Delivery.objects.filter(id__in=ids)}


def _whole(found: QuerySet[Delivery]) -> QuerySet[Delivery]:
    attempts = Prefetch("attempts", Attempt.objects.order_by("id"), to_attr="attempts_in_order")
    return found.select_related("channel", "event", "incident", "notice__about").prefetch_related(attempts)


def _others(rows: list[Delivery]) -> list[Delivery]:
    """What was sent beside those that went another way."""
    moved = [row for row in rows if row.step or row.fell_back_at or row.storm_id or _is_collapsed(row)]
    if not moved:
        return []
    found = Delivery.objects.filter(
        Q(incident__in={row.incident_id for row in moved if row.incident_id})
        | Q(notice__in={row.notice_id for row in moved if row.notice_id})
        | Q(notice__storm__in={row.storm_id for row in moved if row.storm_id})
    )
    return list(found.select_related("channel", "event", "notice").order_by("id"))


def _entry(row: Delivery, others: list[Delivery]) -> Entry:
    beside = [
        each
        for each in others
        if each.id != row.id and (each.incident_id, each.notice_id) == (row.incident_id, row.notice_id)
    ]
    by_fallback = [each for each in beside if each.step and each.event_id == row.event_id]
    return Entry(
        delivery=row,
        attempts=row.attempts_in_order,  # type: ignore[attr-defined]  # the name that `_whole` gives them
        instead_of=_channels(each for each in beside if not each.step and each.fell_back_at) if row.step else (),
        told_by=_channels(by_fallback) if row.fell_back_at else (),
        told_in=next((each for each in others if _tells_too(each, row)), None),
    )


def _tells_too(other: Delivery, row: Delivery) -> bool:
    """Whether the message of `other` told `row` too: the list of its storm, or what went before it."""
    if other.channel_id != row.channel_id or other.id == row.id:
        return False
    if row.storm_id:
        return other.notice is not None and other.notice.storm_id == row.storm_id
    is_sent = other.status == DeliveryStatus.DELIVERED and other.delivered_at == row.delivered_at
    return is_sent and _is_collapsed(row) and other.incident_id == row.incident_id


def _is_collapsed(row: Delivery) -> bool:
    return row.status == DeliveryStatus.COLLAPSED


def _channels(found: Iterable[Delivery]) -> list[Channel]:
    """The channels of deliveries, each once."""
    return list({each.channel_id: each.channel for each in found}.values())

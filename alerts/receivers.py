"""The circuit breaker's memory, in the database, so that all workers leave the same hosts alone."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import CharField, Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Coalesce, Concat, NullIf

from alerts.domain import breaker
from alerts.domain.breaker import Health, Sign
from alerts.models import Delivery, Receiver


@dataclass(frozen=True, slots=True)
class Try:
    """One try, and what it says about its host."""

    host: str
    channel_id: int
    said: Sign
    is_probe: bool
    at: datetime


def named(deliveries: QuerySet[Delivery]) -> QuerySet[Delivery]:
    """With the host of each as `host`. A channel of before hosts were stored stands for itself."""
    itself = Concat(Value("channel:"), Cast("channel_id", CharField()))
    return deliveries.annotate(host=Coalesce(NullIf("channel__host", Value("")), itself, output_field=CharField()))


def without_open(deliveries: QuerySet[Delivery], now: datetime) -> QuerySet[Delivery]:
    """Only those whose host may be asked; they must be `named`."""
    return deliveries.exclude(Exists(shut(now, host="host")))


def shut(now: datetime, *, host: str) -> QuerySet[Receiver]:
    """What keeps a delivery from being sent now: a subquery for deliveries whose host is in the column `host`."""
    concerned = Q(only_channel=None) | Q(only_channel=OuterRef("channel_id"))
    return Receiver.objects.filter(concerned, host=OuterRef(host), open_until__gt=now)


def ill(hosts: Collection[str]) -> dict[str, Health]:
    """Those of the hosts that did not answer lately."""
    rows = Receiver.objects.filter(host__in=set(hosts), failures__gt=0)
    return {row.host: _health(row) for row in rows}


def take_probe(host: str, health: Health, *, now: datetime) -> bool:
    """Whether the one probe that may go now is the caller's. Its outcome must be noted with `is_probe`."""
    still_free = Receiver.objects.filter(host=host, open_until=health.open_until).exclude(open_until__gt=now)
    return bool(still_free.update(open_until=now + breaker.PROBE_LASTS, updated_at=now))


def ask_again(host: str, *, now: datetime) -> None:
    """Let the next probe of a host go at once: a person says that it may work again."""
    Receiver.objects.filter(host=host, open_until__gt=now).update(open_until=now)


def note(tries: Iterable[Try]) -> None:
    """Take outcomes into the memory, in the caller's transaction. A host that is well, and was, costs one read."""
    by_host: defaultdict[str, list[Try]] = defaultdict(list)
    for each in tries:
        if each.said is not Sign.NOTHING:
            by_host[each.host].append(each)
    known = ill(by_host)
    news = sorted(host for host, found in by_host.items() if host in known or any(t.said is Sign.ILL for t in found))
    if not news:
        return
    latest = max(each.at for found in by_host.values() for each in found)
    Receiver.objects.bulk_create([Receiver(host=host, updated_at=latest) for host in news], ignore_conflicts=True)
    locked = Receiver.objects.filter(host__in=news).order_by("host").select_for_update(no_key=True)
    for row in list(locked):
        _write(row, by_host[row.host])


def _write(row: Receiver, tries: list[Try]) -> None:
    before = health = _health(row)
    for each in tries:
        health = breaker.after(health, each.said, channel_id=each.channel_id, is_probe=each.is_probe, now=each.at)
    if health != before:
        row.failures, row.only_channel, row.open_until = health.failures, health.only_channel, health.open_until
        row.updated_at = tries[-1].at
        row.save(update_fields=["failures", "only_channel", "open_until", "updated_at"])


def _health(row: Receiver) -> Health:
    return Health(row.failures, row.only_channel, row.open_until)

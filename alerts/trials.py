"""Test alerts: real messages, sent at once and once, with exactly what came of each."""

from collections.abc import Iterable
from concurrent import futures
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction

from accounts import audit
from accounts.domain.actor import Actor
from accounts.models import Organization, WebhookSecret
from alerts import flags, operations, queries
from alerts.channels import base
from alerts.domain import message, words
from alerts.models import Channel
from heartbeet.lib import crypto
from monitors import operations as monitor_operations
from monitors.models import Monitor

AT_ONCE = 16
TOTAL_SEC = 25.0
"""Longer than any send may take (20 s); only a monitor with many channels that all hang meets it."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a test alert met: the exact error, with the receiver's own words, if it did not arrive."""

    channel: Channel
    ok: bool
    error: str
    duration_ms: int


def of_channel(*, channel: Channel, by: Actor, now: datetime) -> Result:
    """Send a test to one channel, about a monitor that never was. The caller must not be in a transaction."""
    _record(channel.organization, operations.resource(channel), [channel], by, now)
    return _send_all([channel], message.sample(monitor=_example(), at=now), now)[0]


def of_monitor(*, monitor: Monitor, by: Actor, now: datetime) -> list[Result]:
    """Send a test to each channel that is told about a monitor and switched on, to all at the same time. The caller
    must not be in a transaction."""
    told = [channel for channel in queries.subscribed(monitor) if channel.is_enabled]
    for channel in told:
        channel.organization = monitor.organization  # it is the same row
    _record(monitor.organization, monitor_operations.resource(monitor), told, by, now)
    return _send_all(told, message.sample(monitor=queries.about(monitor), at=now), now)


def of_organization(*, organization: Organization, by: Actor, now: datetime) -> list[Result]:
    """Send a test to each channel of an organisation that is switched on, about a monitor that never was, to all at the
    same time. The caller must not be in a transaction."""
    told = list(queries.channels(organization).filter(is_enabled=True).select_related("organization"))
    _record(organization, f"organization:{organization.id}", told, by, now)
    return _send_all(told, message.sample(monitor=_example(), at=now), now)


def _example() -> message.AboutMonitor:
    return message.AboutMonitor(id=0, name="Example monitor", type=Monitor.HEARTBEAT, url=settings.HEARTBEET_SITE_URL)


@transaction.atomic
def _record(organization: Organization, resource: str, told: Iterable[Channel], by: Actor, now: datetime) -> None:
    """Before anything is sent, so that no message leaves without a trace."""
    meta = {"channelIds": [channel.id for channel in told]}
    audit.record(organization=organization, by=by, action="TEST_ALERT", resource=resource, meta=meta, now=now)


def _send_all(told: list[Channel], sample: message.Message, now: datetime) -> list[Result]:
    if not told:
        return []
    senders = futures.ThreadPoolExecutor(max_workers=min(len(told), AT_ONCE), thread_name_prefix="alerts.trial")
    sent = [senders.submit(_send, channel, queries.signers(channel, now), sample, now) for channel in told]
    futures.wait(sent, timeout=TOTAL_SEC)
    senders.shutdown(wait=False, cancel_futures=True)
    results = [one.result() if _is_over(one) else _too_late(channel) for channel, one in zip(told, sent, strict=True)]
    flags.lift([result.channel for result in results if result.ok])
    return results


def _send(channel: Channel, signing: list[WebhookSecret], sample: message.Message, now: datetime) -> Result:
    """Nothing here touches the database, and nothing a receiver does raises."""
    try:
        ready = queries.ready(channel, signing)
    except (crypto.CannotOpen, base.BadConfig) as error:
        return Result(channel, ok=False, error=f"The channel's settings cannot be used: {error}", duration_ms=0)
    receipt, took = base.timed(ready, sample, f"test-{channel.uid}-{int(now.timestamp() * 1000)}", now=now)
    is_told = not receipt.error or receipt.is_quoted
    said = "" if is_told or not receipt.excerpt else f" It said: {words.one_line(receipt.excerpt, 300)}"
    return Result(channel, receipt.is_ok, receipt.error + said, int(took.total_seconds() * 1000))


def _is_over(sent: futures.Future[Result]) -> bool:
    return sent.done() and not sent.cancelled()


def _too_late(channel: Channel) -> Result:
    error = f"It was not sent within {TOTAL_SEC:g} seconds, because too many others hung."
    return Result(channel, ok=False, error=error, duration_ms=int(TOTAL_SEC * 1000))

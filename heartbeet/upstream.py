"""Our own heartbeat: a ping to another Heartbeet, or to anything that notices when pings stop.

It is sent only after a whole sweep and a whole round of the dispatcher have written to the database. So it stops when
the worker is gone, when the sweep stands still, when nobody listens, and when the database takes nothing more.
"""

import threading
import time
from datetime import datetime, timedelta
from ipaddress import ip_network

import structlog
from django.conf import settings

from alerts.models import DispatchMark
from heartbeet.lib import http
from monitors.models import SweepMark

log = structlog.get_logger(__name__)

FRESH = timedelta(seconds=30)
"""A round that ended longer ago says nothing about now."""
EVERYWHERE = (ip_network("0.0.0.0/0"), ip_network("::/0"))
"""The operator's own setting may lead into the operator's own network."""
METHOD_NOT_ALLOWED, NOT_FOUND = 405, 404

_turn = threading.Lock()
_last_sent_at = -float("inf")


def ping_when_due(*, now: datetime) -> bool:
    """Send our heartbeat, if it is time for it and our work is done. Returns whether it was sent and taken. Any number
    of threads may ask at any time: one of them sends."""
    global _last_sent_at
    if not settings.HEARTBEET_UPSTREAM_PING_URL or not _turn.acquire(blocking=False):
        return False
    try:
        if time.monotonic() - _last_sent_at < settings.HEARTBEET_UPSTREAM_PING_SEC or not is_at_work(now):
            return False
        _last_sent_at = time.monotonic()
        return send(settings.HEARTBEET_UPSTREAM_PING_URL)
    finally:
        _turn.release()


def is_at_work(now: datetime) -> bool:
    """Whether the sweep and the dispatcher have both come to their ends a moment ago."""
    fresh = max(FRESH, timedelta(seconds=2 * settings.HEARTBEET_SWEEP_INTERVAL_SEC))
    recently = {"finished_at__range": (now - fresh, now + fresh)}
    return SweepMark.objects.filter(**recently).exists() and DispatchMark.objects.filter(**recently).exists()


def send(url: str) -> bool:
    """One ping; POST, or GET where only that is known. The log names the host alone: the rest of the address is a
    secret."""
    client = http.Client(allowed=EVERYWHERE)
    headers = {"User-Agent": "Heartbeet"}
    try:
        answer = client.post(url, body=b"", headers=headers)
        if answer.status in (METHOD_NOT_ALLOWED, NOT_FOUND):
            answer = client.request("GET", url, body=b"", headers=headers)
    except (http.BlockedTarget, http.InvalidTarget, http.Unreachable) as error:
        log.warning("upstream.not_reached", error=str(error))
        return False
    if answer.status >= 300:
        log.warning("upstream.refused", status=answer.status)
    return answer.status < 300

"""The Celery tasks of the whole house: the clearing, and our own heartbeat."""

import structlog
from celery import shared_task

from heartbeet import prune, upstream
from heartbeet.lib import clock

log = structlog.get_logger(__name__)


@shared_task(name="monitors.prune", ignore_result=True)
def prune_everything() -> None:
    """Delete what nobody needs any more."""
    log.info("pruned", **prune.run(now=clock.now()))


@shared_task(name="heartbeet.upstream", ignore_result=True)
def ping_upstream() -> None:
    """Say that our work is done, to whoever watches us."""
    upstream.ping_when_due(now=clock.now())

"""The Celery tasks of the whole house: the clearing."""

import structlog
from celery import shared_task

from heartbeet import prune
from heartbeet.lib import clock

log = structlog.get_logger(__name__)


@shared_task(name="monitors.prune", ignore_result=True)
def prune_everything() -> None:
    """Delete what nobody needs any more."""
    log.info("pruned", **prune.run(now=clock.now()))

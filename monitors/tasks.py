"""The Celery tasks of monitoring: the sweep, and what beets learn from."""

import threading
from datetime import datetime

from celery import current_app, shared_task

from heartbeet.lib import clock
from monitors import hourly_values, learn, notices, rollup, sweep, watermark

_learning = threading.Lock()


@shared_task(name="monitors.sweep", ignore_result=True)
def sweep_monitors() -> None:
    """Judge what has passed by the watermark, and ring the doorbell of delivery if anything opened."""
    now = clock.now()
    judged_through = watermark.tick(now)
    if judged_through is None:
        return  # nobody listens, or not everybody has reported: silence means nothing
    if sweep.run(watermark=judged_through, now=now).opened:
        current_app.send_task("alerts.dispatch")
    notices.send_due(now=now)


@shared_task(name="monitors.learn", ignore_result=True)
def learn_rhythms() -> None:
    """Count the hours that are over by the watermark, and learn the beets whose turn it is. Most knocks find nothing to
    do, and one that comes while the one before it is at work ends at once."""
    if not _learning.acquire(blocking=False):
        return
    try:
        now = clock.now()
        heard_through = watermark.accounted_through(now)
        if heard_through is not None and _count_and_judge(heard_through, now):
            current_app.send_task("alerts.dispatch")
        learn.run(now=now)
        hourly_values.learn_due(now=now)
    finally:
        _learning.release()


def _count_and_judge(heard_through: datetime, now: datetime) -> int:
    """Count the hours that are over, and judge what their values came to; returns how many incidents opened."""
    return hourly_values.judge_counted(rollup.run(watermark=heard_through), now=now)

"""The Celery tasks of monitoring: the sweep."""

from celery import current_app, shared_task

from heartbeet.lib import clock
from monitors import notices, sweep, watermark


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

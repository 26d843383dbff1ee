"""The alerts' Celery tasks. Both are idempotent: any number of them, at any time, in any process."""

from celery import shared_task, signals

from alerts import aftermath, dispatcher, marks, policies, sender, storms
from heartbeet.lib import clock

DRAIN_SEC = 3.0
_steps = marks.Steps()


@shared_task(name="alerts.dispatch", ignore_result=True)
def dispatch() -> None:
    """Turn the outbox into deliveries, reminders among them, tell the lists of storms, tell the fallback what is late,
    and ring for their senders."""
    now = clock.now()
    policies.remind(now=now)
    if dispatcher.dispatch(now=now) + storms.tell(now=now) + aftermath.look(now=now):
        send.apply_async(expires=2)
    steady = clock.steady()
    is_back = _steps.is_back(wall=now, steady=steady)
    marks.finished(now=now, is_back=is_back, is_settling=_steps.is_settling(steady=steady))


@shared_task(name="alerts.send", ignore_result=True)
def send() -> None:
    """Start what is due; the sends go on in threads of this process."""
    sender.of_this_process().pump()


@signals.worker_shutdown.connect
def drain(**_: object) -> None:
    """Let the sends under way end; one that takes longer is sent again by another worker, under the same id."""
    sender.of_this_process().close(wait_sec=DRAIN_SEC)

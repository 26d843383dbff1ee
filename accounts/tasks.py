"""The Celery task of accounts. It is idempotent: any number of it, at any time, in any process."""

import threading

from celery import shared_task

from accounts import letters as post
from heartbeet.lib import clock

_sending = threading.Lock()


@shared_task(name="accounts.letters", ignore_result=True)
def letters() -> None:
    """Send what waits. One at a time in each process: a mail server that hangs must not hold the alerts' threads."""
    if not _sending.acquire(blocking=False):
        return
    try:
        post.send_due(now=clock.now())
    finally:
        _sending.release()

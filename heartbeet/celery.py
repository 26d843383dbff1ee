"""The Celery applications and the beat schedule.

One application per executor shares one configuration: `detect` runs the sweep and the dispatcher, `alerts` sends and
prunes. Each executor is bounded, so that a hanging send never holds a sweep. Tasks carry no arguments and no results:
they are a knock on the door, and the work is in the database. A knock that waited for two seconds is thrown away, for
another has come meanwhile.
"""

import os
from typing import Any

from celery import Celery, schedules
from kombu import Queue

from heartbeet.lib import clock
from heartbeet.settings import env

os.environ.setdefault("DJANGO_SETTINGS_MODULE", env.settings_module())

from django.conf import settings

DETECT, ALERTS, UPKEEP = "detect", "alerts", "upkeep"
ALERTS_EVERY_SEC = 0.5
LETTERS, LETTERS_EVERY_SEC = "accounts.letters", 1.0
UPSTREAM, UPSTREAM_LOOKS_EVERY_SEC = "heartbeet.upstream", 2.0
LEARN, LEARN_EVERY_SEC = "monitors.learn", 60.0
PRUNE_EVERY_SEC = 3600.0
"""Not at an hour of the night: a laptop sleeps then, and beat keeps no file that would remember."""
KNOCK: dict[str, Any] = {"expires": 2}

BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "sweep": {"task": "monitors.sweep", "schedule": settings.HEARTBEET_SWEEP_INTERVAL_SEC, "options": KNOCK},
    "dispatch": {"task": "alerts.dispatch", "schedule": ALERTS_EVERY_SEC, "options": KNOCK},
    "send": {"task": "alerts.send", "schedule": ALERTS_EVERY_SEC, "options": KNOCK},
    "letters": {"task": LETTERS, "schedule": LETTERS_EVERY_SEC, "options": KNOCK},
    "upstream": {"task": UPSTREAM, "schedule": UPSTREAM_LOOKS_EVERY_SEC, "options": KNOCK},
    "learn": {"task": LEARN, "schedule": LEARN_EVERY_SEC, "options": {"expires": LEARN_EVERY_SEC}},
    "prune": {"task": "monitors.prune", "schedule": PRUNE_EVERY_SEC, "options": {"expires": PRUNE_EVERY_SEC}},
}
PERIODIC = ("monitors.sweep", "alerts.dispatch", "alerts.send")
"""What a worker does by itself, in this order, when nobody knocks; beside it what takes its time."""
ASIDE = (LETTERS, UPSTREAM, LEARN)
"""What a worker does in threads of their own then: a server that hangs, or much to learn, holds nothing else."""


def _on_steady_clock(entry: dict[str, Any]) -> dict[str, Any]:
    """Beat reckons by the wall clock, and would not knock for an hour after that was set back by one."""
    return entry | {"schedule": schedules.schedule(entry["schedule"], nowfun=clock.steady)}


CONFIGURATION: dict[str, Any] = {
    "broker_url": settings.HEARTBEET_REDIS_URL or "memory://localhost",
    "broker_transport_options": (
        {"socket_timeout": 5, "socket_connect_timeout": 2, "socket_keepalive": True}
        if settings.HEARTBEET_REDIS_URL
        else {"polling_interval": 0.05}
    ),
    "broker_connection_retry_on_startup": True,
    "broker_connection_max_retries": None,
    "task_ignore_result": True,
    "task_store_errors_even_if_ignored": False,
    "task_acks_late": False,  # a knock that dies with its worker is not missed: the next is half a second away
    "worker_prefetch_multiplier": 1,
    "worker_send_task_events": False,
    "worker_enable_remote_control": False,
    "beat_enable_remote_control": False,
    "worker_hijack_root_logger": False,
    "task_queues": [Queue(DETECT), Queue(ALERTS), Queue(UPKEEP)],
    "task_default_queue": UPKEEP,
    "task_routes": {
        "monitors.sweep": {"queue": DETECT},
        "alerts.dispatch": {"queue": DETECT},
        "alerts.send": {"queue": ALERTS},
        LETTERS: {"queue": ALERTS},
        UPSTREAM: {"queue": UPKEEP},
        LEARN: {"queue": UPKEEP},
        "monitors.prune": {"queue": UPKEEP},
    },
    "beat_schedule": {name: _on_steady_clock(entry) for name, entry in BEAT_SCHEDULE.items()},
    "beat_scheduler": "celery.beat:Scheduler",
    "timezone": "UTC",
}


def make_app(name: str) -> Celery:
    """An application of our configuration that knows every app's tasks."""
    made = Celery(name)
    made.config_from_object(CONFIGURATION)
    made.autodiscover_tasks()
    return made


app = make_app("heartbeet")

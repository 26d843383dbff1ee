"""The web and ingest processes: granian with our ASGI callables."""

import os

from granian import Granian
from granian.constants import HTTPModes, Interfaces, Loops
from granian.log import LogLevels

from heartbeet.lib import lifeline

TARGETS = {"all": "heartbeet.asgi:application", "ingest": "heartbeet.asgi:ingest", "web": "heartbeet.asgi:web"}


def run(*, host: str, port: int, only: str, workers: int) -> int:
    """Serve until SIGTERM or SIGINT. There is no access log, for a ping URL holds its token."""
    lifeline.hold()
    os.environ[lifeline.PARENT_VARIABLE] = str(os.getpid())  # granian's workers follow granian
    Granian(
        TARGETS[only],
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        workers=workers,
        loop=Loops.uvloop,
        http=HTTPModes.http1,
        websockets=False,
        backlog=2048,
        log_access=False,
        log_level=LogLevels.warning,
        respawn_failed_workers=workers > 1,
        respawn_interval=0.5,
        workers_kill_timeout=7,
    ).serve()
    return 0

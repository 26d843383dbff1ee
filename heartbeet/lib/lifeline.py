"""Children that end when their parent is gone, however it went: by `kill -9` too."""

import ctypes
import os
import signal
import sys
import threading
import time
from collections.abc import Callable

PARENT_VARIABLE = "HEARTBEET_PARENT_PID"
_PR_SET_PDEATHSIG = 1


def hold() -> None:
    """Ask the kernel for SIGTERM when the parent named in the environment ends, and look for ourselves as well, once a
    second, where the kernel cannot be asked. Does nothing without a named parent."""
    parent = int(os.environ.get(PARENT_VARIABLE) or 0)
    if not parent:
        return
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    watch(parent, on_lost=lambda: os.kill(os.getpid(), signal.SIGTERM))


def watch(parent: int, *, on_lost: Callable[[], None], every_sec: float = 1.0) -> threading.Thread:
    """Call `on_lost` once, from a thread, as soon as `parent` is no longer our parent."""

    def look() -> None:
        while os.getppid() == parent:
            time.sleep(every_sec)
        on_lost()

    thread = threading.Thread(target=look, name="lifeline", daemon=True)
    thread.start()
    return thread

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


def hold(*, end_by: signal.Signals = signal.SIGTERM) -> None:
    """Ask the kernel for a signal when the parent named in the environment ends, and look for ourselves as well, once a
    second, where the kernel cannot be asked. Does nothing without a named parent. SIGKILL is for those that must not
    stay whatever happens: nobody is left who would see to it that they end."""
    parent = int(os.environ.get(PARENT_VARIABLE) or 0)
    if not parent:
        return
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, end_by)
    watch(parent, on_lost=lambda: os.kill(os.getpid(), end_by))


def watch(parent: int, *, on_lost: Callable[[], None], every_sec: float = 1.0) -> threading.Thread:
    """Call `on_lost` once, from a thread, as soon as `parent` is no longer our parent."""

    def look() -> None:
        while os.getppid() == parent:
            time.sleep(every_sec)
        on_lost()

    thread = threading.Thread(target=look, name="lifeline", daemon=True)
    thread.start()
    return thread

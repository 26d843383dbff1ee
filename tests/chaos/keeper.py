"""What init does for an installation: whatever of it has ended is started again."""

import threading
from types import TracebackType
from typing import Self

from tests.chaos.installation import Installation

LOOK_EVERY_SEC = 0.3


class Keeper:
    """Keeps the processes of an installation running, within a `with`."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="keeper", daemon=True)

    def _run(self) -> None:
        kept = self._installation
        while not self._stopping.wait(LOOK_EVERY_SEC):
            for place, process in enumerate(kept.processes):
                if process.poll() is not None:
                    kept.processes[place] = kept.spawn(*kept.parts[place])

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stopping.set()
        self._thread.join()

"""What keeps two ingest processes from sharing one spool, or one embedded data folder."""

import fcntl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

SLOTS = 64
WAIT_SEC = 10.0
RETRY_SEC = 0.1


class FolderInUse(RuntimeError):
    """Another Heartbeet is receiving pings on this data folder. Stop it, or give this one another HEARTBEET_DATA."""


class Slot:
    """A place in the data folder: a lock and the spool that goes with it. Whoever holds it next takes over the
    spool."""

    def __init__(self, folder: Path, number: int, lock: IO[bytes]) -> None:
        self.folder, self.number = folder, number
        self.spool_path = folder / f"spool-{number}.sqlite3"
        self._lock = lock

    def release(self) -> None:
        self._lock.close()


def take_slot(folder: Path, *, only_one: bool, wait_sec: float = WAIT_SEC) -> Slot:
    """The first free slot of a data folder. An embedded installation has `only_one`, and waits a little for a
    predecessor that is still stopping. Raises FolderInUse."""
    folder.mkdir(parents=True, exist_ok=True)
    until = time.monotonic() + wait_sec
    while True:
        for number in range(1 if only_one else SLOTS):
            lock = _try_lock(folder / f"ingest-{number}.lock")
            if lock is not None:
                return Slot(folder, number, lock)
        if time.monotonic() > until:
            raise FolderInUse(FolderInUse.__doc__)
        time.sleep(RETRY_SEC)


def abandoned(slot: Slot) -> Iterator[Slot]:
    """The other slots of the same folder that have a spool and that nobody holds, each held while it is looked at."""
    for number in range(SLOTS):
        path = slot.folder / f"spool-{number}.sqlite3"
        lock = _try_lock(slot.folder / f"ingest-{number}.lock") if number != slot.number and path.exists() else None
        if lock is not None:
            yield Slot(slot.folder, number, lock)


def _try_lock(path: Path) -> IO[bytes] | None:
    file = path.open("ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        return None
    return file

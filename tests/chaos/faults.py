"""Faults in a running test build (`testbuild/sitecustomize.py`): arm one, and the process that comes to it dies.

faults = Faults(folder)
Installation(..., **faults.environ())
faults.trace("record", monitor_id)              writes down the steps of a path
faults.arm("record", 3, monitor_id)             dies before the third of them
faults.is_armed("record", 3, monitor_id)        until it has struck
"""

from dataclasses import dataclass
from pathlib import Path

TEST_BUILD = Path(__file__).parent / "testbuild"


@dataclass(frozen=True)
class Faults:
    """The faults of one installation."""

    folder: Path

    def environ(self) -> dict[str, str]:
        """What makes an installation a test build with these faults."""
        self.folder.mkdir(parents=True, exist_ok=True)
        return {"PYTHONPATH": str(TEST_BUILD), "HEARTBEET_TEST_FAULT": str(self.folder)}

    def arm(self, path: str, step: int, monitor_id: int) -> None:
        """Have the next process die that comes to this step of this monitor's path; one beyond the last is its end."""
        self._file(path, step, monitor_id).touch()

    def is_armed(self, path: str, step: int, monitor_id: int) -> bool:
        return self._file(path, step, monitor_id).exists()

    def trace(self, path: str, monitor_id: int) -> None:
        """Write down the steps of a path when this monitor goes it."""
        self._file(path, "trace", monitor_id).touch()

    def steps(self, path: str) -> list[str] | None:
        """The steps of a path, if it has been traced."""
        file = self.folder / f"{path}.steps"
        return file.read_text(encoding="utf-8").split("\n") if file.exists() else None

    def _file(self, path: str, step: int | str, monitor_id: int) -> Path:
        return self.folder / f"{path}.{step}.{monitor_id}"

"""A ping as a fact: what a job said, and when we received it."""

from dataclasses import dataclass
from datetime import datetime

from monitors.domain.status import Kind


@dataclass(frozen=True, slots=True)
class Ping:
    """One received ping. `id` is its row, once there is one; `run_id` '' is a ping that names no run."""

    received_at: datetime
    kind: Kind
    run_id: str = ""
    exit_code: int | None = None
    value: float | None = None
    id: int | None = None


def kind_of_exit(code: int) -> Kind:
    """What a job's exit code says: zero is a success, anything else a failure, also negative or over 255."""
    return Kind.SUCCESS if code == 0 else Kind.FAIL

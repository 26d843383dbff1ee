"""What arrived at a ping URL and waits to be recorded."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from monitors.domain.status import Kind

BODY_PART = 8192


class Outcome(StrEnum):
    """What became of an arrival; it decides the answer."""

    STORED = "stored"
    UNKNOWN = "unknown"
    LIMITED = "limited"
    REFUSED = "refused"


class Body(NamedTuple):
    """What is kept of a request body: its first and last bytes, and how many were read."""

    head: bytes
    tail: bytes
    size: int

    @classmethod
    def keep(cls, data: bytes) -> "Body":
        tail = data[max(BODY_PART, len(data) - BODY_PART) :]
        return cls(data[:BODY_PART], tail, len(data))


@dataclass(slots=True)
class Arrival:
    """One ping on its way into the database. It carries the token's digest, never the token. `received_us` is
    microseconds since 1970. Until somebody says otherwise it is refused: nothing durable holds it yet."""

    digest: bytes
    received_us: int
    kind: Kind
    method: str = ""
    source: str = ""
    run_id: str = ""
    exit_code: int | None = None
    value: float | None = None
    body: Body | None = None
    outcome: Outcome = Outcome.REFUSED
    wait_sec: int = 0

    def without_metadata(self) -> "Arrival":
        """The bare fact that a ping came, for a database that refuses the rest."""
        return Arrival(self.digest, self.received_us, self.kind)


@dataclass(slots=True)
class Batch:
    """What one transaction records: arrivals in the order they were received, and how many pings were limited per
    digest. The id makes it count once, whether it comes directly or from a spool."""

    arrivals: list[Arrival]
    limited: dict[bytes, int] = field(default_factory=dict)
    id: UUID = field(default_factory=uuid4)

    def settle(self, outcome: Outcome) -> None:
        """Give every arrival that was not judged on its own (unknown, limited) this outcome."""
        for arrival in self.arrivals:
            if arrival.outcome is Outcome.REFUSED:
                arrival.outcome = outcome


def dump(arrival: Arrival) -> list[Any]:
    """An arrival as JSON values, for the spool."""
    body = arrival.body and [arrival.body.head.hex(), arrival.body.tail.hex(), arrival.body.size]
    return [
        arrival.digest.hex(), arrival.received_us, arrival.kind, arrival.method, arrival.source,
        arrival.run_id, arrival.exit_code, arrival.value, body,
    ]  # fmt: skip


def load(row: list[Any]) -> Arrival:
    """The arrival that `dump` wrote."""
    digest, received_us, kind, method, source, run_id, exit_code, value, body = row
    kept = body and Body(bytes.fromhex(body[0]), bytes.fromhex(body[1]), body[2])
    return Arrival(
        bytes.fromhex(digest), received_us, Kind(kind), method, source, run_id, exit_code, value, kept or None
    )


class Placed(NamedTuple):
    """An arrival whose monitor is known; `kind` is what it counts as there."""

    arrival: Arrival
    monitor_id: int
    kind: Kind

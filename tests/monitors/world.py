"""A small world with a clock of its own: ingest processes that beat, a sweep that ticks, monitors that ping.

`World.now` is what the one host's clock shows; `World.step` sets that clock, while true time goes on."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from heartbeet.lib import clock
from monitors import sweep, watermark
from monitors.domain.gaps import Deaf, Reason
from monitors.domain.status import Kind
from monitors.ingest import store
from monitors.ingest.arrival import Arrival, Batch
from monitors.models import Gap, Incident, Monitor, Pulse
from monitors.operations import Created
from tests import factories

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


@dataclass
class Node:
    """An ingest process. `held` is how far its pings are stored while it cannot store them."""

    name: str
    offset: timedelta
    id: UUID = field(default_factory=uuid4)
    held: datetime | None = None
    is_silent: bool = False
    told_at: datetime | None = None


@dataclass
class World:
    """What happens by itself while time passes: every process beats, the sweep ticks."""

    true: datetime = factories.NOON
    offset: timedelta = timedelta()
    nodes: list[Node] = field(default_factory=list)
    opened: int = 0
    jobs: dict[int, tuple[Created, timedelta]] = field(default_factory=dict)

    @property
    def now(self) -> datetime:
        return self.true + self.offset

    # Ingest

    def listen(self, name: str = "one", *, instead_of: list[Node] | None = None, alone: bool = False) -> Node:
        """A process starts; it takes over the spools of others, or is `alone` on the data folder."""
        node = Node(name, self.offset)
        self.nodes.append(node)
        heirs_of = None if alone else [each.id for each in instead_of or []]
        beat = watermark.Beat(self.now, self.now)
        watermark.open_node(node.id, name=name, since=self.now, beat=beat, predecessors=heirs_of)
        return node

    def beat(self, node: Node, *deaf: Deaf) -> bool:
        """It reports, and notices when the host's clock was set."""
        stepped = self.offset - node.offset
        if stepped > timedelta():
            deaf = (*deaf, Deaf(self.now - stepped, self.now, Reason.CLOCK))
        node.offset = self.offset
        through = self.now if node.held is None else node.held
        is_known = watermark.beat(node.id, watermark.Beat(self.now, through, deaf), told_at=node.told_at)
        node.told_at = self.now
        return is_known

    def stop(self, node: Node) -> None:
        """It says goodbye."""
        watermark.close_node(node.id, watermark.Beat(self.now, self.now))
        self.nodes.remove(node)

    def kill(self, node: Node) -> None:
        """It is gone without goodbye."""
        self.nodes.remove(node)

    def ping(self, job: Created, *, at: datetime | None = None, kind: Kind = Kind.SUCCESS) -> None:
        """A ping that was received `at` is stored now."""
        received = clock.to_microseconds(at or self.now)
        digest = bytes(job.monitor.tokens.get().digest)
        store.record(Batch([Arrival(digest, received, kind)]), now=self.now)

    # Time

    def tick(self) -> datetime | None:
        judged_through = watermark.tick(self.now)
        if judged_through is not None:
            self.opened += sweep.run(watermark=judged_through, now=self.now).opened
        return judged_through

    def go(self, duration: timedelta) -> None:
        """Time passes, second by second: what pings regularly pings, processes beat, the sweep ticks."""
        end = self.true + duration
        while self.true < end:
            begin, self.true = self.true, min(self.true + SECOND, end)
            self._jobs_ping(begin)
            for node in self.nodes:
                if not node.is_silent:
                    self.beat(node)
            self.tick()

    def rest(self, duration: timedelta) -> None:
        """A long time passes, for which the sweep is away and all else goes on; at the end it has caught up."""
        begin, self.true = self.true, self.true + duration - 4 * SECOND
        self._jobs_ping(begin)
        self.go(4 * SECOND)

    def _jobs_ping(self, begin: datetime) -> None:
        for job, every in self.jobs.values() if self.nodes else ():
            at = self.true - (self.true - factories.NOON) % every
            if at > begin:
                self.ping(job, at=at + self.offset)

    def away(self, duration: timedelta) -> None:
        """The whole host is off, or frozen, or the database is away: nobody beats, nobody ticks."""
        self.true += duration

    def step(self, by: timedelta) -> None:
        """The host's clock is set."""
        self.offset += by

    # Monitors

    def job(self, every: timedelta, *, grace: timedelta = MINUTE, **given: Any) -> Created:
        """A monitor that has just pinged."""
        made = factories.created(
            now=self.now, interval_sec=int(every.total_seconds()), grace_sec=int(grace.total_seconds()), **given
        )
        self.ping(made)
        return made

    def living(self, every: timedelta, *, pings: timedelta | None = None, **given: Any) -> Created:
        """A monitor that goes on to ping, on whatever listens."""
        made = self.job(every, **given)
        self.jobs[made.monitor.id] = made, pings or every
        return made


def status(job: Created | Monitor) -> str:
    """The stored state."""
    monitor = job.monitor if isinstance(job, Created) else job
    return Pulse.objects.get(monitor=monitor).status


def spans() -> list[tuple[datetime, datetime, str]]:
    """The gaps, the oldest first."""
    return list(Gap.objects.order_by("started_at").values_list("started_at", "ended_at", "reason"))


def opened() -> list[tuple[int, datetime]]:
    """The incidents: of which monitor, since when."""
    return list(Incident.objects.order_by("id").values_list("monitor_id", "opened_at"))

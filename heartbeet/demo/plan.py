"""What a demo is told in: people, channels, jobs, and what goes wrong with them. All times are `ago`, before the now of
the demo."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from accounts.domain.roles import Role
from alerts.domain.retry import Failure
from monitors.domain.fields import MonitorFields

HISTORY = timedelta(days=90)
"""How far pings reach back. What a monitor was like before is told in one change of state."""


@dataclass(frozen=True, slots=True)
class Person:
    """A member; `key` is how the rest of the plan calls them, and their address at the company."""

    key: str
    name: str
    role: Role
    timezone: str = "Europe/London"


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel; `key` is how jobs call it."""

    key: str
    kind: str
    name: str
    config: dict[str, str]
    is_default: bool = False
    is_fallback: bool = False
    is_enabled: bool = True


@dataclass(frozen=True, slots=True)
class Outage:
    """A time in which a channel's receiver failed, and in which words."""

    channel: str
    ago: timedelta
    lasts: timedelta
    error: str
    failure: Failure = Failure.TRANSIENT
    status_code: int | None = None

    def covers(self, at: datetime, now: datetime) -> bool:
        """Whether a send at this moment meets it."""
        return now - self.ago <= at < now - self.ago + self.lasts


class Ill(StrEnum):
    """What a job does while it is in trouble."""

    SILENT = "silent"
    FAILS = "fails"
    HANGS = "hangs"
    """It starts and never ends."""
    CRAWLS = "crawls"
    """It ends, long after its time."""


@dataclass(frozen=True, slots=True)
class Care:
    """What people do about an incident, in minutes after it opened, as far as it is open by then. A note may come after
    the end."""

    by: str
    acknowledged_min: float | None = None
    notes: tuple[tuple[float, str], ...] = ()
    resolved_min: float | None = None


@dataclass(frozen=True, slots=True)
class Trouble:
    """It begins with the first time at which the job is due `ago` or later; `on_the_hour`, at a full hour UTC."""

    ago: timedelta
    lasts: timedelta
    ill: Ill = Ill.SILENT
    exit_code: int | None = 1
    says: str = ""
    care: Care | None = None
    on_the_hour: bool = False

    def starts_at(self, now: datetime) -> datetime:
        """The earliest beginning."""
        at = now - self.ago
        return at.replace(minute=0, second=0, microsecond=0) if self.on_the_hour else at


@dataclass(frozen=True, slots=True)
class Value:
    """The number a job sends: about `base`, `swing` more in the afternoon than at night, give or take `noise`."""

    base: float
    swing: float = 0.0
    noise: float = 1.0
    digits: int = 1


@dataclass(frozen=True, slots=True)
class Habit:
    """How a job pings while all is well. `takes_sec` is its usual run, `starts` whether it says that it begins,
    `run_ids` a pattern of strftime for the ids of its runs. `says` is a pattern of str.format for its log, which comes
    with one in `says_one_in` pings; `complains` is what it says when it fails.

    `last_ago` is when a job of an interval set out last, left out it is by chance; `on_the_clock` is one that is
    counted from midnight UTC. `previews`: now and then something only looks at the URL, which a monitor of POST only
    takes as a log. `events_per_day` is for a beet."""

    takes_sec: float = 3.0
    jitter_sec: float = 8.0
    starts: bool = False
    run_ids: str = ""
    source: str = "192.0.2.10"
    method: str = "POST"
    says: str = ""
    says_one_in: int = 1
    complains: str = ""
    value: Value | None = None
    last_ago: timedelta | None = None
    on_the_clock: bool = False
    previews: bool = False
    events_per_day: float = 0.0


@dataclass(frozen=True, slots=True)
class Dip:
    """A time in which a stream has only a `share` of its usual events, from so long `ago` on, or from this `hour` (UTC)
    of that day. It `lasts`, or still does."""

    ago: timedelta
    share: float
    lasts: timedelta | None = None
    hour: int | None = None

    def covers(self, at: datetime, now: datetime) -> bool:
        """Whether it is on at this time."""
        begins = now - self.ago
        if self.hour is not None:
            begins = begins.replace(hour=self.hour, minute=0, second=0, microsecond=0)
        return begins <= at and (self.lasts is None or at < begins + self.lasts)


@dataclass(frozen=True, slots=True)
class Job:
    """A monitor and what it watches. `told` are channels beside the default ones; `mishaps` is how many small troubles
    it has beside `troubles`, at times that the seed decides. `is_tended`: the keeper of a demo pings it, so that it
    stays well."""

    fields: MonitorFields
    project: str
    habit: Habit = Habit()
    told: tuple[str, ...] = ()
    troubles: tuple[Trouble, ...] = ()
    mishaps: int = 3
    made_ago: timedelta = timedelta(days=131)
    pauses: tuple[tuple[timedelta, timedelta | None], ...] = ()
    """When it was paused, and for how long; None: still."""
    snoozed: tuple[timedelta, timedelta] | None = None
    locked_ago: timedelta | None = None
    dips: tuple[Dip, ...] = ()
    is_tended: bool = True
    is_pinged: bool = True

    @property
    def name(self) -> str:
        return self.fields.name

    @property
    def is_beet(self) -> bool:
        return self.fields.type == "beet"


@dataclass(frozen=True, slots=True)
class Board:
    """A board, and its widgets in order: the name of a monitor, what is shown of it, how many columns wide."""

    name: str
    widgets: Sequence[tuple[str, str, int]]


@dataclass(frozen=True, slots=True)
class Company:
    """All of it. The first of `people` is the owner. `gap` is when nobody listened, `policy` the organisation's."""

    name: str
    domain: str
    people: tuple[Person, ...]
    projects: tuple[str, ...]
    channels: tuple[Channel, ...]
    jobs: Sequence[Job]
    outages: tuple[Outage, ...]
    gap: tuple[timedelta, timedelta]
    policy: dict[str, int] = field(default_factory=dict)
    boards: tuple[Board, ...] = ()
    excuses: tuple[str, ...] = ()
    """What people write about small troubles."""

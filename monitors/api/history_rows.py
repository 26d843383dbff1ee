"""What clients get of a monitor's past: pings, statistics and the timeline as JSON."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from rest_framework import serializers

from accounts.api import shown
from monitors import history
from monitors.domain.status import STORED, Kind
from monitors.models import Ping


class _Seconds(shown.Shown):
    """A duration as seconds, to the millisecond."""

    def __init__(self, says: str, source: str, *, null: bool = False) -> None:
        super().__init__({"type": ["number", "null"] if null else "number", "minimum": 0, "description": says}, source)

    def to_representation(self, value: timedelta) -> float:
        return round(value.total_seconds(), 3)


@dataclass(frozen=True, slots=True)
class PingView:
    """A ping as somebody may see it."""

    ping: Ping
    with_source: bool

    @property
    def source(self) -> str | None:
        return self.ping.source if self.with_source else None

    @property
    def body(self) -> dict[str, str] | None:
        """What was kept whole is one text: it was cut at a byte, not at a character."""
        head, tail = _bytes(self.ping.body_head), _bytes(self.ping.body_tail)
        if not head and not tail:
            return None
        if not self.is_truncated:
            head, tail = head + tail, b""
        return {"head": head.decode("utf-8", "replace"), "tail": tail.decode("utf-8", "replace")}

    @property
    def is_truncated(self) -> bool:
        return self.ping.body_size > len(_bytes(self.ping.body_head)) + len(_bytes(self.ping.body_tail))


def _bytes(stored: bytes | memoryview | None) -> bytes:
    return bytes(stored or b"")


class PingBody(serializers.Serializer[Any]):
    """What is kept of a ping's body, as text; what is not UTF-8 is shown as U+FFFD."""

    head = shown.text("The beginning; of a body that was kept whole, all of it.")
    tail = shown.text("The end, if the middle was left out.")


class PingRow(shown.Row):
    """A ping as it was received."""

    id = shown.whole("Its number.", "ping.id")
    receivedAt = shown.moment("When it came.", "ping.received_at")
    kind = shown.choice("What it says.", list(Kind), "ping.kind")
    value = shown.number("The number that it carried.", "ping.value", null=True)
    durationSec = shown.number("How long the run took that it ended.", "ping.duration_sec", null=True)
    exitCode = shown.whole("The exit code that it reported.", "ping.exit_code", null=True)
    runId = shown.text("Its `rid`; empty without one.", "ping.run_id")
    method = shown.text("The HTTP method.", "ping.method")
    source = shown.text(  # type: ignore[assignment]  # DRF takes it out of the class
        "The address it came from; null for those who may not edit monitors.", null=True
    )
    body = PingBody(allow_null=True, read_only=True, help_text="Null without one.")
    bodySize = shown.whole("The size of the body as it came, in bytes.", "ping.body_size")
    bodyTruncated = shown.flag("Whether the middle of the body was left out.", "is_truncated")


class PingCounts(serializers.Serializer[dict[Kind, int]]):
    """How many pings are kept, by kind."""

    total = serializers.SerializerMethodField(help_text="Of all kinds.")
    success = shown.whole("Successes, also of exit code 0.")
    start = shown.whole("Starts.")
    fail = shown.whole("Failures, also of other exit codes.")  # type: ignore[assignment]  # DRF takes it out
    log = shown.whole("Notes.")

    def get_total(self, counts: dict[Kind, int]) -> int:
        return sum(counts.values())


class _InWindow(serializers.Serializer[Any]):
    """`from` is a word of Python's, so no class can declare it."""

    def get_fields(self) -> dict[str, Any]:
        start = shown.moment("The beginning of the window, a whole second.", "window.start")
        return {"from": start, **super().get_fields()}


class StatsRow(_InWindow):
    """How a monitor did in a window of time. `uptimeSec`, `downtimeSec`, `unknownSec`, `pausedSec` and `unwatchedSec`
    add up to the window."""

    to = shown.moment("The end of the window, which is not in it.", "window.end")
    monitorId = shown.whole("The monitor.", "monitor_id")
    uptime = shown.number("Percent of the watched time; null if nothing was watched.", "tally.uptime", null=True)
    uptimeSec = _Seconds("Up, also late or with a warning.", "tally.up")
    downtimeSec = _Seconds("Down.", "tally.down")
    unknownSec = _Seconds("Heartbeet was not listening, so it cannot tell; not in `uptime`.", "tally.unknown")
    pausedSec = _Seconds("Paused; not in `uptime`.", "tally.paused")
    unwatchedSec = _Seconds("Before the first ping, and in the future; not in `uptime`.", "tally.unwatched")
    incidentCount = shown.whole("Incidents that were open at some time in the window.", "incidents.count")
    resolvedCount = shown.whole("Incidents that were resolved in the window.", "incidents.resolved")
    mttrSec = _Seconds("How long those had lasted on average.", "incidents.mean_time_to_resolve", null=True)
    pings = PingCounts(read_only=True)


class BucketRow(shown.Row):
    """A part of a window; its five durations add up to its length."""

    start = shown.moment("Where it begins.", "window.start")
    end = shown.moment("Where the next one begins.", "window.end")
    status = shown.choice(
        "The worst state that lasted for any time in it; null before the monitor was made and in the future.",
        [status.value for status in STORED],
        "tally.worst",
        null=True,
    )
    upSec = _Seconds("Up.", "tally.up")
    downSec = _Seconds("Down.", "tally.down")
    unknownSec = _Seconds("Unknown.", "tally.unknown")
    pausedSec = _Seconds("Paused.", "tally.paused")
    unwatchedSec = _Seconds("Not watched.", "tally.unwatched")
    pings = shown.whole("How many pings it has, of those that are kept.")


class TimelineRow(_InWindow):
    """A window of time in equal parts, of which the last may be shorter."""

    to = shown.moment("The end of the window, which is not in it.", "window.end")
    monitorId = shown.whole("The monitor.", "monitor_id")
    bucketSec = shown.whole("How long each part is.", "bucket_sec")
    buckets = BucketRow(many=True, read_only=True)


class AlarmRow(serializers.Serializer[Any]):
    """An incident that would have been."""

    openedAt = shown.moment("When it would have opened.")
    resolvedAt = shown.moment("When it would have been over; null if it was not yet.", null=True)
    arm = shown.choice("What it would have been about.", ["silence", "drop"])
    severity = shown.choice("How bad it would have become.", ["warning", "critical"])
    expected = shown.number("How many events were expected when it opened, since the last or since they were few.")
    seen = shown.whole("How many of those had come.")
    logOdds = shown.number("How far from chance that is: the natural logarithm of the odds.")


class ReplayRow(serializers.Serializer[Any]):
    """What a replay came to. Both times are null of a monitor that has counted no events yet."""

    stream = shown.text("The name of the monitor.")
    learnedFrom = shown.moment("From when on it learned at first.", null=True)
    learnedTo = shown.moment("Until when it learned at first; from there on it is judged.", null=True)
    alarms = AlarmRow(many=True, read_only=True)


def pings(found: Iterable[Ping], *, with_source: bool) -> list[dict[str, Any]]:
    """The rows of many pings."""
    row = PingRow()
    return [row.to_representation(PingView(ping, with_source)) for ping in found]


def stats(found: history.Report) -> dict[str, Any]:
    """The statistics of one monitor."""
    return StatsRow().to_representation(found)


def timeline(found: history.Timeline) -> dict[str, Any]:
    """The timeline of one monitor."""
    return TimelineRow().to_representation(found)

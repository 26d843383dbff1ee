"""What an incident was opened on, told in sentences, with the pings around it and a strip of the time between them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.web.components import State
from heartbeet.lib import durations
from heartbeet.lib.words import Moment, Teller
from monitors.domain.status import Cause, Kind
from monitors.evidence import Evidence
from monitors.models import Incident, Ping, Run
from monitors.web import present_pings
from monitors.web.present_pings import PingRow

Sentence = SafeString | str
MOST_OUTPUT = 4000
"""How many characters of a failing ping's output are shown at once."""
_KINDS = {Kind.SUCCESS: "a success", Kind.START: "a start", Kind.FAIL: "a failure", Kind.LOG: "a log entry"}


@dataclass(frozen=True, slots=True)
class Told:
    """The evidence as a page shows it. `before` and `after` are pings around the moment it `opened`; `failing` is the
    one that reported the failure, its output shown at once."""

    lines: list[Sentence]
    failing: PingRow | None
    before: list[PingRow]
    opened: Moment
    after: list[PingRow]
    strip: "Strip"


@dataclass(frozen=True, slots=True)
class Mark:
    """A ping on the strip, at `x` percent of it."""

    x: str
    state: State
    title: str


@dataclass(frozen=True, slots=True)
class Band:
    """A part of a strip of time: a grace, a run, the incident itself; of a stream when it was low, told, not heard."""

    key: str
    x: str
    width: str
    title: str


@dataclass(frozen=True, slots=True)
class Strip:
    """The time from the last ping to the end of an incident, or to now; `text` says the same in words."""

    bands: list[Band]
    marks: list[Mark]
    first: Moment
    last: Moment | None
    text: str


def told(given: Incident, found: Evidence, tell: Teller, *, with_source: bool) -> Told:
    """The evidence of an incident; its monitor must be loaded."""

    def row(ping: Ping, most: int = present_pings.LISTED) -> PingRow:
        return present_pings.ping(ping, tell, with_source=with_source, most=most)

    return Told(
        lines=list(_lines(given, found, tell)),
        failing=row(found.failing, MOST_OUTPUT) if found.failing else None,
        before=[row(ping) for ping in found.before],
        opened=tell.precise(given.opened_at),
        after=[row(ping) for ping in found.after],
        strip=_strip(given, found, tell),
    )


def _lines(given: Incident, found: Evidence, tell: Teller) -> Iterator[Sentence]:
    match given.cause:
        case Cause.MISSED:
            yield _missed(given, tell)
        case Cause.FAILED:
            yield _failed(given, found.failing, tell)
        case Cause.OVERRAN:
            yield from _overran(given, found.run, tell)
    if not (found.run and found.last and found.last.received_at == found.run.started_at):
        yield _last_ping(given, found, tell)
    if given.monitor.alert_threshold > 1:
        yield format_html("The monitor alerts after {} failures in a row.", given.monitor.alert_threshold)
    if given.resolution == Cause.LATE_EVIDENCE:
        yield "The ping had been received in time and was stored late, so nothing was wrong."


def _missed(given: Incident, tell: Teller) -> Sentence:
    expected, opened = given.expected_at, given.opened_at
    if expected is None:
        return format_html("An expected ping had not come by {}.", tell.clock(opened))
    if opened <= expected:
        return format_html("A ping was due {}, without grace, and did not come.", _when(expected, tell))
    return format_html(
        "A ping was due {}, with {} of grace. None had come by {}, so it was judged missed.",
        _when(expected, tell), _length(opened - expected), tell.clock(opened, beside=expected),
    )  # fmt: skip


def _failed(given: Incident, failing: Ping | None, tell: Teller) -> Sentence:
    if failing is None:
        when = _when(given.opened_at, tell)
        return format_html("The job reported a failure {}. That ping is not kept any more.", when)
    took = "" if failing.duration_sec is None else f", after {_length(timedelta(seconds=failing.duration_sec))}"
    when = _when(failing.received_at, tell)
    return format_html("The job reported a failure {}{}{}.", when, _exit_code(failing), took)


def _overran(given: Incident, run: Run | None, tell: Teller) -> Iterator[Sentence]:
    expected, opened = given.expected_at, given.opened_at
    if run is None or run.started_at is None:
        yield format_html("A run had not ended by {}. When it began is not kept any more.", tell.clock(opened))
        return
    began, name = _when(run.started_at, tell), f" “{run.run_id}”" if run.run_id else ""
    if expected is None or expected >= opened:
        limit, until = _length(opened - run.started_at), tell.clock(opened, beside=run.started_at)
        yield format_html("The run{} began {} and may take {}. It had not ended by {}.", name, began, limit, until)
    else:
        due, grace = tell.clock(expected, beside=run.started_at), _length(opened - expected)
        yield format_html("The run{} began {}. It had not ended by {}, when the next", name, began, due) + format_html(
            " ping was due, nor within {} of grace.", grace
        )
    if run.finished_at and run.finished_at > opened:
        took = _length(run.finished_at - run.started_at)
        yield format_html("It ended {}, after {}.", _when(run.finished_at, tell), took)


def _last_ping(given: Incident, found: Evidence, tell: Teller) -> Sentence:
    last = found.last
    if last is None and given.cause == Cause.FAILED:
        return "No earlier ping is kept."
    at = last.received_at if last else given.last_ping_at
    if at is None:
        return "No ping had come before."
    since = given.expected_at if given.expected_at and at <= given.expected_at else given.opened_at
    ago, when = _length(since - at), _when(at, tell)
    if last is None:
        return format_html("The last ping before was {} earlier, {}; it is not kept any more.", ago, when)
    took = "" if last.duration_sec is None else f", after a run of {_length(timedelta(seconds=last.duration_sec))}"
    what = f"{_KINDS[Kind(last.kind)]}{_exit_code(last)}{took}"
    return format_html("The last ping before was {} earlier, {}: {}.", ago, when, what)


def _exit_code(ping: Ping) -> str:
    return "" if ping.exit_code is None else f" with exit code {ping.exit_code}"


def _when(at: datetime, tell: Teller) -> SafeString:
    """`at 03:30`, or `on Mon 30 Nov, 03:30`."""
    moment = tell.clock(at)
    return format_html("{} {}", "on" if "," in moment.text else "at", moment)


def _length(given: timedelta) -> str:
    return durations.short(max(0.0, given.total_seconds()), units=2)


def _strip(given: Incident, found: Evidence, tell: Teller) -> Strip:
    run_began = found.run.started_at if found.run else None
    known = [found.last.received_at if found.last else given.last_ping_at, given.expected_at, run_began]
    first = min([given.opened_at, *(at for at in known if at is not None)])
    last = max(given.resolved_at or tell.now, given.opened_at)
    scale = _Scale(first, last)
    pings = [*found.before, *([found.failing] if found.failing else []), *found.after]
    return Strip(
        bands=[band for band in _bands(given, run_began, last, scale, tell) if band is not None],
        marks=[scale.mark(ping, tell) for ping in pings if first <= ping.received_at <= last],
        first=tell.clock(first),
        last=tell.clock(last, beside=first) if given.resolved_at else None,
        text=f"From {tell.clock(first).text} to {tell.clock(last).text if given.resolved_at else 'now'}; "
        f"the incident lasted {_length(last - given.opened_at)} of {_length(last - first)}.",
    )


def _bands(
    given: Incident, run_began: datetime | None, last: datetime, scale: "_Scale", tell: Teller
) -> Iterator["Band | None"]:
    if run_began is not None:
        yield scale.band("start", run_began, given.opened_at, "The run, as long as it may take")
    elif given.expected_at is not None:
        yield scale.band("late", given.expected_at, given.opened_at, "Due, and in grace")
    yield scale.band("down", given.opened_at, last, f"The incident, {_length(last - given.opened_at)}")


@dataclass(frozen=True, slots=True)
class _Scale:
    """Moments as percent of a strip, with a little room on both sides."""

    first: datetime
    last: datetime

    def x(self, at: datetime) -> float:
        whole = self.last - self.first
        return 2 + 96 * ((at - self.first) / whole if whole else 0.0)

    def band(self, key: str, start: datetime, end: datetime, title: str) -> Band | None:
        if end < start:
            return None
        width = max(0.6, self.x(end) - self.x(start))
        return Band(key, f"{min(self.x(start), 100 - width):.2f}%", f"{width:.2f}%", title)

    def mark(self, ping: Ping, tell: Teller) -> Mark:
        state = State.of(ping.kind)
        return Mark(f"{self.x(ping.received_at):.2f}%", state, f"{state.word}, {tell.precise(ping.received_at).text}")

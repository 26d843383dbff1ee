"""What a monitor would do, in words: finished values for the preview beside its form."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.html import conditional_escape, format_html, strip_tags
from django.utils.safestring import SafeString

from accounts.web import components
from heartbeet.lib import durations, words
from heartbeet.lib.words import Moment, Teller
from monitors import operations, queries
from monitors.domain import fields, preview
from monitors.domain.daylight import Effect, Fate
from monitors.domain.policy import Policy
from monitors.domain.preview import Alarm, Doubt, Plan, Preview
from monitors.domain.schedule import Cron
from monitors.domain.status import Status
from monitors.models import Monitor
from monitors.web.timing import TimingForm

_LISTED = 3
_SOON = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Run:
    """A line of the list of runs: when, and what the reader's clock shows then or how far away it is. A line with a
    `note` is a change of the clocks that comes between two runs."""

    at: Moment
    beside: str = ""
    note: SafeString | str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """A line of how silence becomes an alert."""

    at: Moment
    text: str


@dataclass(frozen=True, slots=True)
class Panel:
    """The preview. Where there are `problems`, nothing else is known. `said` is the sentence that is read aloud when it
    changes; `zone` and `own_zone` head the two columns of the runs, where they differ."""

    problems: tuple[SafeString, ...] = ()
    said: str = ""
    meaning: SafeString | str = ""
    doubts: tuple[str, ...] = ()
    caption: str = ""
    zone: str = ""
    own_zone: str = ""
    runs: tuple[Run, ...] = ()
    alarm: SafeString | str = ""
    steps: tuple[Step, ...] = ()
    overran: SafeString | str = ""
    afterwards: str = ""


def panel(form: TimingForm, usual: Policy, floor_sec: int, tell: Teller, *, is_told: bool) -> Panel:
    """The preview of what was typed so far. `usual` is the organisation's policy, `floor_sec` its plan's, and `is_told`
    says whether a channel was chosen."""
    if not form.is_valid():
        return _problems(_named(form, name, error) for name, errors in form.errors.items() for error in errors)
    try:
        plan = form.plan(usual, floor_sec)
    except fields.Invalid as invalid:
        return _problems(components.marked(problem.message) for problem in invalid.problems)
    return _Words(plan, preview.look(plan, tell.now, str(tell.zone)), tell).panel(is_told=is_told)


def stillness(monitor: Monitor, now: datetime) -> str:
    """Why all of the preview does not count for the time being; empty if it does."""
    if monitor.pulse.status == Status.PAUSED:
        return "It is paused: this counts once it is resumed."
    if queries.is_snoozed(monitor, now):
        return "It is snoozed: this is told once the snooze is over."
    return ""


def _named(form: TimingForm, name: str, error: object) -> SafeString:
    """What is wrong, with the name of its field; the schedule's own sentences name what they mean."""
    if name in ("schedule", "every", "cron", "timezone"):
        return conditional_escape(str(error))
    return format_html("{}: {}", form[name].label, error)


def _problems(messages: Iterable[SafeString]) -> Panel:
    found = tuple(messages)
    return Panel(problems=found, said=strip_tags(" ".join(found)))


class _Words:
    """Tells one preview to one reader: in the zone of the cron line, or for an interval in the reader's own."""

    def __init__(self, plan: Plan, found: Preview, tell: Teller) -> None:
        self.plan, self.found, self.reader = plan, found, tell
        self.is_cron = isinstance(plan.schedule, Cron)
        self.local = Teller.for_zone(tell.now, plan.schedule.zone) if isinstance(plan.schedule, Cron) else tell
        self.clock = "%H:%M:%S" if self._needs_seconds() else "%H:%M"

    def panel(self, *, is_told: bool) -> Panel:
        alarm = self._alarm(is_told)
        meaning = components.marked(f"Expected {self.plan.schedule.describe()}")
        differs = any(self._differs(run) for run in self.found.runs)
        return Panel(
            said=f"{strip_tags(meaning)}. {strip_tags(alarm)}",
            meaning=meaning,
            doubts=tuple(map(self._doubt, self.found.doubts)),
            caption="The next runs" if self.is_cron else "If it pings now, it is due again",
            zone=str(self.local.zone) if differs else "",
            own_zone=f"Your time, {self.reader.zone}" if differs else "",
            runs=tuple(self._runs(with_own=differs)),
            alarm=alarm,
            steps=tuple(self._steps(self.found.missed)) if self.found.missed else (),
            overran=self._overran(is_told),
            afterwards=self._afterwards() if is_told else "",
        )

    def _needs_seconds(self) -> bool:
        plan = self.plan
        spans = [plan.grace, plan.max_runtime or timedelta(0), timedelta(seconds=plan.policy.alert_delay_sec)]
        return any(span % timedelta(minutes=1) for span in [*spans, self.found.period])

    def _differs(self, at: datetime) -> bool:
        return at.astimezone(self.local.zone).utcoffset() != at.astimezone(self.reader.zone).utcoffset()

    def _when(self, at: datetime) -> Moment:
        """`02:30`, or `Tue 1 Dec, 02:30` where that is not today."""
        day = self._day_unless(at, self.reader.now)
        return self._moment(at, f"{day}, " if day else "")

    def _told(self, at: datetime, *, after: datetime | None = None) -> Moment:
        """The same in a sentence: `at 02:30`, or `on Tue 1 Dec at 02:30` where that is not the day of `after`."""
        day = self._day_unless(at, after or self.reader.now)
        return self._moment(at, f"on {day} at " if day else "at ")

    def _moment(self, at: datetime, before: str) -> Moment:
        exact = self.local.exact(at) + (f" ({self.reader.exact(at)})" if self._differs(at) else "")
        return Moment(at, f"{before}{at.astimezone(self.local.zone):{self.clock}}", exact)

    def _day_unless(self, at: datetime, other: datetime) -> str:
        here = at.astimezone(self.local.zone)
        return "" if here.date() == other.astimezone(self.local.zone).date() else _day(here, self.reader.now)

    def _runs(self, *, with_own: bool) -> Iterable[Run]:
        effect = self.found.daylight
        lines = [Run(self._when(at), self._own(at) if with_own else self._away(at)) for at in self.found.runs]
        if effect:
            place = sum(run.at.at < effect.change.at for run in lines)
            lines.insert(place, Run(self._when(effect.change.at), note=_clocks(effect, self)))
        return lines

    def _own(self, at: datetime) -> str:
        own, local = at.astimezone(self.reader.zone), at.astimezone(self.local.zone)
        return f"{own:{self.clock}}" if own.date() == local.date() else f"{own:%a}, {own:{self.clock}}"

    def _away(self, at: datetime) -> str:
        """How long until then; nothing where that would be no help."""
        return words.relative(at, self.reader.now) if at - self.reader.now < _SOON else ""

    def _alarm(self, is_told: bool) -> SafeString | str:
        alarm = self.found.missed
        if alarm is None:
            return "With these numbers nobody would be alerted within ten years."
        who = "you would be alerted" if is_told else "an incident would open, but nobody would be told of it,"
        if self.is_cron:
            due, told = self._told(alarm.due_at), self._told(alarm.told_at, after=alarm.due_at)
            return format_html("If the run {} does not ping, {} {}.", due, who, told)
        away = self._away(alarm.told_at)
        return format_html("If the job stops now, {} {}{}.", who, self._told(alarm.told_at), away and f", {away}")

    def _steps(self, alarm: Alarm) -> Iterable[Step]:
        grace = durations.short(self.plan.grace.total_seconds())
        yield Step(self._when(alarm.due_at), "A ping is due.")
        after = f"the grace of {grace} is over" if self.plan.grace else "there is no grace"
        opens = alarm.opens_at == alarm.down_at
        yield Step(self._when(alarm.down_at), f"It is down{', and an incident opens' if opens else ''}: {after}.")
        if not opens:
            failures = f"{self.plan.alert_threshold:,} failures in a row"
            yield Step(self._when(alarm.opens_at), f"An incident opens: these are {failures}.")
        if alarm.told_at != alarm.opens_at:
            delay = durations.short(self.plan.policy.alert_delay_sec)
            yield Step(self._when(alarm.told_at), f"It is still down after {delay}: now it is told.")

    def _overran(self, is_told: bool) -> SafeString | str:
        alarm = self.found.overran
        if alarm is None:
            return ""
        what = "is told" if is_told else "opens an incident"
        starts, told = self._told(alarm.due_at), self._told(alarm.told_at, after=alarm.due_at)
        return format_html("A run that starts {} and does not end {} {}.", starts, what, told)

    def _afterwards(self) -> str:
        policy = self.plan.policy
        every = durations.short(policy.remind_every_sec)
        reminds = f"You are reminded every {every} until somebody acknowledges" if policy.remind_every_sec else ""
        good = policy.recovery_threshold
        over = "with the next good ping" if good == 1 else f"after {good} good pings in a row"
        return f"{reminds}, and it is over {over}." if reminds else f"It is over {over}."

    def _doubt(self, doubt: Doubt) -> str:
        period = durations.short(self.found.period.total_seconds())
        if doubt is Doubt.TOO_OFTEN:
            return str(operations.IntervalTooLow(int(self.plan.floor.total_seconds())))
        if doubt is Doubt.RARE:
            first, second = (f"{at.astimezone(self.local.zone):%-d %b %Y}" for at in self.found.runs[:2])
            return f"It runs very rarely: on {first}{f', then on {second}' if second != first else ''}."
        if doubt is Doubt.NO_GRACE:
            return "Without any grace, a ping that comes a second late is a miss."
        if doubt is Doubt.LONG_GRACE:
            return f"The grace is as long as the time between two runs ({period}): the next ping hides a missing one."
        return f"A run may outlast the time between two runs ({period}): as long as one goes on, no other is missed."


def _day(at: datetime, now: datetime) -> str:
    return f"{at:%a %-d %b}" if at.year == now.year else f"{at:%a %-d %b %Y}"


def _clocks(effect: Effect, told: _Words) -> str:
    """What a change of the clocks means for the schedule."""
    change = effect.change
    way = "forward" if change.is_forward else "back"
    day = _day(min(change.clock_before, change.clock_after), told.reader.now)
    times = _listed([f"{time:%H:%M}" for time in effect.times])
    is_one = len(effect.times) == 1
    runs = _listed([_with_zone(run.astimezone(told.local.zone), is_plain=change.is_forward) for run in effect.runs])
    means = {
        Fate.UNTOUCHED: "its times by the clock stay the same",
        Fate.UNBROKEN: "the time between two runs stays the same",
        Fate.MOVED: f"{times} {'does' if is_one else 'do'} not exist, so it runs at {runs} instead",
        Fate.LEFT_OUT: f"{times} {'does' if is_one else 'do'} not exist and {'is' if is_one else 'are'} left out",
        Fate.ONCE: f"{times} {'comes' if is_one else 'come'} twice, and it runs once, at {runs}",
        Fate.TWICE: f"{times} {'comes' if is_one else 'come'} twice, and it runs both times",
        Fate.SOME: f"{times} {'comes' if is_one else 'come'} twice, and it runs at {runs}",
    }
    clocks = f"from {change.clock_before:%H:%M} to {change.clock_after:%H:%M}"
    return f"On {day} the clocks go {way} {clocks}: {means[effect.fate]}."


def _with_zone(at: datetime, *, is_plain: bool) -> str:
    """A clock time; where the hour comes twice, with the zone's letters, which say which of the two."""
    letters = at.tzname() or ""
    return f"{at:%H:%M}" if is_plain else f"{at:%H:%M} {'UTC' if letters[:1] in '+-' else ''}{letters}"


def _listed(times: Sequence[str]) -> str:
    """`02:00`, `02:00 and 02:30`; of many the first and the last."""
    if len(times) > _LISTED:
        return f"{times[0]} to {times[-1]}"
    return " and ".join(filter(None, [", ".join(times[:-1]), *times[-1:]]))

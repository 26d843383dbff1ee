"""The configuration of a monitor as people give it, and what is wrong with it, in sentences that help."""

import math
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from monitors.domain import policy, schedule

MAX_NAME = 255
MAX_URL = 2048
MAX_TAGS, MAX_TAG = 20, 50
MAX_DESCRIPTION = 10_000
MAX_NOTE = 10_000
YEAR_SEC = schedule.MAX_INTERVAL_SEC
MAX_INT = 2_147_483_647
HEARTBEAT, BEET = "heartbeat", "beet"
TYPES = (HEARTBEAT, BEET)
PING, HOUR_SUM, HOUR_MEAN = "ping", "hour_sum", "hour_mean"
VALUE_PER = (PING, HOUR_SUM, HOUR_MEAN)
RHO, MIN_RHO, MAX_RHO = 0.4, 0.05, 0.95
"""The share of its usual rate below which a beet is low: what is usual, and what may be asked for."""
MIN_SILENCE_SEC = 60
SCHEDULE = frozenset({"interval_sec", "cron", "timezone", "grace_sec", "max_runtime_sec"})
"""A change of one of these makes a monitor wait anew."""
RHYTHM = ("rho", "budget_weeks", "learning_silence_sec")
"""What only a beet has: how it is judged. A change of one of these, or of its time zone, may alert it sooner."""

_SLUG = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*")


VALUE = ("value_below", "value_above", "value_per", "value_band")
"""Which values are good."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with the input: the field's name as in MonitorFields, a short code and a sentence."""

    path: str
    code: str
    message: str


class Invalid(ValueError):
    """The configuration is not valid; `problems` says what would be."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class MonitorFields:
    """All that a person decides about a monitor; durations in seconds, `timeout_ms` in milliseconds. The three of
    `policy.NAMES`, and `budget_weeks`, are None where the organisation's policy counts.

    `rho` is the share of a beet's usual rate below which a drop is worth waking somebody for, `budget_weeks` the weeks
    per allowed false alarm, `learning_silence_sec` the silence that alerts while it still learns. A value below
    `value_below` or above `value_above`, or outside the learned band if `value_band`, is a failure; `value_per` says of
    what: of each ping, or of the sum or the mean of each hour."""

    name: str
    type: str = HEARTBEAT
    interval_sec: int | None = None
    cron: str = ""
    timezone: str = "UTC"
    grace_sec: int = 60
    alert_threshold: int = 1
    max_runtime_sec: int | None = None
    alert_delay_sec: int | None = None
    remind_every_sec: int | None = None
    recovery_threshold: int | None = None
    rho: float = RHO
    budget_weeks: int | None = None
    learning_silence_sec: int | None = None
    value_below: float | None = None
    value_above: float | None = None
    value_per: str = PING
    value_band: bool = False
    post_only: bool = False
    url: str = ""
    timeout_ms: int | None = None
    description: str = ""
    tags: list[str] = field(default_factory=list)


NAMES = frozenset(each.name for each in fields(MonitorFields))
_PLAIN = MonitorFields(name="")


def tidy(given: MonitorFields) -> MonitorFields:
    """The same configuration as it is stored: text trimmed, each tag once, in the order given."""
    return replace(
        given,
        name=given.name.strip(),
        cron=" ".join(given.cron.split()),
        timezone=given.timezone.strip() or "UTC",
        tags=list(dict.fromkeys(tag.strip() for tag in given.tags)),
    )


def is_tag(text: str) -> bool:
    """Whether a monitor can have this tag."""
    return len(text) <= MAX_TAG and _SLUG.fullmatch(text) is not None


def check(given: MonitorFields) -> None:
    """Raise Invalid with everything that is wrong with a (tidied) configuration."""
    own = {name: getattr(given, name) for name in policy.NAMES}
    problems = [*_texts(given), *_schedule(given), *_numbers(given), *policy_problems(own), *_rhythm(given)]
    problems += [*_value(given), *_tags(given)]
    if problems:
        raise Invalid(problems)


def policy_problems(given: Mapping[str, int | None]) -> Iterator[Problem]:
    """What is wrong with the values of a policy, an organisation's or a monitor's."""
    for path, message in policy.problems(given):
        yield Problem(path, "out_of_range", message)


def _texts(given: MonitorFields) -> Iterator[Problem]:
    if not given.name:
        yield Problem("name", "required", "Give the monitor a name, such as `nightly backup`.")
    if any(unicodedata.category(char) == "Cc" for char in given.name):
        yield Problem("name", "bad_text", "Leave out line breaks and control characters.")
    for path, limit in [("name", MAX_NAME), ("url", MAX_URL), ("description", MAX_DESCRIPTION)]:
        text: str = getattr(given, path)
        if len(text) > limit:
            yield Problem(path, "too_long", f"At most {limit:,} characters; these are {len(text):,}.")
        if "\x00" in text or any("\ud800" <= char <= "\udfff" for char in text):
            yield Problem(path, "bad_text", "Leave out NUL characters and lone surrogates.")


def _schedule(given: MonitorFields) -> Iterator[Problem]:
    if given.type == BEET:
        yield from _no_schedule(given)
        return
    if given.type != HEARTBEAT:
        yield Problem("type", "unknown", "The type is `heartbeat` or `beet`.")
    elif given.interval_sec is None and not given.cron:
        yield Problem("interval_sec", "required", "Say when pings are expected: an interval or a cron line.")
    elif given.interval_sec is not None and given.cron:
        yield Problem("cron", "conflict", "Give an interval or a cron line, not both.")
    else:
        yield from _timing(given)


def _no_schedule(given: MonitorFields) -> Iterator[Problem]:
    for path in ["interval_sec", "cron", "max_runtime_sec"]:
        if getattr(given, path):
            yield Problem(path, "not_for_beets", "A beet learns its rhythm: leave the schedule out.")
    yield from _zone(given)


def _timing(given: MonitorFields) -> Iterator[Problem]:
    try:
        if given.interval_sec is not None:
            schedule.check_interval(given.interval_sec)
        else:
            schedule.check_cron(given.cron)
            yield from _zone(given)
    except schedule.BadSchedule as bad:
        yield Problem(bad.field, "invalid", str(bad))


def _zone(given: MonitorFields) -> Iterator[Problem]:
    try:
        schedule.check_zone(given.timezone)
    except schedule.BadSchedule as bad:
        yield Problem(bad.field, "invalid", str(bad))


def _numbers(given: MonitorFields) -> Iterator[Problem]:
    if not 0 <= given.grace_sec <= YEAR_SEC:
        yield Problem("grace_sec", "out_of_range", f"The grace is 0 to {YEAR_SEC:,} seconds (366 days).")
    if not 1 <= given.alert_threshold <= 1000:
        yield Problem("alert_threshold", "out_of_range", "Alert after 1 to 1,000 failures in a row.")
    if given.max_runtime_sec is not None and not 1 <= given.max_runtime_sec <= YEAR_SEC:
        yield Problem("max_runtime_sec", "out_of_range", f"A run may take 1 to {YEAR_SEC:,} seconds (366 days).")
    if given.timeout_ms is not None and not 0 <= given.timeout_ms <= MAX_INT:
        yield Problem("timeout_ms", "out_of_range", f"The timeout is 0 to {MAX_INT:,} milliseconds.")


def _rhythm(given: MonitorFields) -> Iterator[Problem]:
    if given.type == HEARTBEAT:
        for path in RHYTHM:
            if getattr(given, path) != getattr(_PLAIN, path):
                yield Problem(path, "not_for_heartbeats", "Only a beet has a rhythm: leave this out for a heartbeat.")
        return
    if not MIN_RHO <= given.rho <= MAX_RHO:
        such = f"such as {RHO}: it falls below {100 * RHO:g} %."
        message = f"Give a share of the usual rate from {MIN_RHO} to {MAX_RHO}, {such}"
        yield Problem("rho", "out_of_range", message)
    if message := policy.budget_problem(given.budget_weeks):
        yield Problem("budget_weeks", "out_of_range", message)
    if given.learning_silence_sec is not None and not MIN_SILENCE_SEC <= given.learning_silence_sec <= YEAR_SEC:
        message = f"While it learns, alert after {MIN_SILENCE_SEC} to {YEAR_SEC:,} seconds (366 days) of silence."
        yield Problem("learning_silence_sec", "out_of_range", message)


def _value(given: MonitorFields) -> Iterator[Problem]:
    limits = {path: getattr(given, path) for path in ("value_below", "value_above")}
    endless = [path for path, limit in limits.items() if limit is not None and not math.isfinite(limit)]
    for path in endless:
        yield Problem(path, "invalid", "Give a finite number, such as 1, or leave it out.")
    low, high = limits.values()
    if low is not None and high is not None and not endless and low > high:
        message = f"No value is good that must be at least {low:g} and at most {high:g}: give the lower one first."
        yield Problem("value_below", "conflict", message)
    if given.value_per not in VALUE_PER:
        yield Problem("value_per", "unknown", "A value is judged per `ping`, `hour_sum` or `hour_mean`.")


def _tags(given: MonitorFields) -> Iterator[Problem]:
    if len(given.tags) > MAX_TAGS:
        yield Problem("tags", "too_many", f"At most {MAX_TAGS} tags; these are {len(given.tags)}.")
    for tag in given.tags:
        if not is_tag(tag):
            message = f"`{tag[:60]}` is not a tag: lower-case letters, digits, - and _, such as `nightly-jobs`."
            yield Problem("tags", "invalid", message)


def from_row(row: Any) -> MonitorFields:
    """The configuration of a stored monitor."""
    return MonitorFields(**{name: getattr(row, name) for name in NAMES})

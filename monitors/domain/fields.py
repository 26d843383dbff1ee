"""The configuration of a monitor as people give it, and what is wrong with it, in sentences that help."""

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
SCHEDULE = frozenset({"interval_sec", "cron", "timezone", "grace_sec", "max_runtime_sec"})
"""A change of one of these makes a monitor wait anew."""

_SLUG = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*")


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
    `policy.NAMES` are None where the organisation's policy counts."""

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
    post_only: bool = False
    url: str = ""
    timeout_ms: int | None = None
    description: str = ""
    tags: list[str] = field(default_factory=list)


NAMES = frozenset(each.name for each in fields(MonitorFields))


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
    problems = [*_texts(given), *_schedule(given), *_numbers(given), *policy_problems(own), *_tags(given)]
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


def _timing(given: MonitorFields) -> Iterator[Problem]:
    try:
        if given.interval_sec is not None:
            schedule.check_interval(given.interval_sec)
        else:
            schedule.check_cron(given.cron)
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

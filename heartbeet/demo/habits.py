"""What a job sends in its life: every ping of 90 days, by its habits and what goes wrong. Pure, and the same for the
same seed and now."""

import math
import random
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from accounts.domain.roles import Role
from heartbeet.demo.plan import HISTORY, Care, Company, Habit, Ill, Job, Trouble
from heartbeet.lib import clock
from monitors.domain import cron, schedule
from monitors.domain.status import Kind

QUICK = timedelta(hours=12)
"""A job that comes more often than this is in trouble for several of its times, else for one."""
DAY, JUST_NOW = timedelta(days=1), timedelta(microseconds=10)
DOERS = (Role.OWNER, Role.ADMIN, Role.MEMBER)


@dataclass(slots=True)
class Sent:
    """One ping, as the job sends it. `duration_sec` is known when it is received."""

    at: datetime
    kind: Kind
    run_id: str = ""
    exit_code: int | None = None
    value: float | None = None
    body: bytes = b""
    method: str = "POST"
    source: str = ""
    duration_sec: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Spell:
    """A trouble with the time at which it really began and ended."""

    begins_at: datetime
    ends_at: datetime
    trouble: Trouble


@dataclass(frozen=True, slots=True)
class Life:
    """All that a job sent, in order, and its spells of trouble."""

    sent: list[Sent]
    spells: list[Spell]


def live(job: Job, company: Company, *, seed: int, now: datetime) -> Life:
    """The life of a job up to `now`."""
    dice = random.Random(f"{seed}:{job.name}")  # noqa: S311
    since = now - min(HISTORY, job.made_ago)
    if not job.is_pinged:
        return Life([], [])
    if job.is_beet:
        return Life(list(_events(job, since, dice, now)), [])
    times = list(set_out(job, since, dice, now))
    troubles = [each for each in job.troubles if each.ago < min(HISTORY, job.made_ago)]
    spells = _spells(times, [*troubles, *_mishaps(job, company, dice)], now)
    sent = [ping for at, spell in _with_spells(times, spells) for ping in run(job, at, spell, dice, now)]
    sent.sort(key=lambda each: each.at)
    return Life(sent, spells)


def period(job: Job) -> timedelta:
    """The shortest time between two of its pings."""
    return timedelta(seconds=schedule.shortest_period_sec(job.fields.interval_sec, job.fields.cron))


def set_out(job: Job, since: datetime, dice: random.Random, now: datetime) -> Iterator[datetime]:
    """The times at which a job sets out, up to `now`, but for what has only just begun."""
    until = now - JUST_NOW
    if job.fields.cron:
        yield from cron.between(job.fields.cron, job.fields.timezone, since, until)
        return
    every = timedelta(seconds=job.fields.interval_sec or 0)
    habit, share = job.habit, dice.uniform(0.1, 0.5)
    rest = max(share * every, timedelta(seconds=habit.jitter_sec + 1.5 * habit.takes_sec + 1))
    last = until - (until - clock.EPOCH) % every if habit.on_the_clock else now - (habit.last_ago or min(rest, every))
    for step in range((last - since) // every, -1, -1):
        yield last - step * every


def run(job: Job, at: datetime, spell: Spell | None, dice: random.Random, now: datetime) -> Iterator[Sent]:
    """What a job sends that sets out `at`; nothing is sent after `now`."""
    habit, ill = job.habit, spell.trouble.ill if spell else None
    if habit.previews and dice.random() < 0.12:
        yield Sent(_by(at, timedelta(seconds=dice.uniform(0, 9)), now), Kind.LOG, method="GET", source="198.51.100.8")
    begins = _by(at, timedelta(seconds=0.4 + min(habit.jitter_sec, dice.expovariate(2 / (habit.jitter_sec or 1)))), now)
    took = _took(job, ill, (HISTORY - (now - at)) / HISTORY, dice)
    run_id = at.astimezone(ZoneInfo(job.fields.timezone)).strftime(habit.run_ids) if habit.run_ids else ""
    if ill is Ill.SILENT:
        return
    if habit.starts:
        yield Sent(begins, Kind.START, run_id, method=habit.method, source=habit.source)
    if ill is Ill.HANGS or (habit.starts and begins + took > now):
        return
    trouble = spell.trouble if spell and ill is Ill.FAILS else None
    yield _end(job, _by(begins, took, now), run_id, trouble, took, dice)


def _by(start: datetime, after: timedelta, now: datetime) -> datetime:
    """So long after a start, but before `now`: a job that has just set out has just sent its ping."""
    return start + after if start + after < now else start + (now - start) / 2


def _took(job: Job, ill: Ill | None, progress: float, dice: random.Random) -> timedelta:
    """How long a run takes: a little longer each month, and now and then much longer."""
    habit, most = job.habit, job.fields.max_runtime_sec
    seconds = habit.takes_sec * (0.85 + 0.3 * progress) * dice.lognormvariate(0, 0.12)
    seconds *= 1.5 if dice.random() < 0.02 else 1
    if ill is Ill.FAILS:
        seconds = min(seconds, 40) * dice.uniform(0.1, 0.9)
    if most and ill is Ill.CRAWLS:
        return timedelta(seconds=most * dice.uniform(1.15, 1.4))
    return timedelta(seconds=min(seconds, 0.85 * most) if most else seconds)


def _end(job: Job, at: datetime, run_id: str, trouble: Trouble | None, took: timedelta, dice: random.Random) -> Sent:
    """The ping at the end of a run."""
    habit, code = job.habit, 0 if job.habit.starts else None
    if trouble:
        says = _text(trouble.says or habit.complains or "exit status 1", took, dice)
        return Sent(at, Kind.FAIL, run_id, trouble.exit_code, body=says, source=habit.source)
    speaks = bool(habit.says) and dice.randrange(habit.says_one_in) == 0
    body = _text(habit.says, took, dice) if speaks else b""
    value = measure(habit, at, dice)
    return Sent(at, Kind.SUCCESS, run_id, code, value, body, habit.method, habit.source)


def measure(habit: Habit, at: datetime, dice: random.Random) -> float | None:
    """The number that a job sends at a moment, if it sends one."""
    value = habit.value
    if value is None:
        return None
    hour = (at.hour + at.minute / 60 - 15) / 24
    found = value.base + value.swing * (0.5 + 0.5 * math.cos(2 * math.pi * hour)) + dice.gauss(0, value.noise)
    return round(max(0.0, found), value.digits)


def _text(pattern: str, took: timedelta, dice: random.Random) -> bytes:
    words = {"number": dice.randint(120, 990), "small": dice.randint(3, 38), "size": round(dice.uniform(2, 90), 1)}
    return pattern.format(seconds=round(took.total_seconds()), **words).encode()


def _spells(times: Sequence[datetime], troubles: Sequence[Trouble], now: datetime) -> list[Spell]:
    """When the troubles really were: each begins as the job sets out."""
    found = []
    for trouble in troubles:
        place = bisect_left(times, trouble.starts_at(now))
        if place < len(times):
            found.append(Spell(times[place], times[place] + trouble.lasts, trouble))
    return sorted(found, key=lambda spell: spell.begins_at)


def _with_spells(times: Sequence[datetime], spells: Sequence[Spell]) -> Iterator[tuple[datetime, Spell | None]]:
    """Each time with the spell that it lies in, the newest of several."""
    for at in times:
        yield at, next((spell for spell in reversed(spells) if spell.begins_at <= at < spell.ends_at), None)


def _mishaps(job: Job, company: Company, dice: random.Random) -> Iterator[Trouble]:
    """Small troubles, at least a day from all others."""
    taken = [trouble.ago for trouble in job.troubles]
    oldest = min(HISTORY, job.made_ago) / DAY - 1.5
    every = period(job)
    for _ in range(job.mishaps):
        ago = dice.uniform(1.5, oldest) * DAY
        if any(abs(ago - other) < DAY for other in taken):
            continue
        taken.append(ago)
        grace = timedelta(seconds=job.fields.grace_sec)
        lasts = max(every, grace) * dice.uniform(0.8, 3.5) if every < QUICK else timedelta(minutes=1)
        ill = dice.choices([Ill.SILENT, Ill.FAILS], [3, 2])[0]
        yield Trouble(ago, lasts, ill, dice.choice([1, 1, 1, 2, 124, 255]), care=_care(company, dice))


def _care(company: Company, dice: random.Random) -> Care | None:
    """What somebody does about a small trouble, if they do anything."""
    if dice.random() < 0.45:
        return None
    who = dice.choice([person.key for person in company.people if person.role in DOERS])
    seen = dice.uniform(1.5, 28)
    note = (seen + dice.uniform(1, 30), dice.choice(company.excuses))
    notes = (note,) if dice.random() < 0.5 else ()
    return Care(who, seen, notes, resolved_min=seen + 15 if dice.random() < 0.08 else None)


def _events(job: Job, since: datetime, dice: random.Random, now: datetime) -> Iterator[Sent]:
    """The events of a beet, hour by hour: few at night. What is left while something is wrong comes steadily."""
    habit, hour, owed = job.habit, timedelta(hours=1), 0.0
    for number in range((now - since) // hour):
        start = since + number * hour
        mean = habit.events_per_day / 13 * (0.15 + 0.85 * max(0.0, math.sin(math.pi * (start.hour - 5) / 18)))
        dip = next((dip for dip in reversed(job.dips) if dip.covers(start, now)), None)
        if dip is None:
            times = sorted(start + dice.random() * hour for _ in range(_poisson(mean, dice)))
        else:
            owed += mean * dip.share
            times = [start + part * hour / (int(owed) + 1) for part in range(1, int(owed) + 1)]
            owed -= len(times)
        for at in times:
            yield Sent(at, Kind.SUCCESS, value=measure(habit, at, dice), source=habit.source)


def _poisson(mean: float, dice: random.Random) -> int:
    """How many come, by Knuth's method: fine for the few that a small company has in an hour."""
    count, left = 0, dice.random()
    while left > math.exp(-mean):
        count, left = count + 1, left * dice.random()
    return count

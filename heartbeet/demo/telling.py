"""Who was told of what, with each try: deliveries, attempts and storms, by the rules of `alerts.domain` and what the
receivers did. Pure; what the dispatcher and the senders do in the product is here a walk through the past."""

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from alerts.domain import retry, storm
from alerts.domain.retry import DeliveryStatus, Failure
from alerts.domain.routing import Listener
from heartbeet.demo.plan import Outage
from heartbeet.demo.story import Event, Story
from monitors.domain.status import EventKind

TOLD_EACH, WINDOW = 10, timedelta(seconds=60)
"""So many incidents within the window are told each for itself: what the product does unless it is told otherwise."""
LATE = timedelta(seconds=120)
"""After so long the fallback channel is told too."""
BEGINNINGS = (EventKind.OPENED, EventKind.ESCALATED)


@dataclass(frozen=True, slots=True)
class Ear:
    """A channel of the plan, and what its kind tells."""

    key: str
    listener: Listener
    is_fallback: bool
    typical_ms: int
    answer: tuple[int, str]
    """The status and the words of a receiver that takes a message."""


@dataclass(frozen=True, slots=True)
class Try:
    """One attempt."""

    at: datetime
    is_ok: bool
    duration_ms: int
    status_code: int | None
    error: str = ""
    excerpt: str = ""

    @property
    def ended_at(self) -> datetime:
        return self.at + timedelta(milliseconds=self.duration_ms)


@dataclass(slots=True, eq=False)
class Storm:
    """The list of a storm in one channel; `told` are the times at which it was told."""

    ear: Ear
    started_at: datetime
    grew_at: datetime
    stories: list[Story] = field(default_factory=list)
    told: list[datetime] = field(default_factory=list)
    ended_at: datetime | None = None


@dataclass(slots=True, eq=False)
class Letter:
    """A message to a channel: of an `event` of a `story`, or the list of a storm (`storm` without an event)."""

    ear: Ear
    made_at: datetime
    story: Story | None = None
    event: Event | None = None
    storm: Storm | None = None
    step: int = 0
    status: DeliveryStatus = DeliveryStatus.QUEUED
    tries: list[Try] = field(default_factory=list)
    delivered_at: datetime | None = None
    fell_back_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """All of it, the storms in the order in which they began."""

    letters: list[Letter]
    storms: list[Storm]


def tell(
    stories: Mapping[str, Sequence[Story]],
    ears: Mapping[str, Sequence[Ear]],
    fallback: Ear,
    outages: Sequence[Outage],
    *,
    dice: random.Random,
    now: datetime,
) -> Told:
    """What channels were told of the stories; `stories` and `ears` go by the monitor's name."""
    post = _Post(outages, fallback, dice, now)
    walk = _Walk(now)
    for event, story, name in _in_order(stories):
        walk.take(event, story, ears[name])
    walk.pass_time(now)
    letters = [*walk.letters, *(Letter(found.ear, at, storm=found) for found in walk.storms for at in found.told)]
    groups = _grouped(walk.letters)
    for group in groups:
        post.send_story(group)
    letters += post.instead(groups)
    for letter in letters:
        if letter.status is DeliveryStatus.QUEUED:
            post.send(letter, letter.made_at)
    return Told(sorted(letters, key=lambda letter: letter.made_at), walk.storms)


def _in_order(stories: Mapping[str, Sequence[Story]]) -> list[tuple[Event, Story, str]]:
    """Every event that was told, as they were dispatched."""
    found = [
        (event, story, name)
        for name, many in stories.items()
        for story in many
        for event in story.events
        if event.is_told and event.kind is not EventKind.NOTE
    ]
    return sorted(found, key=lambda each: each[0].dispatched_at or each[0].at)


class _Walk:
    """The dispatcher's way through the events."""

    def __init__(self, now: datetime) -> None:
        self.letters: list[Letter] = []
        self.storms: list[Storm] = []
        self._now = now
        self._open: dict[str, Storm] = {}
        self._openings: defaultdict[str, list[datetime]] = defaultdict(list)
        self._heard: set[tuple[int, str]] = set()

    def take(self, event: Event, story: Story, ears: Sequence[Ear]) -> None:
        """Make the letters of one event."""
        assert event.dispatched_at
        self.pass_time(event.dispatched_at)
        for ear in ears:
            key = (id(story), ear.key)
            if not ear.listener.wants(event.kind, story.case.severity):
                continue
            if event.kind is EventKind.RESOLVED and not ear.listener.may_end(was_told=key in self._heard):
                continue
            self._heard.add(key)
            letter = Letter(ear, event.dispatched_at, story, event)
            self.letters.append(letter)
            if ear.listener.is_read_by_people:
                self._group(letter, story, event.dispatched_at)

    def pass_time(self, until: datetime) -> None:
        """Tell the lists of the storms whose time has come, and end those that are over."""
        for key, found in list(self._open.items()):
            _tell_list(found, until)
            if found.ended_at:
                del self._open[key]

    def _group(self, letter: Letter, story: Story, now: datetime) -> None:
        """Put a letter into the storm of its channel, if it belongs there."""
        key = letter.ear.key
        found = self._open.get(key)
        if letter.event and letter.event.kind is EventKind.OPENED:
            lately = [at for at in self._openings[key] if at > now - WINDOW]
            self._openings[key] = [*lately, now]
            if storm.room(TOLD_EACH, len(lately)):
                return
            if found is None:
                found = self._open[key] = Storm(letter.ear, now, now)
                self.storms.append(found)
        elif found is None or story not in found.stories:
            return
        letter.storm, letter.status = found, DeliveryStatus.COLLAPSED
        found.grew_at = now
        if story not in found.stories:
            found.stories.append(story)


def _tell_list(found: Storm, until: datetime) -> None:
    """What `alerts.storms.tell` does twice a second."""
    beat = timedelta(seconds=0.4)
    while found.ended_at is None:
        told_at = found.told[-1] if found.told else None
        has_news = told_at is None or found.grew_at > told_at
        over_at = found.grew_at + storm.QUIET
        at = max(found.grew_at, storm.next_telling(found.started_at, told_at)) + beat if has_news else over_at
        if at > until:
            return
        if has_news:
            found.told.append(at)
        if not has_news or not _goes_on(found, at):
            found.ended_at = at


def _goes_on(found: Storm, at: datetime) -> bool:
    return any(story.ended_at is None or story.ended_at > at for story in found.stories)


def _grouped(letters: Sequence[Letter]) -> list[list[Letter]]:
    """The letters of each story to each channel that go by themselves, in their order."""
    groups: defaultdict[tuple[int, str], list[Letter]] = defaultdict(list)
    for letter in letters:
        if letter.storm is None:
            groups[id(letter.story), letter.ear.key].append(letter)
    return list(groups.values())


class _Post:
    """The senders, and the receivers with their outages."""

    def __init__(self, outages: Sequence[Outage], fallback: Ear, dice: random.Random, now: datetime) -> None:
        self._outages, self._fallback, self._dice, self._now = outages, fallback, dice, now

    def send_story(self, letters: Sequence[Letter]) -> None:
        """Send the letters of one story to one channel, one after the other."""
        free_at = letters[0].made_at
        for letter in letters:
            if letter.status is not DeliveryStatus.QUEUED:
                continue
            free_at = self.send(letter, max(letter.made_at, free_at))
            if letter.ear.listener.is_read_by_people and letter.delivered_at:
                _collapse([each for each in letters if each.status is DeliveryStatus.QUEUED], letter)

    def instead(self, groups: Sequence[Sequence[Letter]]) -> list[Letter]:
        """What the fallback is told because others could not be told in time: each event once, and nothing that it is
        told anyway."""
        known = {id(letter.event) for letters in groups for letter in letters if letter.ear.is_fallback}
        made: list[Letter] = []
        for letters in groups:
            first = letters[0]
            late_at = _late_at(first)
            if late_at is None or id(first.event) in known:
                continue
            first.fell_back_at = late_at
            for letter in letters:
                if self._is_for_fallback(letter) and id(letter.event) not in known:
                    known.add(id(letter.event))
                    at = max(letter.made_at, late_at)
                    made.append(Letter(self._fallback, at, letter.story, letter.event, step=1))
        return made

    def _is_for_fallback(self, letter: Letter) -> bool:
        if letter.event is None or letter.story is None or letter.event.kind is EventKind.REMINDED:
            return False
        return self._fallback.listener.wants(letter.event.kind, letter.story.case.severity)

    def send(self, letter: Letter, start: datetime) -> datetime:
        """Try until it arrives or is given up. Returns when that was."""
        at = start + timedelta(seconds=self._dice.uniform(0.05, 0.4))
        while True:
            done, failure = self._try(letter, at)
            letter.tries.append(done)
            if done.is_ok:
                letter.status, letter.delivered_at = DeliveryStatus.DELIVERED, done.ended_at
                return done.ended_at
            following = retry.next_try(
                tries=len(letter.tries),
                first_tried_at=letter.tries[0].at,
                now=done.ended_at,
                failure=failure,
                chance=self._dice.random(),
            )
            if following is None:
                letter.status = DeliveryStatus.DEAD
                return done.ended_at
            at = following

    def _try(self, letter: Letter, at: datetime) -> tuple[Try, Failure]:
        took = round(letter.ear.typical_ms * self._dice.lognormvariate(0, 0.4))
        for outage in self._outages:
            if outage.channel == letter.ear.key and outage.covers(at, self._now):
                slow = took if outage.status_code else 20_000
                return Try(at, False, slow, outage.status_code, outage.error), outage.failure
        status, said = letter.ear.answer
        return Try(at, True, took, status, excerpt=said), Failure.TRANSIENT


def _late_at(letter: Letter) -> datetime | None:
    """When the fallback is told what this should have told: at once if it is given up, or when it is late."""
    if letter.ear.is_fallback or letter.event is None or letter.event.kind not in BEGINNINGS:
        return None
    late_at, last = letter.tries[0].at + LATE, letter.tries[-1].ended_at
    if letter.status is DeliveryStatus.DEAD:
        return min(late_at, last)
    return late_at if last > late_at else None


def _collapse(later: Sequence[Letter], arrived: Letter) -> None:
    """People read of the end in the message that was late: it makes what follows superfluous."""
    last = arrived.tries[-1].at
    ends = [each for each in later if each.event and each.event.kind is EventKind.RESOLVED and each.made_at <= last]
    for each in later if ends else ():
        each.status, each.delivered_at = DeliveryStatus.COLLAPSED, arrived.delivered_at

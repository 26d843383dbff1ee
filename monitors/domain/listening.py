"""The ear of an ingest process: when it does not listen, and why, so that our fault never looks like a monitor's.

An `Ear` is a value; each thing that happens gives the next one. What it has to tell waits in it until a beat has
brought it into the database, for hours if need be, and telling it twice changes nothing.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monitors.domain.gaps import Deaf, Reason

LATE = timedelta(seconds=5)
"""An event loop that was over this late stood still: what knocked in that time may have given up."""
CANARY_TRIES = 3
MAX_ENDED = 100
"""Deaf times that are kept apart while they cannot be told. Over it the last one grows to cover the next."""


@dataclass(frozen=True, slots=True)
class Ear:
    """What a process knows of its own listening. It began `since`; its event loop last proved alive at `beat_at`.

    `refused_since` is the first ping turned away since we could last store, `refused_at` the latest. `canary_at` is
    when a canary was last sent that came back (empty: none ever did, and then its failures mean nothing),
    `canary_failures` how many have failed since. `told` is the start of the lasting deaf time that the database knows.
    """

    beat_at: datetime
    canary_at: datetime | None = None
    canary_failures: int = 0
    refused_since: datetime | None = None
    refused_at: datetime | None = None
    ended: tuple[Deaf, ...] = ()
    told: datetime | None = None

    @property
    def lasting(self) -> Deaf | None:
        """The deaf time that has not ended. There is one at most: a failed canary covers what is refused meanwhile."""
        if self.canary_at and self.canary_failures >= CANARY_TRIES:
            return Deaf(self.canary_at, None, Reason.CANARY)
        if self.refused_since:
            return Deaf(self.refused_since, None, Reason.REFUSED)
        return None

    @property
    def hold_at(self) -> datetime | None:
        """What we must not say to have listened beyond, while a canary is missing and we do not know yet why."""
        return self.canary_at if 0 < self.canary_failures < CANARY_TRIES else None

    # What happens

    def refused(self, at: datetime) -> "Ear":
        """A ping that came `at` was turned away, or answered without being recorded."""
        since = min(self.refused_since or at, at)
        return replace(self, refused_since=since, refused_at=max(self.refused_at or at, at))

    def stored(self, at: datetime) -> "Ear":
        """Something that came `at` is durable, or could have been made so. If nothing later was refused, we listen."""
        if self.refused_since is None or (self.refused_at and at <= self.refused_at):
            return self
        return self._ending(at, refused_since=None, refused_at=None)

    def beat(self, at: datetime, *, late: timedelta = timedelta()) -> "Ear":
        """The event loop is alive. It was `late` for it."""
        frozen = (Deaf(self.beat_at, at, Reason.FROZEN),) if late > LATE else ()
        return replace(self._with(*frozen), beat_at=at)

    def stepped(self, old: datetime, new: datetime) -> "Ear":
        """The clock that pings are stamped with was set from `old` to `new`. Forward: in between nobody listened.
        Backward: what lies in the future now never was; what lasts goes on from now."""
        if new >= old:
            return replace(self._with(Deaf(old, new, Reason.CLOCK)), beat_at=new)
        past = tuple(_until(each, new) for each in self.ended if each.started_at < new)
        lasting, told = self.lasting, self.told
        if told and told >= new:
            if lasting and lasting.started_at == told:
                past = (*past, replace(lasting, ended_at=told))
            told = None
        return replace(
            self,
            beat_at=new,
            canary_at=self.canary_at and min(self.canary_at, new),
            refused_since=self.refused_since and min(self.refused_since, new),
            refused_at=self.refused_at and min(self.refused_at, new),
            ended=past,
            told=told,
        )

    def canary_returned(self, sent_at: datetime, at: datetime) -> "Ear":
        """A canary that was sent at `sent_at` has come back."""
        return self._ending(at, canary_at=min(sent_at, at), canary_failures=0)

    def canary_failed(self, at: datetime) -> "Ear":
        """A canary did not come back. The third in a row says that pings do not either, since the last that did."""
        if self.canary_at is None:
            return self
        failures = self.canary_failures + 1
        if failures != CANARY_TRIES:
            return replace(self, canary_failures=failures)
        return self._ending(at, canary_failures=failures, refused_since=None, refused_at=None)

    # What is told

    def report(self, at: datetime) -> tuple["Ear", tuple[Deaf, ...]]:
        """What a beat of `at` has to tell, and the ear from then on. If the beat reaches the database, that is the
        proof that we can store, so what was refused before it has ended: `untold` takes that back."""
        ear = self.stored(at)
        lasting = ear.lasting
        fresh = (lasting,) if lasting and lasting.started_at != ear.told else ()
        return ear, (*ear.ended, *fresh)

    def reported(self, deaf: tuple[Deaf, ...]) -> "Ear":
        """This is in the database now."""
        told = next((each.started_at for each in deaf if each.ended_at is None), self.told)
        return replace(self, ended=tuple(each for each in self.ended if each not in deaf), told=told)

    def untold(self, deaf: tuple[Deaf, ...], at: datetime) -> "Ear":
        """The beat of `at` did not reach the database, and proves nothing: who was refusing still is."""
        was_refusing = any(each.reason is Reason.REFUSED and each.ended_at == at for each in deaf)
        return self.refused(at) if was_refusing else self

    # How it is kept

    def _ending(self, at: datetime, **changes: object) -> "Ear":
        """With these changes; a lasting deaf time that is over by them, or replaced by another, ends `at`."""
        changed: Ear = replace(self, **changes)  # type: ignore[arg-type]
        before, after = self.lasting, changed.lasting
        if before is None or (after and after.reason is before.reason):
            return changed
        return changed._with(replace(before, ended_at=max(before.started_at, at)))

    def _with(self, *ended: Deaf) -> "Ear":
        kept = (*self.ended, *ended)
        if len(kept) > MAX_ENDED:
            kept = (*kept[: MAX_ENDED - 1], replace(kept[MAX_ENDED - 1], ended_at=kept[-1].ended_at))
        return replace(self, ended=kept)


def _until(deaf: Deaf, end: datetime) -> Deaf:
    return replace(deaf, ended_at=min(deaf.ended_at or end, end))

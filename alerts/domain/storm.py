"""Storms: many incidents of one organisation at once. The first are told each for itself, the rest as one list."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.domain import words

GATHER = timedelta(seconds=5)
"""How long a storm is watched before its list is told for the first time."""
PACE = timedelta(minutes=1)
"""How often the list is told again at most."""
QUIET = timedelta(hours=1)
"""A storm without news for so long is over, whatever of it is still open."""
LISTED = 30


@dataclass(frozen=True, slots=True)
class Entry:
    """One incident in the list: its monitor, since when, and until when if it is over."""

    name: str
    since: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Text:
    """The list in words: what every channel can show."""

    headline: str
    summary: str
    facts: tuple[tuple[str, str], ...]
    is_over: bool


def room(limit: int, lately: int) -> int:
    """How many more may be told each for itself, after `lately` were told within the window, in a list or not."""
    return max(0, limit - lately)


def next_telling(started_at: datetime, told_at: datetime | None) -> datetime:
    """The earliest time at which the list may be told, again or for the first time."""
    return started_at + GATHER if told_at is None else told_at + PACE


def text(entries: Sequence[Entry]) -> Text:
    """The list: what is still down first, the newest last; the first `LISTED`, and how many more there are."""
    still = [entry for entry in entries if entry.until is None]
    ordered = sorted(entries, key=lambda entry: (entry.until is not None, entry.since))
    facts = [(words.one_line(entry.name, 120), _since(entry)) for entry in ordered[:LISTED]]
    if len(ordered) > LISTED:
        facts.append(("And", f"{len(ordered) - LISTED} more"))
    return Text(_headline(len(still), len(entries)), _summary(len(still), len(entries)), tuple(facts), not still)


def _since(entry: Entry) -> str:
    if entry.until is None:
        return f"since {words.instant(entry.since)}"
    return f"recovered at {words.instant(entry.until)}, after {words.span(entry.until - entry.since)}"


def _headline(still: int, all_of_them: int) -> str:
    if still == 0:
        return f"{_more_monitors(all_of_them)} {_have(all_of_them)} recovered"
    more = f"{_more_monitors(still)} {'is' if still == 1 else 'are'} down"
    return more if still == all_of_them else f"{more}, {all_of_them - still} recovered"


def _summary(still: int, all_of_them: int) -> str:
    told = "the first of them have messages of their own"
    if still == 0:
        return f"Many monitors were down at once; {told}, and the {all_of_them} listed here have all recovered."
    over = f", {all_of_them - still} of which {_have(all_of_them - still)} recovered" if still < all_of_them else ""
    return f"Many monitors are down at once; {told}. These are {all_of_them} more{over}."


def _more_monitors(count: int) -> str:
    return f"{count} more monitor{'' if count == 1 else 's'}"


def _have(count: int) -> str:
    return "has" if count == 1 else "have"

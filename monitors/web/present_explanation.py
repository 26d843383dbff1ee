"""Why an incident of a beet opened, in sentences whose monitors are links, and its events around then as bars."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from heartbeet.lib import durations
from heartbeet.lib.words import Moment, Teller
from monitors.beet_evidence import MOST_IN_PART, Around, Story
from monitors.domain import explain
from monitors.domain.explain import Sentence
from monitors.web.present_evidence import Band

HIGHEST = 44
"""Pixels of the highest bar; the template's picture has a little room above."""
TOP = 4


@dataclass(frozen=True, slots=True)
class Bar:
    """The events of one part of the time: `x` and `width` in percent, `y` and `height` in pixels."""

    key: str
    x: str
    width: str
    y: str
    height: str
    title: str


@dataclass(frozen=True, slots=True)
class Bars:
    """The events around the beginning of an incident, and at which height the usual number stands; `text` says it."""

    bars: list[Bar]
    bands: list[Band]
    usual_y: str | None
    first: Moment
    last: Moment
    text: str


@dataclass(frozen=True, slots=True)
class Explained:
    """An explanation as a page shows it; without `bars` where the events are not kept, or are not what it is about."""

    happened: list[SafeString]
    around: list[SafeString]
    look_at: list[SafeString]
    bars: Bars | None


def explained(story: Story | None, tell: Teller) -> Explained | None:
    """The story of an incident; None for one that tells none."""
    if story is None:
        return None
    told = story.explanation
    return Explained(
        happened=_linked(told.happened),
        around=_linked(told.around),
        look_at=_linked(told.look_at),
        bars=_bars(story.around, story.deaf, tell) if story.around else None,
    )


def _linked(sentences: Sequence[Sentence]) -> list[SafeString]:
    return [format_html_join("", "{}", ((_piece(piece),) for piece in sentence)) for sentence in sentences]


def _piece(piece: str | explain.Named) -> SafeString | str:
    if isinstance(piece, str):
        return piece
    return format_html('<a href="{}">{}</a>', reverse("monitors:detail", args=[piece.id]), piece.name)


def _bars(around: Around, deaf: Sequence[tuple[datetime, datetime]], tell: Teller) -> Bars:
    most = max(*around.counts, around.expected or 0)
    step, share = (around.end - around.start) / len(around.counts), 100 / len(around.counts)

    def bar(number: int, count: int) -> Bar:
        start, height = around.start + number * step, HIGHEST * count / most
        more = " or more" if count >= MOST_IN_PART else ""
        return Bar(
            key="up" if start <= around.low_since else "late" if start < around.told_at else "down",
            x=f"{number * share:.2f}%",
            width=f"{share * 0.8:.2f}%",
            y=f"{TOP + HIGHEST - height:.1f}",
            height=f"{height:.1f}",
            title=f"{tell.span(start, start + step)}: {count:,}{more}",
        )

    return Bars(
        bars=[bar(number, count) for number, count in enumerate(around.counts) if count],
        bands=list(_bands(around, deaf)),
        usual_y=None if around.expected is None else f"{TOP + HIGHEST * (1 - around.expected / most):.1f}",
        first=tell.clock(around.start),
        last=tell.clock(around.end, beside=around.start),
        text=_in_words(around, step, tell),
    )


def _bands(around: Around, deaf: Sequence[tuple[datetime, datetime]]) -> Iterator[Band]:
    whole = around.end - around.start
    spans = [
        ("late", around.low_since, around.told_at, "Low, and not yet sure"),
        ("down", around.told_at, around.end, "The incident"),
        *(("unknown", start, end, "Heartbeet was not listening") for start, end in deaf),
    ]
    for key, start, end, title in spans:
        first, last = max(start, around.start), min(end, around.end)
        if first < last:
            x, width = 100 * ((first - around.start) / whole), 100 * ((last - first) / whole)
            yield Band(key, f"{x:.2f}%", f"{width:.2f}%", f"{title}, {durations.short(_sec(end - start), units=2)}")


def _in_words(around: Around, step: timedelta, tell: Teller) -> str:
    before = sum(
        count for number, count in enumerate(around.counts) if around.start + number * step <= around.low_since
    )
    start, low, end = (tell.clock(at).text for at in (around.start, around.low_since, around.end))
    length = durations.short(_sec(step), units=2)
    usual = "" if around.expected is None else f", where {explain.amount(around.expected)} each are usual"
    return (
        f"Events in parts of {length}{usual}: "
        f"{before:,} from {start} to {low}, {sum(around.counts) - before:,} from then to {end}."
    )


def _sec(length: timedelta) -> int:
    return max(1, round(length.total_seconds()))

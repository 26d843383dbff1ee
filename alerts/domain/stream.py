"""What messages say of a stream of events that fell silent or dropped, and of values: in numbers, as of the moment they
tell of."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from alerts.domain import words
from monitors.domain import explain, fields, values
from monitors.domain.evidence import Amount, Evidence, Pause, Rate
from monitors.domain.status import Cause, Severity

ENDINGS = {
    Cause.SILENCE: "Events of {name} come again after {lasted}",
    Cause.DROP: "{name} is back near its usual rate after {lasted}",
    Cause.VALUE: "{name} reports good values again after {lasted}",
}
"""What a recovery means, by what is over."""
_VALUES = {fields.HOUR_SUM: "Sum of the hour", fields.HOUR_MEAN: "Mean of the hour"}
LATE_EVIDENCE = "{name} was up after all: its events were received in time and reached us late"


def is_low(cause: str, severity: str) -> bool:
    """Whether it is low, and not down."""
    return cause == Cause.DROP and severity == Severity.WARNING


def happened(name: str, found: Evidence | None, at: datetime, was: str = "") -> str:
    """One sentence without its stop, told `at` a moment; '' without evidence. `was` is the cause that an incident which
    got worse had before."""
    if isinstance(found, Amount):
        when = "at" if found.per == fields.PING else "from"
        return f"{name} {values.says(found)}, {when} {words.instant(found.at)}"
    if not isinstance(found, Rate | Pause):
        return ""
    since, until = f"since {words.clock(found.since, at)} UTC", f"by {words.clock(at, found.since)}"
    if isinstance(found, Pause):
        return f"{name} went silent: no event {since}, for {words.span(found.limit)} {until}"
    if found.cause is Cause.SILENCE:
        fell = "went from low to silent" if was == Cause.DROP else "went silent"
        return f"{name} {fell}: no event {since}, {_were(found.expected)} expected {until}"
    fell = "dropped further" if was == Cause.DROP else "dropped"
    return f"{name} {fell}: {_events(found.seen)} {since} where {_were(found.expected)} expected"


def facts(found: Evidence | None) -> Iterator[tuple[str, str]]:
    """The numbers, as labels and texts in order; none of what has none."""
    if isinstance(found, Rate):
        yield ("Expected", f"{_events(found.expected)} since {words.instant(found.since)}")
        yield ("Came", _events(found.seen))
        yield ("Usual at that time", f"about {explain.amount(found.rate_per_hour)} an hour")
        yield ("By chance", f"less than {explain.once_in(found.budget_weeks)}")
    elif isinstance(found, Pause):
        yield ("Expected", f"at least one event in {words.span(found.limit)}, while it learns its rhythm")
    elif isinstance(found, Amount):
        yield (_VALUES.get(found.per, "Value"), values.number(found.value))
        yield ("Usual at that hour" if found.is_learned else "Good", values.band(found.low, found.high))


def _were(expected: float) -> str:
    count = explain.rounded(expected)
    return f"{count} {'was' if count == '1' else 'were'}"


def _events(number: float) -> str:
    count = explain.rounded(number)
    return f"{count} event{'' if count == '1' else 's'}"


def lasting(cause: str, severity: str, lasts: timedelta) -> str:
    """How it still is, as in `still down after 2 hours`."""
    return f"still {'low' if is_low(cause, severity) else 'down'} after {words.span(lasts)}"

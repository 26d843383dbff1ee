"""What pages say of the times in which nobody listened."""

from collections.abc import Iterable
from datetime import datetime

from accounts.models import Organization
from heartbeet.lib.words import Teller
from monitors import queries
from monitors.domain.gaps import Reason
from monitors.models import Gap

SHOWN = 3
"""How many are told one by one; a flapping network makes dozens."""
WHY = {
    Reason.STOPPED: "Heartbeet was not running",
    Reason.REFUSED: "Heartbeet had to turn pings away",
    Reason.FROZEN: "Heartbeet stood still",
    Reason.CLOCK: "the clock was set, or the machine slept",
    Reason.CANARY: "Heartbeet could not be reached by its public address",
}


def lately(organization: Organization, tell: Teller, *, since: datetime | None = None) -> list[str]:
    """A line for each gap of the last day that is worth one, the newest first, and one for the rest; none from before
    `since`."""
    found = queries.recent_gaps(organization, tell.now)
    return lines([each for each in found if since is None or each.ended_at > since], tell)


def lines(gaps: Iterable[Gap], tell: Teller) -> list[str]:
    """A line for each of `queries.recent_gaps` that is worth one, and one for the rest."""
    found = [each for each in gaps if getattr(each, "is_worth_a_word", True)]
    told = [line(each, tell) for each in found[:SHOWN]]
    more = len(found) - SHOWN
    if more > 0:
        told.append(f"And {more} more time{'s' if more > 1 else ''} in the last day.")
    return told


def line(gap: Gap, tell: Teller) -> str:
    """One gap in a sentence."""
    return f"We were not listening {tell.span(gap.started_at, gap.ended_at)}: {WHY[Reason(gap.reason)]}."

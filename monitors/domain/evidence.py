"""What an incident was opened on by a rhythm or a value, as it is kept beside it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from monitors.domain.status import Cause, Severity


@dataclass(frozen=True, slots=True)
class Rate:
    """The evidence of a silence or a drop. `since` is the last event, or since when it is low; `expected` and `seen`
    are events from then on; `log_odds` is the natural log of the odds against chance, `rate_per_hour` what is usual
    then."""

    cause: Cause
    since: datetime
    expected: float
    seen: int
    log_odds: float
    budget_weeks: float
    rate_per_hour: float


@dataclass(frozen=True, slots=True)
class Amount:
    """The evidence of a value outside `low` to `high`; `is_learned` if that is a band that was learned, not a limit."""

    cause: Cause
    at: datetime
    value: float
    low: float | None
    high: float | None
    per: str
    is_learned: bool


@dataclass(frozen=True, slots=True)
class Pause:
    """The evidence of a silence that somebody asked to hear of while the rhythm is not learned: none for `limit`."""

    cause: Cause
    since: datetime
    limit: timedelta


Evidence = Rate | Pause | Amount


@dataclass(frozen=True, slots=True)
class Moment:
    """What an incident was at one moment: it may have become worse since, and an alert tells what was then."""

    cause: Cause
    severity: Severity
    evidence: Evidence | None


def read(stored: Mapping[str, Any] | None) -> Evidence | None:
    """The evidence as an incident keeps it (JSON); None without any, or of a kind that is not known here."""
    given = stored or {}
    try:
        match given.get("arm"):
            case Cause.SILENCE if "limitSec" in given:
                return Pause(Cause.SILENCE, _instant(given["since"]), timedelta(seconds=given["limitSec"]))
            case Cause.SILENCE | Cause.DROP as arm:
                return _rate(Cause(arm), given)
            case Cause.VALUE:
                return _amount(given)
    except (KeyError, TypeError, ValueError):
        pass
    return None


def began_at(stored: Mapping[str, Any] | None) -> datetime | None:
    """When what an incident is about began, before it was noticed; None where its evidence says nothing of that. One
    that got worse is evidence of what it became, and remembers when it was low first."""
    given = stored or {}
    since = given.get("lowSince") or given.get("since")
    return _instant(since) if since else None


def freeze(cause: str, severity: str, stored: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """A moment as JSON, for an entry of the timeline; None for an incident without evidence, which stays what it is."""
    return {"cause": str(cause), "severity": str(severity), "evidence": dict(stored)} if stored else None


def thaw(frozen: Mapping[str, Any] | None) -> Moment | None:
    """The moment that was frozen; None without one."""
    if not frozen:
        return None
    return Moment(Cause(frozen["cause"]), Severity(frozen["severity"]), read(frozen["evidence"]))


def written(at: datetime) -> str:
    """An instant as evidence keeps it: RFC 3339 in UTC with `Z`."""
    return at.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z"


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _rate(cause: Cause, stored: Mapping[str, Any]) -> Rate:
    return Rate(
        cause=cause,
        since=_instant(stored["since"]),
        expected=float(stored["expected"]),
        seen=int(stored["seen"]),
        log_odds=float(stored["logOdds"]),
        budget_weeks=float(stored["budgetWeeks"]),
        rate_per_hour=float(stored["ratePerHour"]),
    )


def _amount(stored: Mapping[str, Any]) -> Amount:
    return Amount(
        cause=Cause.VALUE,
        at=_instant(stored["at"]),
        value=float(stored["value"]),
        low=stored.get("low"),
        high=stored.get("high"),
        per=str(stored.get("per", "ping")),
        is_learned=bool(stored.get("learned")),
    )

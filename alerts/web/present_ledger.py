"""The ledger as finished values for the templates: each message, its tries, and why it went another way."""

from collections.abc import Sequence
from dataclasses import dataclass

from accounts.web import components
from accounts.web.components import Choice, State
from alerts import ledger
from alerts.domain.retry import DeliveryStatus
from alerts.models import Attempt, Channel, Delivery, Notice
from heartbeet.lib import durations
from heartbeet.lib.words import Moment, Teller

STATES = (
    (DeliveryStatus.DELIVERED, "Delivered"),
    (DeliveryStatus.QUEUED, "Waiting"),
    (DeliveryStatus.DEAD, "Dead letters"),
    (DeliveryStatus.COLLAPSED, "In another message"),
)
"""What a channel's ledger can be narrowed to."""


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """One try: when, how it went, how long it took, and the receiver's own words."""

    state: State
    at: Moment
    took: str
    status_code: int | None
    error: str
    excerpt: str


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """A message to a channel: what it was about and what became of it. `remarks` say why it went another way. A channel
    that is deleted has no `channel_url`."""

    id: int
    url: str
    title: str
    event: str
    state: State
    at: Moment
    channel: str
    channel_url: str
    tries: int
    next_try: Moment | None
    error: str
    is_dead: bool
    remarks: Sequence[str]
    attempts: Sequence[AttemptRow]


def choices(chosen: str) -> list[Choice]:
    """What the ledger can be narrowed to, all of it first."""
    return components.choices((("", "All"), *STATES), chosen)


def delivery(entry: ledger.Entry, tell: Teller) -> DeliveryRow:
    """A message with its tries."""
    given, incident = entry.delivery, entry.delivery.incident
    is_over = given.delivered_at is not None
    return DeliveryRow(
        id=given.id,
        url=incident.get_absolute_url() if incident else "",
        title=incident.title if incident else _title(given.notice),
        event=entry.event_kind.capitalize() if entry.event_kind else "",
        state=State.of(given.status),
        at=tell.moment(given.delivered_at or given.created_at),
        channel=given.channel.name,
        channel_url="" if given.channel.deleted_at else given.channel.get_absolute_url(),
        tries=given.tries,
        next_try=None if is_over or given.tries == 0 else tell.maybe(given.next_try_at),
        error="" if is_over else given.last_error,
        is_dead=given.status == DeliveryStatus.DEAD,
        remarks=_remarks(entry),
        attempts=[_attempt(each, tell) for each in entry.attempts],
    )


def _attempt(given: Attempt, tell: Teller) -> AttemptRow:
    return AttemptRow(
        state=State("delivered", "Taken") if given.is_ok else State("fail", "Failed"),
        at=tell.precise(given.at),
        took=durations.short(given.duration_ms / 1000, units=2),
        status_code=given.status_code,
        error=given.error,
        excerpt=given.excerpt,
    )


def _title(notice: Notice | None) -> str:
    if notice is not None and notice.about is not None:
        return f"The channel “{notice.about.name}” does not work"
    return "Several incidents at once"


def _remarks(entry: ledger.Entry) -> list[str]:
    """In sentences: for whom this was told, who was told instead, and where it was told."""
    remarks = []
    if entry.instead_of:
        remarks.append(f"Told here because {_names(entry.instead_of)} could not be told.")
    if entry.told_by:
        remarks.append(f"{_names(entry.told_by)} was told instead.")
    if entry.delivery.storm_id:
        remarks.append("Told in the list of a storm of incidents.")
    elif entry.told_in:
        remarks.append(f"Told in the message about “{_word(entry.told_in)}”.")
    return remarks


def _word(delivery: Delivery) -> str:
    return delivery.event.kind if delivery.event else "several incidents"


def _names(channels: Sequence[Channel]) -> str:
    return " and ".join(f"“{channel.name}”" for channel in channels)

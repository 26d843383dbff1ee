"""Pings as finished values for the templates: what a job sent is shown as text, whatever it was."""

from dataclasses import dataclass

from django.urls import reverse

from accounts.web.components import State
from heartbeet.lib import durations
from heartbeet.lib.words import Moment, Teller
from monitors.domain.status import Kind
from monitors.models import Ping

LISTED, ALL = 500, 1_000_000
"""How many characters of an output a list shows, and a ping's own page."""


@dataclass(frozen=True, slots=True)
class PingRow:
    """One ping; `body` is what it carried, as text, `is_cut` says that more of it is on the ping's own page."""

    id: int
    url: str
    state: State
    at: Moment
    duration: str
    exit_code: int | None
    value: str
    run_id: str
    source: str
    body: str
    body_size: str
    is_cut: bool


def ping(given: Ping, tell: Teller, *, with_source: bool, most: int = LISTED) -> PingRow:
    """One ping, of its output `most` characters: its beginning, and more of its end, where jobs say what went wrong.
    The address it came from is for those who may edit monitors."""
    body, head = output(given), most * 2 // 5
    is_cut = len(body) > most
    return PingRow(
        id=given.id,
        url=reverse("monitors:ping", args=[given.monitor_id, given.id]),
        state=State.of(given.kind),
        at=tell.precise(given.received_at),
        duration="" if given.duration_sec is None else durations.short(given.duration_sec, units=2),
        exit_code=given.exit_code if given.kind != Kind.SUCCESS or given.exit_code else None,
        value="" if given.value is None else f"{given.value:,.15g}",  # as it was sent, to its last digit
        run_id=given.run_id,
        source=" ".join(filter(None, [given.method, given.source if with_source else ""])),
        body=f"{body[:head]}\n…\n{body[head - most :]}" if is_cut else body,
        body_size=_size(given.body_size),
        is_cut=is_cut,
    )


def output(given: Ping) -> str:
    """All that is kept of what a ping carried."""
    head, tail = bytes(given.body_head or b""), bytes(given.body_tail or b"")
    left_out = given.body_size - len(head) - len(tail)
    if left_out <= 0 or not head:
        return _text(head + tail)
    return f"{_text(head)}\n… {_size(left_out)} left out …\n{_text(tail)}"


def _text(raw: bytes) -> str:
    """Bytes as text that is safe to show: what is not UTF-8, and control characters, become visible marks."""
    text = raw.decode("utf-8", "replace")
    return "".join(char if char.isprintable() or char in "\n\t" else "\ufffd" for char in text.replace("\r\n", "\n"))


def _size(count: int) -> str:
    if count < 1000:
        return f"{count} byte{'' if count == 1 else 's'}"
    return f"{count / 1000:.1f} kB" if count < 1_000_000 else f"{count / 1_000_000:.1f} MB"

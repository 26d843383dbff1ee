"""What people do with many monitors at once: one transaction, all of them or none."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from django.db import transaction

from accounts.domain.actor import Actor
from monitors import operations, transitions
from monitors.models import Monitor


def pause(*, monitors: Iterable[Monitor], by: Actor, now: datetime) -> None:
    """Stop judging these monitors."""
    _each(monitors, lambda monitor: operations.pause(monitor=monitor, by=by, now=now))


def resume(*, monitors: Iterable[Monitor], by: Actor, now: datetime) -> None:
    """Judge these monitors again, waiting anew from now."""
    _each(monitors, lambda monitor: operations.resume(monitor=monitor, by=by, now=now))


def tag(*, monitors: Iterable[Monitor], add: Sequence[str], remove: Sequence[str], by: Actor, now: datetime) -> None:
    """Give these monitors some tags and take others away. Raises fields.Invalid."""

    def change(monitor: Monitor) -> None:
        tags = [one for one in dict.fromkeys([*monitor.tags, *add]) if one not in remove]
        if tags != monitor.tags:
            operations.edit(monitor=monitor, changes={"tags": tags}, by=by, now=now)

    _each(monitors, change)


def delete(*, monitors: Iterable[Monitor], by: Actor, now: datetime) -> None:
    """Hide these monitors and kill their tokens."""
    _each(monitors, lambda monitor: operations.delete(monitor=monitor, by=by, now=now))


@transaction.atomic
def _each(monitors: Iterable[Monitor], act: Callable[[Monitor], None]) -> None:
    """All pulses are locked first, in the order in which everything locks them."""
    ordered = sorted(monitors, key=lambda monitor: monitor.id)
    transitions.lock([monitor.id for monitor in ordered])
    for monitor in ordered:
        act(monitor)

"""Rows for the alerts' tests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from accounts.domain.actor import SYSTEM
from accounts.models import Organization
from alerts import claims, dispatcher, operations
from alerts.domain import turns
from alerts.models import Channel, Delivery, Subscription
from monitors.domain.status import Cause, EventKind
from monitors.models import Incident, IncidentEvent, Monitor
from tests import factories


@dataclass
class House:
    """One organisation; `now` is the moment everything happens at."""

    organization: Organization
    monitor: Monitor
    now: datetime

    @classmethod
    def build(cls, now: datetime, name: str = "Acme") -> House:
        organization = factories.organization(name)
        return cls(organization, _monitor(organization, "Nightly backup", now), now)

    def another_monitor(self, name: str) -> Monitor:
        return _monitor(self.organization, name, self.now)

    def channel(self, kind: str, config: dict[str, str], *monitors: Monitor, **fields: Any) -> Channel:
        """A channel made as a person makes it, and subscribed."""
        made = operations.create_channel(
            organization=self.organization, kind=kind, name=f"{kind} channel", config=config, by=SYSTEM, now=self.now,
            **fields,
        )  # fmt: skip
        for monitor in monitors or (self.monitor,):
            Subscription.objects.create(monitor=monitor, channel=made)
        return made

    def webhook(self, url: str, *monitors: Monitor) -> Channel:
        return self.channel("webhook", {"url": url}, *monitors)

    def email(self, to: str = "ops@example.com", *monitors: Monitor) -> Channel:
        return self.channel("email", {"to": to}, *monitors)

    def opens(self, monitor: Monitor | None = None, **fields: Any) -> Incident:
        """An incident opens, and its event is in the outbox."""
        subject = monitor or self.monitor
        values = {
            "cause": Cause.MISSED,
            "title": f"{subject.name} missed its ping",
            "opened_at": self.now,
            "expected_at": self.now - timedelta(minutes=1),
            "last_ping_at": self.now - timedelta(minutes=6),
        }
        incident = Incident.objects.create(monitor=subject, **{**values, **fields})
        self.event(incident, EventKind.OPENED, incident.opened_at)
        return incident

    def resolves(self, incident: Incident, after: timedelta = timedelta(minutes=12)) -> None:
        """It recovers, and that is in the outbox."""
        incident.resolved_at, incident.resolution = incident.opened_at + after, Cause.RECOVERED
        incident.save()
        self.event(incident, EventKind.RESOLVED, incident.resolved_at)

    def event(self, incident: Incident, kind: EventKind, at: datetime) -> IncidentEvent:
        return IncidentEvent.objects.create(
            incident=incident, seq=incident.events.count() + 1, kind=kind, at=at, created_at=at
        )


def _monitor(organization: Organization, name: str, now: datetime) -> Monitor:
    return factories.monitor(organization, name=name, interval_sec=300, grace_sec=60, now=now)


def send_all(now: datetime) -> int:
    """Dispatch, then send everything that is due at `now`, one after the other. Returns how many tries that took."""
    dispatcher.dispatch(now=now)
    tries = 0
    while found := claim(now, 10):
        for claimed in found:
            deliver(claimed, now=now)
            tries += 1
    return tries


def claim(now: datetime, errands: int = 1, **room: Any) -> list[claims.Claim]:
    """What a sender that has room for so many errands, and nothing under way, may send now."""
    values = {"errands": errands, "doubtful": errands, "per_host": 8, **room}
    return claims.claim(now=now, room=turns.Room(**values))


def deliver(claimed: claims.Claim, *, now: datetime) -> None:
    """Send one claimed delivery and record what came of it, as a sender does."""
    for parcel in claims.prepare([claimed], now=now):
        receipt, took = claims.hand_over(parcel, now=now)
        claims.record([claims.Outcome(parcel, receipt, now, took)])


def ledger(incident: Incident) -> list[tuple[str, str]]:
    """Each delivery of an incident as (event, status), in order."""
    rows = Delivery.objects.filter(incident=incident).order_by("event__seq", "channel_id")
    return list(rows.values_list("event__kind", "status"))

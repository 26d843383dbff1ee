"""The account of a fleet: what was promised about each monitor, against the database and what the receivers got."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

from tests.chaos.installation import Installation
from tests.receivers import HTTPReceiver, SMTPReceiver

OPENED, RESOLVED = "opened", "resolved"
_TOLD = "incident."

_DELIVERIES = """
SELECT d.uid, d.status, i.monitor_id, e.kind, d.channel_id FROM alerts_delivery d
JOIN monitors_incident i ON i.id = d.incident_id JOIN monitors_incidentevent e ON e.id = d.event_id
WHERE e.kind IN ('opened', 'resolved')
"""
_UIDS = "SELECT uid FROM alerts_delivery"
_INCIDENTS = "SELECT monitor_id, resolved_at IS NULL FROM monitors_incident"
_SUBSCRIPTIONS = "SELECT monitor_id, count(*) FROM alerts_subscription GROUP BY monitor_id"
_OUTBOX = "SELECT count(*) FROM monitors_incidentevent WHERE dispatched_at IS NULL"
_PINGS = "SELECT body_head FROM monitors_ping WHERE body_head IS NOT NULL"


@dataclass(frozen=True)
class Promise:
    """How often the beginning and the end of an incident of a monitor are to be told."""

    openings: int
    resolutions: int


@dataclass(frozen=True)
class Delivery:
    """A message of the ledger. `uid` is what a receiver sees as its id."""

    uid: str
    status: str
    monitor_id: int
    event: str
    channel_id: int


@dataclass(frozen=True)
class Account:
    """Everything that was to be told, is in the ledger, and came. `ledger` has the ids of all messages, `deliveries`
    those of beginnings and ends; `received` counts ids."""

    promises: Mapping[int, Promise]
    incidents: Counter[int]
    ended: Counter[int]
    subscriptions: Mapping[int, int]
    deliveries: tuple[Delivery, ...]
    ledger: frozenset[str]
    received: Counter[str]
    undispatched: int
    answered: frozenset[str]
    stored: Counter[str]

    @classmethod
    def of(
        cls,
        installation: Installation,
        promises: Mapping[int, Promise],
        answered: Collection[str],
        webhooks: HTTPReceiver,
        mails: SMTPReceiver,
    ) -> Self:
        """What an installation and its receivers say by now."""
        incidents = installation.rows(_INCIDENTS)
        return cls(
            promises=promises,
            incidents=Counter(monitor_id for monitor_id, _ in incidents),
            ended=Counter(monitor_id for monitor_id, is_open in incidents if not is_open),
            subscriptions=dict(installation.rows(_SUBSCRIPTIONS)),
            deliveries=tuple(Delivery(_plain(uid), *rest) for uid, *rest in installation.rows(_DELIVERIES)),
            ledger=frozenset(_plain(uid) for (uid,) in installation.rows(_UIDS)),
            received=Counter([*_ids_of_webhooks(webhooks), *_ids_of_mails(mails)]),
            undispatched=installation.rows(_OUTBOX)[0][0],
            answered=frozenset(answered),
            stored=Counter(bytes(body).decode().partition("\n")[0] for (body,) in installation.rows(_PINGS)),
        )

    def open(self) -> list[str]:
        """What is still to come: a sentence for each."""
        found = [f"{self.undispatched} events wait for their dispatch."] if self.undispatched else []
        for monitor_id, promise in self.promises.items():
            if self.incidents[monitor_id] < promise.openings or self.ended[monitor_id] < promise.resolutions:
                found.append(f"Monitor {monitor_id} lacks an incident or its end: {promise}.")
        found += [f"{each} waits." for each in self.deliveries if each.status in ("queued", "sending")]
        found += [f"{each} was not received." for each in self.lost_messages]
        found += [f"{uid} was never written." for uid in self.unwritten]
        found += [f"{number!r} was answered 204 and is not stored." for number in self.answered - self.stored.keys()]
        return found

    def wrongs(self) -> list[str]:
        """Everything that is not as promised: a sentence for each."""
        found = self.open()
        for monitor_id, promise in self.promises.items():
            if self.incidents[monitor_id] > promise.openings or self.ended[monitor_id] > promise.resolutions:
                found.append(f"Monitor {monitor_id} has {self.incidents[monitor_id]} incidents: {promise}.")
        found += [f"{each} is dead." for each in self.deliveries if each.status == "dead"]
        found += [f"{key} was told under several ids." for key in self.told_under_several_ids]
        found += [f"{uid} was received and is in no ledger." for uid in self.received.keys() - self.ledger]
        found += [f"{number!r} is stored {count} times." for number, count in self.stored.items() if count > 1]
        return found

    @cached_property
    def lost_messages(self) -> list[Delivery]:
        """Those that the ledger calls delivered, and nobody got."""
        return [each for each in self.deliveries if each.status == "delivered" and not self.received[each.uid]]

    @cached_property
    def unwritten(self) -> list[str]:
        """Messages that are to be in the ledger for each channel of a monitor, and are not."""
        written = Counter((each.monitor_id, each.event) for each in self.deliveries)
        return [
            f"The message that monitor {monitor_id} {event}"
            for monitor_id, promise in self.promises.items()
            for event, count in ((OPENED, promise.openings), (RESOLVED, promise.resolutions))
            for _ in range(count * self.subscriptions[monitor_id] - written[monitor_id, event])
        ]

    @cached_property
    def told_under_several_ids(self) -> list[tuple[int, str, int]]:
        """(monitor, event, channel) of what a receiver cannot know to be the same."""
        received = Counter(
            (each.monitor_id, each.event, each.channel_id) for each in self.deliveries if self.received[each.uid]
        )
        return [key for key, count in received.items() if count > 1]

    @cached_property
    def false_alerts(self) -> list[Delivery]:
        """Messages about monitors that pinged all the time."""
        return [
            each
            for each in self.deliveries
            if not self.promises.get(each.monitor_id, Promise(0, 0)).openings and self.received[each.uid]
        ]

    def figures(self) -> dict[str, int]:
        """The lines of the table."""
        expected = sum(
            (promise.openings + promise.resolutions) * self.subscriptions[monitor_id]
            for monitor_id, promise in self.promises.items()
        )
        return {
            "incidents expected": sum(promise.openings for promise in self.promises.values()),
            "incidents seen": sum(self.incidents.values()),
            "alerts expected": expected,
            "alerts received": sum(bool(self.received[each.uid]) for each in self.deliveries),
            "alerts told with another": sum(each.status == "collapsed" for each in self.deliveries),
            "alerts lost": len(self.lost_messages) + len(self.unwritten),
            "alerts false": len(self.false_alerts),
            "duplicates, same id": sum(self.received.values()) - len(self.received),
            "duplicates, other id": len(self.told_under_several_ids),
            "pings answered": len(self.answered),
            "of them stored": len(self.answered & self.stored.keys()),
            "stored twice": sum(count > 1 for count in self.stored.values()),
        }


def _plain(uid: Any) -> str:
    return str(uid).replace("-", "")


def _ids_of_webhooks(receiver: HTTPReceiver) -> Iterable[str]:
    for request in tuple(receiver.requests):
        if request.json()["type"].removeprefix(_TOLD) in (OPENED, RESOLVED):
            yield _plain(request.headers["webhook-id"])


def _ids_of_mails(receiver: SMTPReceiver) -> Iterable[str]:
    for mail in tuple(receiver.mails):
        if "References" in mail.message:  # a letter of accounts, such as a notice of a gap, has none
            yield _plain(str(mail.message["Message-ID"])[1:].partition("@")[0])

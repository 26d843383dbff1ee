"""The ledger, the fallback, the flag and replays over the API."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from alerts.models import Attempt, Channel, Delivery
from heartbeet.lib import clock
from monitors.models import Incident
from tests.api.client import API

EMAIL = {"kind": "email", "name": "Ops", "config": {"to": "ops@example.com"}}


@pytest.fixture
def dead(as_alice: API, incident: Incident) -> Delivery:
    """A dead letter with one try."""
    channel = Channel.objects.get(id=as_alice.post("/channels", EMAIL).json()["id"])
    now = clock.now()
    delivery = Delivery.objects.create(
        event=incident.events.get(), incident=incident, channel=channel, status="dead", tries=1, created_at=now,
        last_error="Refused.",
    )  # fmt: skip
    Attempt.objects.create(delivery=delivery, at=now, is_ok=False, duration_ms=40, status_code=550, error="Refused.")
    return delivery


def test_an_incident_shows_each_try(as_alice: API, dead: Delivery) -> None:
    [row] = as_alice.get(f"/incidents/{dead.incident_id}").json()["deliveries"]

    assert (row["status"], row["event"], row["notice"], row["insteadOf"], row["toldIn"]) == (
        "dead",
        "opened",
        None,
        [],
        None,
    )
    [attempt] = row["attempts"]
    assert (attempt["statusCode"], attempt["durationMs"], attempt["error"]) == (550, 40, "Refused.")


def test_the_fallback_says_for_whom_it_was_told(as_alice: API, dead: Delivery) -> None:
    other = as_alice.post("/channels", {**EMAIL, "name": "on call", "isFallback": True}).json()
    Delivery.objects.filter(id=dead.id).update(fell_back_at=clock.now())
    Delivery.objects.create(
        event=dead.event,
        incident=dead.incident,
        channel_id=other["id"],
        step=1,
        status="queued",
        created_at=clock.now(),
    )

    rows = as_alice.get(f"/incidents/{dead.incident_id}").json()["deliveries"]

    assert [(row["channelId"], row["insteadOf"]) for row in rows] == [
        (dead.channel_id, []),
        (other["id"], [dead.channel_id]),
    ]
    assert rows[0]["fellBackAt"]


def test_all_dead_letters_are_replayed(as_alice: API, dead: Delivery) -> None:
    path = f"/channels/{dead.channel_id}/replay"

    first, second = as_alice.post(path), as_alice.post(path)

    assert (first.status_code, first.json(), second.json()) == (200, {"replayed": 1}, {"replayed": 0})


@pytest.mark.parametrize(("hours", "replayed"), [(-1, 1), (1, 0)])
def test_since_leaves_out_what_is_older(hours: int, replayed: int, as_alice: API, dead: Delivery) -> None:
    since = (clock.now() + timedelta(hours=hours)).isoformat()

    assert as_alice.post(f"/channels/{dead.channel_id}/replay", {"since": since}).json() == {"replayed": replayed}


@pytest.mark.parametrize("path", ["/channels/{channel}/replay", "/deliveries/{delivery}/replay"])
def test_a_channel_that_is_switched_off_refuses(path: str, as_alice: API, dead: Delivery) -> None:
    as_alice.patch(f"/channels/{dead.channel_id}", {"enabled": False})

    answer = as_alice.post(path.format(channel=dead.channel_id, delivery=dead.id))

    assert (answer.status_code, answer.json()["code"]) == (409, "CHANNEL_SWITCHED_OFF")


def test_a_channel_says_how_it_is_doing(as_alice: API, dead: Delivery) -> None:
    Channel.objects.filter(id=dead.channel_id).update(flagged_at=clock.now())

    row = as_alice.get(f"/channels/{dead.channel_id}").json()

    assert (row["flagReason"], row["lastDelivery"]["status"], row["isFallback"]) == ("Refused.", "dead", False)
    assert row["flaggedAt"]


def test_a_channel_that_never_told_anything_says_so(as_alice: API) -> None:
    row = as_alice.post("/channels", EMAIL).json()

    assert (row["lastDelivery"], row["flaggedAt"], row["flagReason"]) == (None, None, None)


def test_choosing_another_fallback_moves_it(as_alice: API) -> None:
    first = as_alice.post("/channels", {**EMAIL, "isFallback": True}).json()
    second = as_alice.post("/channels", EMAIL).json()

    as_alice.patch(f"/channels/{second['id']}", {"isFallback": True})

    rows: list[dict[str, Any]] = as_alice.get("/channels").json()["results"]
    assert {row["id"]: row["isFallback"] for row in rows} == {first["id"]: False, second["id"]: True}


def test_a_list_of_channels_asks_the_same_number_of_queries_for_many(as_alice: API, dead: Delivery) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            as_alice.get("/channels")
        return len(asked)

    Channel.objects.update(flagged_at=clock.now())
    few = queries()
    for number in range(5):
        made = as_alice.post("/channels", {**EMAIL, "name": f"c{number}"}).json()
        Delivery.objects.create(
            event=dead.event, incident=dead.incident, channel_id=made["id"], status="dead", created_at=clock.now()
        )
    Channel.objects.update(flagged_at=clock.now())

    assert queries() == few

"""Schemathesis asks every call of the document for what it says and for what it does not say, and holds each answer to
it: the status, the headers, the type, every field.

Requests go to the real application, inside a transaction that is rolled back after each. The examples are few, and the
same in every run; `make fuzz` takes others and more (HEARTBEET_TEST_FUZZ is how many for each call, and
HEARTBEET_TEST_SEED repeats a run), and says how to repeat what it finds.
"""

import json
import os
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core import signals
from django.core.handlers.wsgi import WSGIHandler
from django.db import close_old_connections, transaction
from rest_framework.test import APIClient
from schemathesis.config import SchemathesisConfig

from accounts import invitations, operations
from accounts.domain.actor import SYSTEM
from accounts.domain.roles import Role
from accounts.models import Membership
from alerts.models import Channel, Delivery
from heartbeet import openapi
from heartbeet.lib import clock, ratelimit
from monitors.models import Incident

FUZZ, SEED = (int(os.environ.get(f"HEARTBEET_TEST_{name}", "0")) for name in ("FUZZ", "SEED"))

CONFIG = SchemathesisConfig.from_dict({
    **({"seed": SEED} if SEED else {}),
    "generation": {"max-examples": FUZZ or 5, "deterministic": not FUZZ},
    "suppress-health-check": ["all"],  # the fixtures are not made anew for each example: what it did is rolled back
    "checks": {
        # What fits the schema may still be refused: a cron line that never comes, a zone that does not exist, a
        # channel of somebody else. That what the document shows as examples is accepted has a test of its own below.
        "positive_data_acceptance": {"enabled": False},
    },
})  # fmt: skip

SCHEMA = schemathesis.openapi.from_dict(openapi.document(), config=CONFIG).exclude(tag=["Pings", "Operation"])
SCHEMA.app = WSGIHandler()

CALLS = [
    f"{method.upper()} {path}"
    for path, calls in openapi.document()["paths"].items()
    for method, call in calls.items()
    if call["security"]
]


@pytest.fixture
def _one_connection(db: None) -> Iterator[None]:
    """The end of a request closes the connection, and our transaction with it: Django's own test client prevents that
    in the same way."""
    for signal in (signals.request_started, signals.request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (signals.request_started, signals.request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def ids(_one_connection: None, alice: Membership, bob: Membership, incident: Incident) -> dict[str, int]:
    """Something for each id that a path may have, by the names in the document."""
    now, organization = clock.now(), alice.organization
    channel = Channel.objects.create(
        organization=organization, kind="email", name="ops", config={"to": "ops@example.com"}, created_at=now,
        updated_at=now,
    )  # fmt: skip
    invitation = invitations.invite(
        organization=organization, email="hopper@example.com", role=Role.MEMBER, by=operations.actor_of(alice), now=now
    )
    return {
        "monitorId": incident.monitor_id,
        "incidentId": incident.id,
        "channelId": channel.id,
        "deliveryId": Delivery.objects.create(
            event=incident.events.get(), incident=incident, channel=channel, status="dead", created_at=now
        ).id,
        "tokenId": operations.mint_token(membership=alice, name="old", by=SYSTEM, now=now).token.id,
        "memberId": bob.id,
        "inviteId": invitation.id,
    }


@pytest.fixture
def headers(alice: Membership, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Those of the owner, who may do everything as often as it takes: limits must not be why an answer fits."""
    for name in ("API_RATE", "ADDRESS_RATE", "STRANGER_RATE", "TEST_RATE"):
        monkeypatch.setattr(ratelimit, name, "1000000/1m")
    monkeypatch.setattr(ratelimit, "INVITATION_RATES", dict.fromkeys(ratelimit.INVITATION_RATES, "1000000/1m"))
    minted = operations.mint_token(membership=alice, name="fuzz", by=SYSTEM, now=clock.now())
    return {"Authorization": f"Bearer {minted.plaintext}"}


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume")  # the CSV is made for ASGI
@SCHEMA.parametrize()
def test_every_call_answers_as_the_document_says(
    case: schemathesis.Case[Any], ids: dict[str, int], headers: dict[str, str]
) -> None:
    aim(case, ids)

    with transaction.atomic():
        response = case.call_and_validate(headers=headers)
        transaction.set_rollback(True)

    assert "RATE_LIMITED" not in response.text


@pytest.mark.parametrize("label", CALLS)
def test_what_the_document_shows_as_an_example_works(label: str, ids: dict[str, int], headers: dict[str, str]) -> None:
    method, path = label.split()
    said = openapi.document()["paths"][path][method.lower()]
    body = said.get("requestBody", {}).get("content", {}).get("application/json", {}).get("example")

    data = json.dumps(aimed(body, ids)) if body else ""
    answer = APIClient().generic(method, path.format(**ids), data, "application/json", headers=headers)

    assert answer.status_code == int(min(said["responses"])), answer.content


def aimed(body: Any, ids: dict[str, int]) -> Any:
    """The same body with the monitor and the channel that are there in the place of the example's."""
    if isinstance(body, dict):
        return {name: ids["channelId"] if name == "channelId" else aimed(value, ids) for name, value in body.items()}
    if isinstance(body, list):
        return [aimed(value, ids) for value in body][: 1 if body == [17, 18] else None]
    return ids["monitorId"] if body == 17 else body


def aim(case: schemathesis.Case[Any], ids: dict[str, int]) -> None:
    """Most ids are made those of something that is there: else 404 is all that one would see."""
    for name, value in (case.path_parameters or {}).items():
        if isinstance(value, int) and not isinstance(value, bool) and value > 0 and value % 8 != 7:
            case.path_parameters[name] = ids[name]

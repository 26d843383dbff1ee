"""When the key that sealed something is gone, as after a restore without it: that is said, and everything can be made
anew."""

from typing import Any

import pytest

from accounts import webhooks
from accounts.domain.actor import SYSTEM
from accounts.models import Membership
from heartbeet.lib import clock
from heartbeet.settings import env
from monitors.models import Monitor
from tests.api.client import API
from tests.web.conftest import sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def api(alice: Membership, alices_monitor: Monitor, settings: Any) -> API:
    """The owner's client, after the keys were lost."""
    webhooks.read(organization=alice.organization, by=SYSTEM, now=clock.now())
    settings.HEARTBEET_ENCRYPTION_KEYS = env.make_encryption_key("new")
    api = API()
    api.login(alice)
    return api


def test_what_cannot_be_opened_is_said_in_the_error_shape(api: API, alices_monitor: Monitor) -> None:
    answers = [api.get(f"/monitors/{alices_monitor.id}/secrets"), api.get("/me/webhook-secret")]

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(409, "SECRET_UNREADABLE")] * 2


def test_a_new_ping_url_can_be_made(api: API, alices_monitor: Monitor) -> None:
    rotated = api.post(f"/monitors/{alices_monitor.id}/rotate-heartbeat-token").json()

    assert api.get(f"/monitors/{alices_monitor.id}/secrets").json() == rotated


def test_a_new_webhook_secret_can_be_made_and_signs_alone(api: API, alice: Membership) -> None:
    rotated = api.post("/me/webhook-secret/rotate")

    signing = webhooks.opened(webhooks.sealed(organization=alice.organization, now=clock.now()))
    assert rotated.status_code == 200
    assert len(signing) == 1


def test_a_page_says_it_too(api: API, alice: Membership, alices_monitor: Monitor) -> None:
    answer = sign_in(alice).post(f"/monitors/{alices_monitor.id}/reveal")

    assert answer.status_code == 409
    assert "Rotate it or enter it again" in answer.content.decode()

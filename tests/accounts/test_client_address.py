"""Behind proxies the client's address is counted from the right of X-Forwarded-For, wherever we make use of it: in the
list of sessions, in the audit log and in the limits. What a client writes there itself is never believed."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import AuditEvent, BrowserSession, Membership
from heartbeet.lib import ratelimit
from tests.api.client import API

PASSWORD = "correct horse battery"
PROXY = "10.0.0.1"

pytestmark = pytest.mark.django_db

CASES = [
    pytest.param(0, "203.0.113.7", PROXY, id="nobody in front of us is trusted"),
    pytest.param(1, "203.0.113.7", "203.0.113.7", id="one proxy"),
    pytest.param(1, "6.6.6.6, 203.0.113.7", "203.0.113.7", id="what the client wrote stands on the left"),
    pytest.param(2, "6.6.6.6, 203.0.113.7, 10.0.0.2", "203.0.113.7", id="two proxies"),
    pytest.param(2, "203.0.113.7", PROXY, id="past one of the proxies"),
    pytest.param(1, "203.0.113.7:51234", "203.0.113.7", id="a proxy that adds the port"),
    pytest.param(1, "::ffff:203.0.113.7", "203.0.113.7", id="an IPv4 address in IPv6's clothes"),
    pytest.param(1, "6.6.6.6, not an address", PROXY, id="a proxy that talks nonsense"),
]


def _sign_in(member: Membership, forwarded: str, password: str = PASSWORD) -> Any:
    given = {"login": member.user.email, "password": password}
    return Client().post("/sign-in", given, REMOTE_ADDR=PROXY, headers={"X-Forwarded-For": forwarded})


@pytest.mark.parametrize(("proxies", "forwarded", "address"), CASES)
def test_sessions_and_the_audit_log_know_where_someone_signed_in(
    alice: Membership, settings: Any, proxies: int, forwarded: str, address: str
) -> None:
    settings.HEARTBEET_TRUSTED_PROXIES = proxies

    answer = _sign_in(alice, forwarded)

    assert answer.status_code == 302
    assert BrowserSession.objects.get(user=alice.user).ip == address
    assert AuditEvent.objects.get(action="SIGN_IN").meta["ip"] == address


@pytest.mark.parametrize(("proxies", "forwarded", "address"), CASES)
def test_the_audit_log_knows_where_an_access_token_was_used(
    alice: Membership, settings: Any, proxies: int, forwarded: str, address: str
) -> None:
    settings.HEARTBEET_TRUSTED_PROXIES = proxies
    api = API()
    api.login(alice)

    answer = api.client.post(
        "/api/v1/me/tokens", {"name": "ci"}, format="json", REMOTE_ADDR=PROXY, headers={"X-Forwarded-For": forwarded}
    )

    assert answer.status_code == 201
    assert AuditEvent.objects.filter(action="CREATE_ACCESS_TOKEN").latest("id").meta["ip"] == address


def test_who_guesses_is_limited_under_any_name_they_give_themselves(
    alice: Membership, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.HEARTBEET_TRUSTED_PROXIES = 1
    monkeypatch.setitem(ratelimit.SIGN_IN_RATES, "account-network", "2/5m")

    guesses = [_sign_in(alice, f"6.6.6.{number}, 198.51.100.9", "a guess").status_code for number in range(3)]
    beside = _sign_in(alice, "198.51.100.9, 203.0.113.7").status_code

    assert guesses[-1] == 429
    assert beside == 302


def test_strangers_at_the_api_are_counted_by_their_own_address(
    db: None, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.HEARTBEET_TRUSTED_PROXIES = 1
    monkeypatch.setattr(ratelimit, "STRANGER_RATE", "2/1m")

    def ask(forwarded: str) -> int:
        headers = {"X-Forwarded-For": forwarded}
        status: int = API().client.get("/api/v1/me", REMOTE_ADDR=PROXY, headers=headers).status_code
        return status

    tries = [ask(f"6.6.6.{number}, 198.51.100.9") for number in range(4)]

    assert tries == [401, 401, 429, 429]
    assert ask("198.51.100.9, 203.0.113.7") == 401

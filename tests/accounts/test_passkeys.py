"""What a passkey's answer must be like to count."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts import factors, passkeys
from accounts.domain.actor import SYSTEM
from accounts.models import Membership, User
from tests.accounts.authenticator import SITE, SoftPasskey

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _at_localhost(settings: Any) -> None:
    settings.HEARTBEET_SITE_URL = SITE


def enrolled(user: User, now: datetime, **given: Any) -> SoftPasskey:
    """A passkey that this person has added."""
    passkey = SoftPasskey(**given)
    options, challenge = passkeys.ask_to_add(user, now=now)
    credential = passkeys.check_new(passkey.make(options), challenge, now=now)
    factors.add_passkey(user=user, name="laptop", credential=credential, by=SYSTEM, now=now)
    return passkey


def test_a_passkey_proves_its_person(alice: Membership, now: datetime) -> None:
    passkey = enrolled(alice.user, now)
    options, challenge = passkeys.ask_to_use(None, now=now)

    used = passkeys.check_used(passkey.use(options), challenge, user=None, now=now)

    assert used.user == alice.user


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"origin": "https://evil.example"}, "another site asked"),
        ({"origin": "http://sub.localhost:8000"}, "a subdomain may ask for its parent's passkeys, and is not the site"),
        ({"origin": "http://localhost:9000"}, "another program at another port"),
        ({"party": "evil.example"}, "made for another site"),
        ({"verifies": False}, "nobody showed finger, face or PIN"),
        ({"handle": b"999999"}, "names somebody who does not exist"),
        ({"handle": b"one"}, "names nobody"),
        ({"handle": b"9" * 40}, "names nobody, in a number that no column takes"),
        ({"handle": b""}, "does not say whose it is"),
        ({"credential_id": b"another"}, "is not known"),
    ],
)
def test_a_wrong_answer_is_refused(alice: Membership, now: datetime, change: dict[str, Any], reason: str) -> None:
    passkey = enrolled(alice.user, now)
    options, challenge = passkeys.ask_to_use(None, now=now)
    for name, value in change.items():
        setattr(passkey, name, value)

    with pytest.raises(passkeys.BadPasskey):
        passkeys.check_used(passkey.use(options), challenge, user=None, now=now)


@pytest.mark.parametrize("change", [{"origin": "https://evil.example"}, {"party": "evil.example"}, {"verifies": False}])
def test_a_wrong_passkey_is_not_added(alice: Membership, now: datetime, change: dict[str, Any]) -> None:
    options, challenge = passkeys.ask_to_add(alice.user, now=now)

    with pytest.raises(passkeys.BadPasskey):
        passkeys.check_new(SoftPasskey(**change).make(options), challenge, now=now)


def test_an_answer_to_another_challenge_is_refused(alice: Membership, now: datetime) -> None:
    passkey = enrolled(alice.user, now)
    options, _ = passkeys.ask_to_use(None, now=now)
    _, other = passkeys.ask_to_use(None, now=now)

    with pytest.raises(passkeys.BadPasskey):
        passkeys.check_used(passkey.use(options), other, user=None, now=now)


@pytest.mark.parametrize("late", [timedelta(minutes=6), timedelta(days=1)])
def test_an_answer_that_comes_too_late_is_refused(alice: Membership, now: datetime, late: timedelta) -> None:
    passkey = enrolled(alice.user, now)
    options, challenge = passkeys.ask_to_use(None, now=now)

    with pytest.raises(passkeys.BadPasskey, match="too long"):
        passkeys.check_used(passkey.use(options), challenge, user=None, now=now + late)


def test_somebody_elses_passkey_is_no_second_step(alice: Membership, bob: Membership, now: datetime) -> None:
    passkey = enrolled(bob.user, now)
    options, challenge = passkeys.ask_to_use(alice.user, now=now)

    with pytest.raises(passkeys.BadPasskey):
        passkeys.check_used(passkey.use(options), challenge, user=alice.user, now=now)


def test_who_is_deactivated_has_no_passkey(alice: Membership, now: datetime) -> None:
    passkey = enrolled(alice.user, now)
    User.objects.filter(id=alice.user.id).update(is_active=False)
    options, challenge = passkeys.ask_to_use(None, now=now)

    with pytest.raises(passkeys.BadPasskey):
        passkeys.check_used(passkey.use(options), challenge, user=None, now=now)


def _answer(**response: str) -> str:
    return json.dumps({"id": "YQ", "rawId": "YQ", "type": "public-key", "response": response})


NONSENSE = [
    "",
    "{}",
    "[]",
    "null",
    "7",
    '"text"',
    "not json",
    "[" * 5000,
    '{"id": 1, "rawId": [], "type": "public-key", "response": {"clientDataJSON": "e30"}}',
    _answer(),
    _answer(clientDataJSON="e30", attestationObject="YQ"),
    _answer(clientDataJSON="e30", authenticatorData="YQ", signature="YQ", userHandle="MQ"),
    _answer(clientDataJSON="\ud800"),
]


@pytest.mark.parametrize("answer", NONSENSE, ids=range(len(NONSENSE)))
def test_nonsense_is_refused(alice: Membership, now: datetime, answer: str) -> None:
    _, to_use = passkeys.ask_to_use(None, now=now)
    _, to_add = passkeys.ask_to_add(alice.user, now=now)

    with pytest.raises(passkeys.BadPasskey):
        passkeys.check_used(answer, to_use, user=None, now=now)
    with pytest.raises(passkeys.BadPasskey):
        passkeys.check_new(answer, to_add, now=now)


@pytest.mark.parametrize("cut", range(0, 400, 7))
def test_a_damaged_answer_is_refused(alice: Membership, now: datetime, cut: int) -> None:
    passkey = enrolled(alice.user, now)
    options, challenge = passkeys.ask_to_use(None, now=now)
    answer = json.loads(passkey.use(options))
    answer["response"] = {name: part[: max(0, len(part) - cut)] for name, part in answer["response"].items()}

    if cut:
        with pytest.raises(passkeys.BadPasskey):
            passkeys.check_used(json.dumps(answer), challenge, user=None, now=now)
    else:
        assert passkeys.check_used(json.dumps(answer), challenge, user=None, now=now)


@pytest.mark.parametrize(
    ("site", "are_possible"),
    [
        ("https://heartbeet.example.org", True),
        ("http://localhost:8000", True),
        ("http://heartbeet.example.org", False),
        ("http://127.0.0.1:8000", False),
        ("https://[2001:db8::1]", False),
        ("https://192.0.2.7", False),
    ],
)
def test_passkeys_need_a_name_and_a_safe_way(settings: Any, site: str, are_possible: bool) -> None:
    settings.HEARTBEET_SITE_URL = site

    assert passkeys.are_possible() is are_possible


def test_the_port_that_https_implies_is_not_part_of_the_origin(alice: Membership, now: datetime, settings: Any) -> None:
    settings.HEARTBEET_SITE_URL = "https://Heartbeet.example.org:443"

    enrolled(alice.user, now, origin="https://heartbeet.example.org", party="heartbeet.example.org")

"""Whoever gets a copy of the database gets no way in: no secret of ours stands in it, in any spelling."""

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from accounts import factors, invitations, letters, operations, webhooks
from accounts.domain import totp
from accounts.domain.actor import SYSTEM
from accounts.domain.roles import Role
from accounts.models import KeptAnswer, Letter, Membership
from alerts import operations as alerts_operations
from alerts.channels import registry
from alerts.models import Channel
from heartbeet.lib import clock, crypto
from monitors import feeds
from monitors import operations as monitors_operations
from monitors.models import Monitor
from tests.api.client import API
from tests.web.conftest import sign_in

PASSWORD = "correct horse battery"
CHANNELS: dict[str, dict[str, str]] = {
    "email": {"to": "ops@example.com"},
    "webhook": {"url": "https://example.com/hook", "secret": "whsec_" + base64.b64encode(bytes(range(32))).decode()},
    "slack": {"url": "https://hooks.slack.com/services/T0000/B0000/slackslackslackslack"},
    "discord": {"url": "https://discord.com/api/webhooks/123456789012345678/discorddiscorddiscord"},
    "msteams": {"url": "https://prod-1.westeurope.logic.azure.com/workflows/1/triggers/manual/paths/invoke?sig=teams"},
    "telegram": {"bot_token": "123456789:AAtelegramtelegramtelegramtelegram1", "chat_id": "-1001234567890"},
    "mattermost": {"url": "https://mattermost.example.com/hooks/mattermostmattermost123456"},
    "pagerduty": {"routing_key": "pagerdutypagerdutypagerduty12345"},
    "opsgenie": {"api_key": "opsgenie-89ab-cdef-0123-456789abcdef"},
    "ntfy": {"topic": "acme-alerts", "token": "tk_ntfyntfyntfyntfyntfyntfyntfyn"},
    "apprise": {"url": "gotifys://gotify.example.com/apprisetokenapprise"},
    "pushover": {"token": "pushoverapplicationtoken123456", "user": "pushoveruserpushoveruser123456"},
}

pytestmark = pytest.mark.django_db


@pytest.fixture
def secrets(alice: Membership, settings: Any) -> dict[str, str]:
    """One of each secret that a Heartbeet in use holds, made as people make it, by name."""
    settings.EMAIL_BACKEND, settings.HEARTBEET_APPRISE = "accounts.letters.Outbox", True
    return {
        "password": PASSWORD,
        **_of_the_api(alice),
        **_of_channels(alice),
        **_of_organisation(alice),
        **_of_the_browser(sign_in(alice), alice),
        **_of_second_factors(alice),
        **_of_letters(alice),
        "setup code": operations.make_setup_code(clock.now()),
    }


def test_a_dump_holds_no_secret_in_any_spelling(secrets: dict[str, str]) -> None:
    dump = _dump()

    found = [
        f"{name} as {spelling}"
        for name, secret in secrets.items()
        for spelling, text in _spellings(secret)
        if text in dump
    ]

    assert found == []


def test_what_the_dump_is_searched_for_would_be_found(acme: Any) -> None:
    """Else the test above could never fail."""
    secret = "a secret with an umlaut: ü"
    raw = secret.encode()
    disguises = [
        *(base64.b64encode(b"x" * shift + raw + b"y").decode() for shift in range(3)),
        *(base64.urlsafe_b64encode(b"x" * shift + raw + b"y").decode() for shift in range(3)),
        raw.hex(),
        raw.hex().upper(),
        secret,
    ]

    for disguise in disguises:
        acme.name = disguise[:100]
        acme.save()
        dump = _dump()
        assert any(text in dump for _, text in _spellings(secret)), disguise


def test_every_kind_of_channel_is_among_them() -> None:
    assert set(CHANNELS) == set(registry.CHANNELS)


def _of_the_api(alice: Membership) -> dict[str, str]:
    api = API()
    token = api.login(alice)
    answers = []
    for path, body in (
        ("/me/tokens", {"name": "kept", "scopes": ["*"]}),
        ("/monitors?include=secrets", {"name": "nightly", "intervalSec": 300}),
    ):
        api.client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}", HTTP_IDEMPOTENCY_KEY=path)
        answers.append(api.post(path, body))
    assert [answer.status_code for answer in answers] == [201, 201]
    assert KeptAnswer.objects.exclude(envelope="").count() == 2
    return {
        "access token": token,
        "access token in a kept answer": answers[0].json()["token"],
        "ping token in a kept answer": answers[1].json()["secrets"]["heartbeatToken"],
    }


def _of_channels(alice: Membership) -> dict[str, str]:
    found: dict[str, str] = {}
    for kind, config in CHANNELS.items():
        alerts_operations.create_channel(
            organization=alice.organization, kind=kind, name=kind, config=config, by=SYSTEM, now=clock.now()
        )
        hidden = [field.name for field in registry.find(kind).fields if field.is_secret]
        found |= {f"{name} of {kind}": config[name] for name in hidden}
    assert Channel.objects.exclude(secrets="").count() == len(CHANNELS) - 1, "e-mail has none"
    return found


def _of_organisation(alice: Membership) -> dict[str, str]:
    now, organization = clock.now(), alice.organization
    old = webhooks.read(organization=organization, by=SYSTEM, now=now)[0].text
    new = webhooks.rotate(organization=organization, by=SYSTEM, now=now)[0].text
    invitation = invitations.invite(
        organization=organization, email="new@example.com", role=Role.MEMBER,
        by=operations.actor_of(alice), now=now,
    )  # fmt: skip
    feed = {
        "feed key": feeds.switch_on(organization=organization, by=SYSTEM, now=now),
        "feed key in a session": _feed_key_on_its_way(alice),
    }
    return {"webhook secret": old, "rotated webhook secret": new, "invitation": invitations.code(invitation), **feed}


def _feed_key_on_its_way(alice: Membership) -> str:
    """One that was just replaced, and waits for the page that shows it."""
    browser = sign_in(alice)
    assert browser.post("/settings/feed/replace").status_code == 302
    feed = feeds.of(alice.organization)
    assert feed is not None
    return feeds.reveal(feed=feed, by=SYSTEM, now=clock.now())


def _of_the_browser(browser: Client, alice: Membership) -> dict[str, str]:
    """A browser's cookies, and what waits in its session for the page that shows it."""
    monitor = Monitor.objects.get(name="nightly")
    answers = [browser.post(f"/monitors/{monitor.id}/rotate"), browser.get("/account/two-factor/app")]
    assert [answer.status_code for answer in answers] == [302, 200]
    waiting = browser.session["totp_setup"]
    return {
        "ping token in a session": monitors_operations.reveal(monitor=monitor, by=SYSTEM, now=clock.now()).token,
        "app's secret in a session": crypto.unseal(waiting, bound_to=f"totp-setup:{alice.user_id}"),
        **{f"cookie {name}": morsel.value for name, morsel in browser.cookies.items() if morsel.value},
    }


def _of_second_factors(alice: Membership) -> dict[str, str]:
    now, secret = clock.now(), totp.generate()
    code = totp.code_at(secret, totp.step_at(now))
    codes = factors.enable_app(user=alice.user, secret=secret, code=code, by=SYSTEM, now=now)
    return {"app's secret": secret, **{f"recovery code {number}": code for number, code in enumerate(codes)}}


def _of_letters(alice: Membership) -> dict[str, str]:
    """The links of letters that have not gone yet."""
    assert Client().post("/forgot-password", {"email": alice.user.email}).status_code == 302
    sealed = Letter.objects.exclude(envelope="")
    texts = [json.loads(crypto.unseal(letter.envelope, bound_to=letters.binding(letter)))["text"] for letter in sealed]
    codes = [code for text in texts for code in re.findall(r"https?://\S+/(\S{20,})", text)]
    assert len(codes) == 2
    return {f"link {number} in a letter": code for number, code in enumerate(codes)}


def _dump() -> bytes:
    """Every row of every table, texts as they are and bytes as hex and as they are."""
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        assert "accounts_browsersession" in tables
        return b"\n".join(piece for table in tables for row in _rows(cursor, table) for piece in row)


def _rows(cursor: Any, table: str) -> Iterator[Iterator[bytes]]:
    cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
    for row in cursor.fetchall():
        yield (_bytes(value) for value in row)


def _bytes(value: Any) -> bytes:
    return bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()


def _spellings(secret: str) -> Iterator[tuple[str, bytes]]:
    """A secret's text, and the bytes it stands for, plain, in hex and in base64."""
    for what, raw in (("text", secret.encode()), *_decoded(secret)):
        yield what, raw
        yield f"{what} in hex", raw.hex().encode()
        yield f"{what} in HEX", raw.hex().upper().encode()
        yield from ((f"{what} in {how}", text) for how, text in _base64(raw))


def _base64(raw: bytes) -> Iterator[tuple[str, bytes]]:
    """What base64 makes of `raw` behind 0, 1 or 2 other bytes, without the ends that its neighbours have a part in."""
    for alphabet in (b"+/", b"-_"):
        for shift in range(3):
            whole = base64.b64encode(b"\0" * shift + raw, altchars=alphabet)
            yield f"base64 {alphabet!r} from {shift}", whole[-(-shift * 8 // 6) : (shift + len(raw)) * 8 // 6]


def _decoded(secret: str) -> Iterator[tuple[str, bytes]]:
    body = secret.removeprefix("hb_").removeprefix("whsec_")
    padded = body + "=" * (-len(body) % 4)
    ways: dict[str, Callable[[], bytes]] = {
        "hex": lambda: bytes.fromhex(body),
        "base32": lambda: base64.b32decode(body),
        "base64": lambda: base64.b64decode(padded, b"+/", validate=True),
        "url-safe base64": lambda: base64.b64decode(padded, b"-_", validate=True),
    }
    for name, decode in ways.items():
        try:
            raw = decode()
        except (ValueError, binascii.Error):
            continue
        if len(raw) >= 10:
            yield f"decoded {name}", raw

"""Changing the encryption keys: everything can be opened all the time, and afterwards without the old key."""

import contextlib
import io
import json
import stat
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection, models

from accounts import answers, factor_adapter, letters, sessions, webhooks
from accounts import operations as accounts_operations
from accounts.domain.actor import SYSTEM
from accounts.models import AccessToken, BrowserSession, KeptAnswer, Letter, Membership, WebhookSecret
from alerts import queries as alerts_queries
from alerts.models import Channel
from heartbeet import embedded, rotation
from heartbeet.lib import crypto
from heartbeet.settings import env, keyfile
from monitors import feeds
from monitors.models import Feed, Monitor, Token
from tests import factories
from tests.alerts.house import House

OLD, NEW = env.make_encryption_key("old"), env.make_encryption_key("new")

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _sealed_with_the_old_key(settings: Any) -> None:
    settings.HEARTBEET_ENCRYPTION_KEYS = OLD


def _change_keys(settings: Any, *keys: str) -> None:
    settings.HEARTBEET_ENCRYPTION_KEYS = ",".join(keys)


def _token(membership: Membership) -> AccessToken:
    return accounts_operations.mint_token(membership=membership, name="ci", by=SYSTEM, now=factories.NOON).token


def _ping_token(membership: Membership) -> Token:
    return factories.monitor(membership.organization).tokens.get()


def _channel(membership: Membership) -> Channel:
    return House.build(factories.NOON).channel("slack", {"url": "https://hooks.slack.com/services/T0/B0/x"})


def _webhook_secret(membership: Membership) -> WebhookSecret:
    return webhooks.sealed(organization=membership.organization, now=factories.NOON)[0]


def _feed(membership: Membership) -> Feed:
    feeds.switch_on(organization=membership.organization, by=SYSTEM, now=factories.NOON)
    return Feed.objects.get()


def _kept_answer(membership: Membership) -> KeptAnswer:
    token = _token(membership)
    claim = answers.claim(token=token, key="once", request_digest="", now=factories.NOON)
    assert isinstance(claim, answers.Claim)
    answers.keep(claim=claim, answer=answers.Answer(status=201, body="{}"))
    return KeptAnswer.objects.get()


def _session(membership: Membership) -> BrowserSession:
    store = sessions.SessionStore()
    store["greeting"] = "hello"
    store.save()
    return BrowserSession.objects.get()


def _letter(membership: Membership) -> Letter:
    return letters.write(to="ada@example.com", subject="Welcome", text="Hello", now=factories.NOON)


def _authenticator(membership: Membership) -> Authenticator:
    with factor_adapter.belonging_to(membership.user_id):
        return TOTP.activate(membership.user, "JBSWY3DPEHPK3PXP").instance


MADE: dict[type[models.Model], Callable[[Membership], models.Model]] = {
    Token: _ping_token,
    Channel: _channel,
    WebhookSecret: _webhook_secret,
    Feed: _feed,
    KeptAnswer: _kept_answer,
    BrowserSession: _session,
    Letter: _letter,
    Authenticator: _authenticator,
}


def test_no_sealed_column_is_forgotten() -> None:
    sealed = {
        (model, field.name)
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if field.name in ("envelope", "secrets") and isinstance(field, models.Field)
    }

    assert {(column.model, column.name) for column in rotation.COLUMNS} == sealed | {(Authenticator, "data")}
    assert {column.model for column in rotation.COLUMNS} == set(MADE)


@pytest.mark.parametrize("column", rotation.COLUMNS, ids=lambda column: column.label)
def test_a_row_opens_with_the_new_key_alone(column: rotation.Column, alice: Membership, settings: Any) -> None:
    row = MADE[column.model](alice)
    before = _opened(column, row)

    _change_keys(settings, NEW, OLD)
    call_command("rotate_encryption", stdout=io.StringIO())
    _change_keys(settings, NEW)

    assert _opened(column, row) == before
    assert column.stale().count() == 0


def test_the_secrets_of_a_channel_stay_as_they_were(settings: Any) -> None:
    channel = House.build(factories.NOON).channel("slack", {"url": "https://hooks.slack.com/services/T0/B0/x"})
    before = alerts_queries.secrets_of(channel)

    _change_keys(settings, NEW, OLD)
    list(rotation.run())
    _change_keys(settings, NEW)

    channel.refresh_from_db()
    assert alerts_queries.secrets_of(channel) == before != {}


def test_more_than_one_batch_is_sealed_and_the_second_time_finds_nothing(
    acme: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotation, "BATCH", 2)
    for _ in range(5):
        factories.monitor(acme)

    _change_keys(settings, NEW, OLD)
    first, second = _outcome_of(Token), _outcome_of(Token)

    assert (first.resealed, second.resealed) == (5, 0)


def test_a_check_only_counts(alices_monitor: Monitor, settings: Any) -> None:
    envelope = alices_monitor.tokens.get().envelope

    _change_keys(settings, NEW, OLD)
    with pytest.raises(CommandError, match="1 tokens need another key than the first"):
        call_command("rotate_encryption", check=True, stdout=(said := io.StringIO()))

    assert "1 tokens to seal again" in said.getvalue()
    assert alices_monitor.tokens.get().envelope == envelope


def test_a_check_says_when_the_old_key_may_go(alices_monitor: Monitor, settings: Any) -> None:
    _change_keys(settings, NEW, OLD)
    call_command("rotate_encryption", stdout=io.StringIO())

    call_command("rotate_encryption", check=True, stdout=(said := io.StringIO()))

    assert "the others may go" in said.getvalue()


def test_keys_are_told_apart_by_their_letters_case(alices_monitor: Monitor, settings: Any) -> None:
    _change_keys(settings, env.make_encryption_key("OLD"), OLD)

    assert _left(Token) == 1


def test_what_no_key_opens_is_counted_by_key_and_stops_nothing_else(acme: Any, settings: Any) -> None:
    lost = factories.monitor(acme).tokens.get()
    lost.envelope = lost.envelope.replace('"kid":"old"', '"kid":"gone"')
    lost.save()
    factories.monitor(acme)

    _change_keys(settings, NEW, OLD)
    with pytest.raises(CommandError) as failure:
        call_command("rotate_encryption", stdout=(said := io.StringIO()))

    assert str(failure.value) == "1 tokens of key gone cannot be opened."
    assert "1 tokens sealed again" in said.getvalue()
    lost.refresh_from_db()
    assert json.loads(lost.envelope)["kid"] == "gone"


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_a_row_that_somebody_is_changing_is_left_for_the_next_time(acme: Any, settings: Any) -> None:
    held, free = (factories.monitor(acme).tokens.get() for _ in range(2))
    _change_keys(settings, NEW, OLD)

    with contextlib.closing(connection.copy()) as other, other.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT 1 FROM monitors_token WHERE id = %s FOR UPDATE", [held.id])
        beside = _outcome_of(Token)
        cursor.execute("ROLLBACK")
    after = _outcome_of(Token)

    free.refresh_from_db()
    assert (beside.resealed, beside.left) == (1, 1)
    assert (after.resealed, after.left) == (1, 0)
    assert crypto.kid_of(free.envelope) == "new"


def test_two_keys_of_one_id_are_refused() -> None:
    with pytest.raises(crypto.BadKeys, match="each kid once"):
        crypto.parse_keys(f"{env.make_encryption_key('a')},{env.make_encryption_key('a')}")


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"kid":1}', '{"v":2}'])
def test_what_is_no_envelope_has_no_key(text: str) -> None:
    assert crypto.kid_of(text) == ""


# Generated keys


def test_a_new_generated_key_is_the_first_and_the_file_stays_private(tmp_path: Path) -> None:
    before = env.embedded_secrets(tmp_path)

    kids = [keyfile.add_key(tmp_path, today=date(2026, 11, 22)) for _ in range(3)]

    after = env.embedded_secrets(tmp_path)
    assert kids == ["2026-11-22", "2026-11-22.2", "2026-11-22.3"]
    assert list(crypto.parse_keys(after["encryption_keys"])) == [*reversed(kids), "default"]
    assert after["encryption_keys"].endswith(before["encryption_keys"])
    assert after["secret_key"] == before["secret_key"]
    assert [stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()] == [0o600]


@pytest.mark.sqlite
def test_old_generated_keys_are_forgotten_once_nothing_needs_them(
    alices_monitor: Monitor, settings: Any, tmp_path: Path
) -> None:
    settings.HEARTBEET_DATA = tmp_path
    keyfile.add_key(tmp_path, today=date(2026, 11, 22))

    settings.HEARTBEET_ENCRYPTION_KEYS = f"{env.embedded_secrets(tmp_path)['encryption_keys']},{OLD}"
    call_command("rotate_encryption", drop_old_keys=True, stdout=(said := io.StringIO()))

    assert "Forgotten: default" in said.getvalue()
    assert list(crypto.parse_keys(env.embedded_secrets(tmp_path)["encryption_keys"])) == ["2026-11-22"]


@pytest.mark.sqlite
def test_old_generated_keys_stay_while_something_cannot_be_opened(
    alices_monitor: Monitor, settings: Any, tmp_path: Path
) -> None:
    settings.HEARTBEET_DATA = tmp_path
    keyfile.add_key(tmp_path, today=date(2026, 11, 22))
    _change_keys(settings, NEW)

    with pytest.raises(CommandError, match="cannot be opened"):
        call_command("rotate_encryption", drop_old_keys=True, stdout=io.StringIO())

    assert len(crypto.parse_keys(env.embedded_secrets(tmp_path)["encryption_keys"])) == 2


@pytest.mark.sqlite
def test_no_key_is_made_beside_processes_that_would_not_know_it(settings: Any, tmp_path: Path) -> None:
    settings.HEARTBEET_DATA = tmp_path

    with embedded.hold_folder(tmp_path), pytest.raises(CommandError, match="Another heartbeet runs"):
        call_command("rotate_encryption", new_key=True)

    assert not (tmp_path / "secrets.json").exists()


@pytest.mark.postgresql
@pytest.mark.parametrize("option", ["new_key", "drop_old_keys"])
def test_keys_of_the_environment_are_changed_there(option: str) -> None:
    with pytest.raises(CommandError, match="change them there"):
        call_command("rotate_encryption", **{option: True}, stdout=io.StringIO())


def test_both_kinds_of_secret_factors_are_sealed_again(alice: Membership, settings: Any) -> None:
    with factor_adapter.belonging_to(alice.user_id):
        TOTP.activate(alice.user, "JBSWY3DPEHPK3PXP")
        codes = RecoveryCodes.activate(alice.user).get_unused_codes()

    _change_keys(settings, NEW, OLD)
    outcome = _outcome_of(Authenticator)
    _change_keys(settings, NEW)

    row = Authenticator.objects.get(type=Authenticator.Type.RECOVERY_CODES)
    with factor_adapter.belonging_to(alice.user_id):
        assert RecoveryCodes(row).get_unused_codes() == codes
    assert (outcome.resealed, _left(Authenticator)) == (2, 0)


def test_a_check_finds_what_another_key_of_the_same_name_has_sealed(alices_monitor: Monitor, settings: Any) -> None:
    """As after a restore without the secrets file, when a new key was made."""
    _change_keys(settings, env.make_encryption_key("old"))

    with pytest.raises(CommandError, match=r"^1 tokens of key old cannot be opened\.$"):
        call_command("rotate_encryption", check=True, stdout=io.StringIO())


def _left(model: type[models.Model]) -> int:
    return sum(outcome.left for outcome in rotation.check() if outcome.label == model._meta.verbose_name_plural)


def _opened(column: rotation.Column, row: models.Model) -> str:
    """The plain text of a row, as it is stored now."""
    stored: Any = column.model._default_manager.annotate(sealed=column.expression()).get(pk=row.pk)
    return crypto.unseal(stored.sealed, bound_to=column.binding(stored))


def _outcome_of(model: type[models.Model]) -> rotation.Outcome:
    return next(outcome for outcome in rotation.run() if outcome.label == model._meta.verbose_name_plural)

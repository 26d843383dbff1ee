"""A start that cannot be safe is refused, by the name of the setting and with the way to make a right one."""

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings

from heartbeet import checks
from heartbeet.settings import env

RIGHT: dict[str, Any] = {
    "secret_key": env.make_secret_key(),
    "encryption_keys": env.make_encryption_key(),
    "database_url": "postgresql://u:p@db/heartbeet",
    "redis_url": "redis://redis:6379/0",
    "site_url": "https://heartbeet.example.org",
    "trusted_proxies": 1,
    "mail_from": "Heartbeet <alerts@example.org>",
}
ISSUER = "https://login.example.org/realms/main"
WITH_MODEL = {"llm_url": "http://localhost:11434/v1", "llm_model": "tiny"}
WITH_OIDC = {"oidc_issuer": ISSUER, "oidc_client_id": "heartbeet", "oidc_client_secret": "a-secret"}


def _found(*, module: str = "heartbeet.settings.production", **changes: Any) -> dict[str, str]:
    """The id and the hint of each message that the checks have for these settings."""
    given = env.Env(**{**RIGHT, **changes})
    with override_settings(
        ENV=given,
        HEARTBEET_EMBEDDED=not given.database_url,
        HEARTBEET_ENCRYPTION_KEYS=given.encryption_keys,
        HEARTBEET_SITE_URL=given.public_url,
        HEARTBEET_OIDC_ISSUER=given.oidc_issuer,
        HEARTBEET_OIDC_CLIENT_ID=given.oidc_client_id,
        HEARTBEET_OIDC_CLIENT_SECRET=given.oidc_client_secret,
        HEARTBEET_OIDC_ROLE=given.oidc_role,
        IS_HTTPS=given.public_url.startswith("https"),
        SETTINGS_MODULE=module,
    ):
        return {str(message.id): f"{message.msg} {message.hint or ''}" for message in checks.check_settings()}


def test_a_complete_production_has_nothing_to_say() -> None:
    assert _found() == {}


@pytest.mark.parametrize(
    ("changes", "identity", "names"),
    [
        pytest.param({"secret_key": ""}, "E001", "HEARTBEET_SECRET_KEY", id="no signing key"),
        pytest.param({"secret_key": "django-insecure-" + "x" * 50}, "E002", "HEARTBEET_SECRET_KEY", id="Django's own"),
        pytest.param({"secret_key": "short"}, "E002", "HEARTBEET_SECRET_KEY", id="guessable"),
        pytest.param({"encryption_keys": ""}, "E003", "HEARTBEET_ENCRYPTION_KEYS", id="no key"),
        pytest.param({"encryption_keys": "a:AAAA"}, "E003", "HEARTBEET_ENCRYPTION_KEYS", id="too short for AES-256"),
        pytest.param({"encryption_keys": "a:???"}, "E003", "HEARTBEET_ENCRYPTION_KEYS", id="not base64"),
        pytest.param({"site_url": "heartbeet.example.org"}, "E004", "HEARTBEET_SITE_URL", id="no scheme"),
        pytest.param({"site_url": "https://x.org/app"}, "E004", "HEARTBEET_SITE_URL", id="links have no prefix"),
        pytest.param({"site_url": "https://x:port"}, "E004", "HEARTBEET_SITE_URL", id="a port is a number"),
        pytest.param({"smtp_url": "mail.example.org"}, "E005", "HEARTBEET_SMTP_URL", id="no scheme"),
        pytest.param({"upstream_ping_url": "other.example.org"}, "E023", "HEARTBEET_UPSTREAM_PING_URL", id="no scheme"),
        pytest.param({"mail_from": "Heartbeet"}, "E006", "HEARTBEET_MAIL_FROM", id="no address"),
        pytest.param({"redis_url": "localhost:6379"}, "E007", "HEARTBEET_REDIS_URL", id="no scheme"),
        pytest.param({"database_url": ""}, "E008", "HEARTBEET_DATABASE_URL", id="production on SQLite"),
        pytest.param({"redis_url": ""}, "E009", "HEARTBEET_REDIS_URL", id="processes cannot meet"),
        pytest.param({"site_url": ""}, "E010", "HEARTBEET_SITE_URL", id="links would lead to localhost"),
        pytest.param({"site_url": "http://x.org"}, "W001", "HEARTBEET_SITE_URL", id="in the clear"),
        pytest.param({"oidc_issuer": ISSUER}, "E020", "HEARTBEET_OIDC_CLIENT_SECRET", id="a provider without client"),
        pytest.param({"oidc_client_id": "x"}, "E020", "HEARTBEET_OIDC_ISSUER", id="a client without provider"),
        pytest.param(WITH_OIDC | {"oidc_client_secret": ""}, "E020", "CLIENT_SECRET is", id="no client secret"),
        pytest.param(WITH_OIDC | {"oidc_issuer": "http://login.example.org"}, "E021", "https", id="answers in clear"),
        pytest.param(WITH_OIDC | {"oidc_issuer": "login.example.org"}, "E021", "https", id="no scheme"),
        pytest.param(
            WITH_OIDC | {"oidc_issuer": f"{ISSUER}/.well-known/openid-configuration"},
            "E021",
            "well-known",
            id="too much",
        ),
        pytest.param({"oidc_role": "admin"}, "E022", "HEARTBEET_OIDC_ROLE", id="a role for nobody"),
        pytest.param(WITH_MODEL | {"llm_url": "localhost:11434"}, "E025", "http://localhost", id="no scheme"),
        pytest.param(
            WITH_MODEL | {"llm_url": "http://u:p@model/v1"}, "E025", "HEARTBEET_LLM_URL", id="a password in it"
        ),
        pytest.param(WITH_MODEL | {"llm_url": ""}, "E026", "HEARTBEET_LLM_URL is not set", id="a model nowhere"),
        pytest.param(WITH_MODEL | {"llm_model": ""}, "E026", "HEARTBEET_LLM_MODEL is not set", id="any model"),
        pytest.param({"trusted_proxies": 0}, "W002", "HEARTBEET_TRUSTED_PROXIES", id="one address for all"),
    ],
)
def test_each_wrong_setting_is_named(changes: dict[str, Any], identity: str, names: str) -> None:
    found = _found(**changes)

    assert list(found) == [f"heartbeet.{identity}"]
    assert names in found[f"heartbeet.{identity}"]


def test_what_is_switched_on_must_be_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _found(apprise="on") == {}

    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)

    assert list(_found(apprise="on")) == ["heartbeet.E024"]
    assert "pip install heartbeet[apprise]" in _found(apprise="on")["heartbeet.E024"]
    assert _found() == {}


def test_a_model_with_its_address_is_right_with_and_without_a_key() -> None:
    assert _found(**WITH_MODEL) == _found(**WITH_MODEL, llm_key="sk-1") == {}


def test_a_whole_provider_is_right() -> None:
    assert _found(**WITH_OIDC, oidc_role="member") == {}


def test_a_missing_secret_says_how_to_make_one() -> None:
    assert "`heartbeet secret`" in _found(secret_key="")["heartbeet.E001"]


def test_embedded_needs_nothing() -> None:
    nothing = {"secret_key": "", "database_url": "", "redis_url": "", "site_url": "", "trusted_proxies": 0}

    assert _found(module="heartbeet.settings.base", **nothing) == {}


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        pytest.param("PORT", "abc", "PORT=abc is wrong: give a whole number.", id="not a number"),
        pytest.param("PORT", "70000", "PORT=70000 is wrong: give 65535 or less.", id="no such port"),
        pytest.param("SWEEP_INTERVAL_SEC", "x", "SWEEP_INTERVAL_SEC=x is wrong: give a number.", id="not a number"),
        pytest.param("SEND_THREADS", "0", "SEND_THREADS=0 is wrong: give 1 or more.", id="nobody sends"),
        pytest.param("LOG_FORMAT", "xml", "LOG_FORMAT=xml is wrong: give json or console.", id="not a choice"),
        pytest.param(
            "OIDC_ROLE", "owner", "OIDC_ROLE=owner is wrong: give viewer, member or admin.", id="may be empty"
        ),
        pytest.param(
            "ALLOW_PRIVATE_TARGETS",
            "10.0.0.0/33",
            "ALLOW_PRIVATE_TARGETS=10.0.0.0/33 is wrong: give networks such as 10.0.0.0/8,fd00::/8.",
            id="no network",
        ),
    ],
)
def test_a_wrong_value_is_one_sentence(monkeypatch: pytest.MonkeyPatch, name: str, value: str, sentence: str) -> None:
    monkeypatch.setenv(f"HEARTBEET_{name}", value)

    with pytest.raises(ImproperlyConfigured) as wrong:
        env.load()

    assert str(wrong.value) == f"HEARTBEET_{sentence}"


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("TRUSTED_PROXY", "TRUSTED_PROXIES"),
        ("ENCRYPTION_KEY", "ENCRYPTION_KEYS"),
        ("ADMIN_PASS", "ADMIN_PASSWORD"),
        ("SECRETKEY_FILE", "SECRET_KEY"),
    ],
)
def test_a_misspelled_variable_is_refused_with_the_right_name(
    monkeypatch: pytest.MonkeyPatch, name: str, meant: str
) -> None:
    monkeypatch.setenv(f"HEARTBEET_{name}", "1")

    with pytest.raises(ImproperlyConfigured, match=f"^HEARTBEET_{name} is no setting; HEARTBEET_{meant} is.$"):
        env.load()


@pytest.mark.parametrize("name", ["SERVICE_HOST", "WEB_SERVICE_PORT", "PORT_8000_TCP_ADDR", "COLOUR"])
def test_a_variable_that_may_be_somebody_elses_is_only_a_warning(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(f"HEARTBEET_{name}", "1")

    env.load()

    assert _found() == {"heartbeet.W003": f"HEARTBEET_{name} is no setting, and is ignored. "}


def test_a_value_may_come_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "url").write_text("smtp://mail.example.org\n")
    monkeypatch.setenv("HEARTBEET_SMTP_URL_FILE", str(tmp_path / "url"))
    monkeypatch.setenv("HEARTBEET_SMTP_URL", "")  # so that it is put back afterwards

    assert env.load().smtp_url == "smtp://mail.example.org"


def test_a_file_that_cannot_be_read_is_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HEARTBEET_SMTP_URL_FILE", str(tmp_path / "absent"))

    with pytest.raises(ImproperlyConfigured, match="HEARTBEET_SMTP_URL_FILE names a file that cannot be read"):
        env.load()


def test_private_networks_are_a_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEARTBEET_ALLOW_PRIVATE_TARGETS", "10.0.0.0/8, fd00::/8")

    assert [str(network) for network in env.load().allow_private_targets] == ["10.0.0.0/8", "fd00::/8"]


def test_generated_secrets_are_private_and_kept(tmp_path: Path) -> None:
    first = env.embedded_secrets(tmp_path / "data")
    second = env.embedded_secrets(tmp_path / "data")

    assert first == second
    assert (tmp_path / "data" / "secrets.json").stat().st_mode & 0o777 == 0o600


def test_damaged_secrets_are_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "secrets.json").write_text("{")

    with pytest.raises(ImproperlyConfigured, match="restore it from a backup"):
        env.embedded_secrets(tmp_path)


def test_the_cache_is_good_enough_to_count_in() -> None:
    """In memory django-ratelimit's doubts are silenced, for there one process answers everything."""
    assert [message for message in run_checks(tags=["caches"]) if not message.is_silenced()] == []


@pytest.mark.postgresql
def test_in_production_limits_are_counted_where_all_processes_see_them() -> None:
    assert "django_ratelimit.E003" not in settings.SILENCED_SYSTEM_CHECKS

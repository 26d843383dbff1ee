"""System checks: a wrong setting stops the start, and says which one it is and how to make a right one.

E001 to E003 concern secrets, E004 to E007 addresses, E008 and later how a production installation is put together.
"""

import importlib.util
from collections.abc import Iterator
from email.utils import parseaddr
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from heartbeet.lib import crypto
from heartbeet.settings import env

MAKE_SECRETS = "Make one with `heartbeet secret`, which prints lines for the environment, and keep it."
MAX_ISSUER = 200
_KNOWN_SECRETS = ("django-insecure", "changeme", "change-me", "secret", "default", "example")


@register()
def check_settings(*, app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Everything wrong with the settings of this process."""
    return [*_strangers(), *_secrets(), *_addresses(), *_single_sign_on(), *_extras(), *_model(), *_production()]


def _strangers() -> Iterator[CheckMessage]:
    for name in env.strangers():
        yield Warning(f"{name} is no setting, and is ignored.", id="heartbeet.W003")


def _secrets() -> Iterator[CheckMessage]:
    key = settings.ENV.secret_key
    if settings.HEARTBEET_EMBEDDED and not key:
        pass  # generated in the data folder
    elif not key:
        yield Error("HEARTBEET_SECRET_KEY is not set.", hint=MAKE_SECRETS, id="heartbeet.E001")
    elif len(key) < 32 or key.lower().startswith(_KNOWN_SECRETS):
        yield Error(
            "HEARTBEET_SECRET_KEY is a default or too short to be safe.", hint=MAKE_SECRETS, id="heartbeet.E002"
        )
    try:
        crypto.parse_keys(settings.HEARTBEET_ENCRYPTION_KEYS)
    except crypto.BadKeys as error:
        yield Error(str(error), hint=MAKE_SECRETS, id="heartbeet.E003")


def _addresses() -> Iterator[CheckMessage]:
    if not _is_url(settings.HEARTBEET_SITE_URL, schemes=("http", "https"), may_have_path=False):
        yield Error(
            "HEARTBEET_SITE_URL is not an address.",
            hint="Give the address people open, without a path: https://heartbeet.example.org",
            id="heartbeet.E004",
        )
    if settings.ENV.smtp_url and not _is_url(settings.ENV.smtp_url, schemes=("smtp", "smtps")):
        yield Error(
            "HEARTBEET_SMTP_URL is not an SMTP address.",
            hint="Give smtp://user:password@host:587 (STARTTLS) or smtps://user:password@host:465 (TLS).",
            id="heartbeet.E005",
        )
    if settings.ENV.upstream_ping_url and not _is_url(settings.ENV.upstream_ping_url, schemes=("http", "https")):
        yield Error(
            "HEARTBEET_UPSTREAM_PING_URL is not an address.",
            hint="Give a ping URL, such as https://other.example.org/api/v1/heartbeats/….",
            id="heartbeet.E023",
        )
    if "@" not in parseaddr(settings.ENV.mail_from)[1]:
        yield Error(
            "HEARTBEET_MAIL_FROM has no e-mail address.",
            hint='Give "Heartbeet <alerts@example.org>".',
            id="heartbeet.E006",
        )
    if settings.ENV.redis_url and not _is_url(settings.ENV.redis_url, schemes=("redis", "rediss", "unix")):
        yield Error(
            "HEARTBEET_REDIS_URL is not a Redis address.", hint="Give redis://host:6379/0.", id="heartbeet.E007"
        )


def _single_sign_on() -> Iterator[CheckMessage]:
    issuer, client_id = settings.HEARTBEET_OIDC_ISSUER, settings.HEARTBEET_OIDC_CLIENT_ID
    given = {"ISSUER": issuer, "CLIENT_ID": client_id, "CLIENT_SECRET": settings.HEARTBEET_OIDC_CLIENT_SECRET}
    missing = [f"HEARTBEET_OIDC_{name}" for name, value in given.items() if not value]
    if 0 < len(missing) < len(given):
        yield Error(
            f"Single sign-on is set half: {' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not set.",
            hint="Give all three, or none of them (docs/howto/oidc.md).",
            id="heartbeet.E020",
        )
    if issuer and not _is_issuer(issuer):
        yield Error(
            "HEARTBEET_OIDC_ISSUER is not the address of a provider.",
            hint="Give its https address without /.well-known/…, such as https://login.example.org/realms/main",
            id="heartbeet.E021",
        )
    if settings.HEARTBEET_OIDC_ROLE and not issuer:
        yield Error(
            "HEARTBEET_OIDC_ROLE is set, but nobody can sign in with a provider.",
            hint="Set HEARTBEET_OIDC_ISSUER, or leave the role out.",
            id="heartbeet.E022",
        )


def _extras() -> Iterator[CheckMessage]:
    if settings.ENV.apprise == "on" and importlib.util.find_spec("apprise") is None:
        yield Error(
            "HEARTBEET_APPRISE is on, and Apprise is not installed.",
            hint="Install it by `pip install heartbeet[apprise]`, or leave the setting out.",
            id="heartbeet.E024",
        )


def _model() -> Iterator[CheckMessage]:
    url, model = settings.ENV.llm_url, settings.ENV.llm_model
    if url and (not _is_url(url, schemes=("http", "https")) or set("?#@") & set(url)):
        yield Error(
            "HEARTBEET_LLM_URL is not the address of an API.",
            hint="Give what stands before /chat/completions, such as http://localhost:11434/v1",
            id="heartbeet.E025",
        )
    if bool(url) != bool(model):
        missing = "HEARTBEET_LLM_MODEL" if url else "HEARTBEET_LLM_URL"
        yield Error(
            f"{missing} is not set, and without it no model can explain anything.",
            hint="Give both, or none of them (docs/howto/explain-with-a-model.md).",
            id="heartbeet.E026",
        )


def _is_issuer(text: str) -> bool:
    """Whoever could change the provider's answers on their way could sign in as anybody: so https, or this machine."""
    is_here = _is_url(text, schemes=("http",)) and urlsplit(text).hostname in ("localhost", "127.0.0.1", "::1")
    is_plain = len(text) <= MAX_ISSUER and "/.well-known/" not in text and "?" not in text and "#" not in text
    return is_plain and (is_here or _is_url(text, schemes=("https",)))


def _production() -> Iterator[CheckMessage]:
    if not settings.SETTINGS_MODULE.endswith(".production"):
        return
    if settings.HEARTBEET_EMBEDDED:
        yield Error(
            "HEARTBEET_DATABASE_URL is not set, and production needs PostgreSQL.",
            hint="Give postgresql://user:password@host:5432/name, or run `heartbeet up` for SQLite.",
            id="heartbeet.E008",
        )
    if not settings.ENV.redis_url:
        yield Error(
            "HEARTBEET_REDIS_URL is not set, and the processes of production meet there.",
            hint="Give redis://host:6379/0.",
            id="heartbeet.E009",
        )
    if not settings.ENV.site_url:
        yield Error(
            "HEARTBEET_SITE_URL is not set, so the links in alerts would lead to this machine only.",
            hint="Give the address people open: https://heartbeet.example.org",
            id="heartbeet.E010",
        )
    elif settings.HEARTBEET_SITE_URL.startswith("http://"):
        yield Warning(
            "HEARTBEET_SITE_URL is not https, so passwords and ping URLs travel in the clear.", id="heartbeet.W001"
        )
    elif settings.IS_HTTPS and not settings.ENV.trusted_proxies:
        yield Warning(
            "HEARTBEET_SITE_URL is https but HEARTBEET_TRUSTED_PROXIES is 0, so every client seems to be the proxy.",
            hint="Say how many proxies in front of us append to X-Forwarded-For, usually 1.",
            id="heartbeet.W002",
        )


def _is_url(text: str, *, schemes: tuple[str, ...], may_have_path: bool = True) -> bool:
    try:
        parts = urlsplit(text)
        has_port = parts.port is None or parts.port > 0  # reading it raises on a port that is no number
    except ValueError:
        return False
    has_place = bool(parts.hostname) or (parts.scheme == "unix" and bool(parts.path))
    is_bare = may_have_path or (parts.path in ("", "/") and not parts.query and not parts.fragment)
    return parts.scheme in schemes and has_place and has_port and is_bare

"""What the environment may set: every `HEARTBEET_*` variable, typed, with its default and its meaning.

`docs/reference/settings.md` documents each of them; a test compares the two. Any variable may be given as
`NAME_FILE` instead, naming a file that holds the value (for container secrets).
"""

import base64
import difflib
import json
import os
import re
import secrets
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from pydantic import Field, ValidationError, field_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

PREFIX = "HEARTBEET_"
_INTERNAL = (f"{PREFIX}PARENT_PID", f"{PREFIX}TEST_")
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
ROOT = Path(__file__).resolve().parent.parent.parent


class Env(BaseSettings):
    """The settings of one process, read once at start."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore")

    data: Path = Field(
        default=ROOT / "var", description="The folder of the SQLite file, the spool and the generated secrets."
    )
    host: str = Field(default="127.0.0.1", description="The address `heartbeet up` and `heartbeet serve` listen on.")
    port: int = Field(default=8000, ge=1, le=65535, description="The port they listen on.")
    site_url: str = Field(
        default="", description="The address people and jobs reach us at. Default: `http://{host}:{port}`."
    )
    database_url: str = Field(
        default="", repr=False, description="`postgresql://…`; empty means SQLite in the data folder."
    )
    redis_url: str = Field(
        default="", repr=False, description="`redis://…`; empty means none: limits and doorbell stay in memory."
    )
    secret_key: str = Field(
        default="", repr=False, description="Django's signing key. Generated in the data folder in embedded mode."
    )
    encryption_keys: str = Field(
        default="", repr=False, description="`kid:base64,…`: AES-256 keys; the first seals, all of them open."
    )
    admin_email: str = Field(default="", description="With `admin_password`: the owner made on first start.")
    admin_password: str = Field(default="", repr=False, description="The password of that owner.")
    registration: Literal["closed", "open"] = Field(
        default="closed", description="Who may sign up: with an invitation only, or everybody."
    )
    oidc_issuer: str = Field(default="", description="The OpenID Connect provider that people may sign in with.")
    oidc_client_id: str = Field(default="", description="What we are called there.")
    oidc_client_secret: str = Field(default="", repr=False, description="The secret we share with it.")
    oidc_name: str = Field(default="single sign-on", max_length=40, description="What the sign-in button calls it.")
    oidc_role: Literal["", "viewer", "member", "admin"] = Field(
        default="", description="What people become whom it sends and nobody knows; empty: they need an invitation."
    )
    smtp_url: str = Field(
        default="", repr=False, description="`smtp://user:password@host:587` (STARTTLS) or `smtps://…`; empty: console."
    )
    mail_from: str = Field(default="Heartbeet <heartbeet@localhost>", description="The sender of our e-mails.")
    allow_private_targets: Annotated[list[IPv4Network | IPv6Network], NoDecode] = Field(
        default=[], description="CIDR list of private networks that webhooks may reach. Cloud metadata stays blocked."
    )
    apprise: Literal["off", "on"] = Field(
        default="off", description="Whether channels may tell services by Apprise, which must be installed then."
    )
    llm_url: str = Field(
        default="", description="An OpenAI-compatible API that may explain incidents; empty: nothing is sent to any."
    )
    llm_model: str = Field(default="", max_length=200, description="Which of its models.")
    llm_key: str = Field(default="", repr=False, description="The key that it asks for; empty: none.")
    allowed_hosts: Annotated[list[str], NoDecode] = Field(
        default=[], description="Other names that pages and API are asked by, beside the one in `site_url`."
    )
    trusted_proxies: int = Field(
        default=0, ge=0, le=16, description="How many proxies in front of us append X-Forwarded-For."
    )
    upstream_ping_url: str = Field(
        default="", repr=False, description="Where we send our own heartbeat: a ping URL of somebody who watches us."
    )
    upstream_ping_sec: float = Field(default=60, ge=5, le=86_400, description="Seconds between two of those.")
    canary: Literal["on", "off"] = Field(
        default="on", description="Whether ingest pings itself through `site_url`, to notice when pings are lost."
    )
    sweep_interval_sec: float = Field(default=0.5, ge=0.05, le=60, description="Seconds between two sweeps.")
    send_threads: int = Field(default=16, ge=1, le=256, description="Alerts that one worker sends at the same time.")
    sends_per_host: int = Field(default=8, ge=1, le=256, description="How many of these may go to the same host.")
    storm_incidents: int = Field(
        default=10, ge=0, le=1000, description="Incidents at once that are told each for itself; 0: all of them."
    )
    storm_window_sec: int = Field(default=60, ge=1, le=3600, description="What counts as at once.")
    fallback_after_sec: int = Field(
        default=120, ge=1, le=86_400, description="Seconds until the fallback channel is told what another was not."
    )
    ingest_queue_max: int = Field(
        default=20_000, ge=1, description="Pings waiting for a batch; over it the answer is 503."
    )
    spool_max_mb: int = Field(default=1024, ge=1, description="Megabytes that the spool may take on disk.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="The least severe log line."
    )
    log_format: Literal["json", "console"] = Field(default="console", description="How log lines look.")

    @field_validator("allow_private_targets", mode="before")
    @classmethod
    def _split_networks(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        try:
            return [ip_network(part.strip()) for part in value.split(",") if part.strip()]
        except ValueError as error:
            raise ValueError("give networks such as 10.0.0.0/8,fd00::/8") from error

    @field_validator("allowed_hosts", mode="before")
    @classmethod
    def _split_names(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return [part.strip().lower() for part in value.split(",") if part.strip()]

    @field_validator("admin_email")
    @classmethod
    def _check_address(cls, value: str) -> str:
        if value and not re.fullmatch(r"[^@\s]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?", value.strip()):
            raise ValueError("write an e-mail address such as ada@example.com")
        return value.strip()

    @property
    def public_url(self) -> str:
        """The base of every link we print, without a trailing slash."""
        return (self.site_url or f"http://{self._reachable_host}:{self.port}").rstrip("/")

    @property
    def allowed_names(self) -> list[str]:
        """The names in the Host header that pages and API answer to. Without a site URL they are not known: any."""
        try:
            name = urlsplit(self.site_url).hostname or "*"
        except ValueError:  # the checks say what is wrong with it
            name = "*"
        return [f"[{name}]" if ":" in name else name, *LOOPBACK, *self.allowed_hosts]

    @property
    def _reachable_host(self) -> str:
        host = "127.0.0.1" if self.host in ("0.0.0.0", "::") else self.host  # noqa: S104  (compared, not bound)
        return f"[{host}]" if ":" in host else host


def load() -> Env:
    """Read the environment, following `HEARTBEET_*_FILE` to the files they name. Raises ImproperlyConfigured with one
    sentence per wrong variable."""
    for name in strangers():
        _refuse_misspelled(name)
    for name in [name for name in os.environ if name.startswith(PREFIX) and name.endswith("_FILE")]:
        _read_file(name)
    try:
        return Env()
    except ValidationError as error:
        raise ImproperlyConfigured(" ".join(_sentence(detail) for detail in error.errors())) from None


def strangers() -> list[str]:
    """Variables of this environment that begin as ours do and are none of ours."""
    ours = {f"{PREFIX}{name.upper()}{suffix}" for name in Env.model_fields for suffix in ("", "_FILE")}
    others = {name for name in os.environ if name.startswith(PREFIX) and not name.startswith(_INTERNAL)}
    return sorted(others - ours)


def _refuse_misspelled(variable: str) -> None:
    """Raise ImproperlyConfigured where a setting of ours is meant, and would be ignored without a word. Others may be
    somebody else's: Kubernetes sets HEARTBEET_SERVICE_HOST and more for a service of that name."""
    names = [name.upper() for name in Env.model_fields]
    meant = difflib.get_close_matches(variable.removeprefix(PREFIX).removesuffix("_FILE"), names, n=1, cutoff=0.75)
    if meant:
        raise ImproperlyConfigured(f"{variable} is no setting; {PREFIX}{meant[0]} is.")


def settings_module() -> str:
    """The settings that this environment calls for: production as soon as it names a database."""
    has_database = any(os.environ.get(f"{PREFIX}DATABASE_URL{suffix}") for suffix in ("", "_FILE"))
    return "heartbeet.settings.production" if has_database else "heartbeet.settings.base"


def _read_file(variable: str) -> None:
    name = variable.removesuffix("_FILE")
    if os.environ.get(name):
        return
    try:
        os.environ[name] = Path(os.environ[variable]).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ImproperlyConfigured(f"{variable} names a file that cannot be read ({reason}).") from None


def _sentence(detail: ErrorDetails) -> str:
    """`HEARTBEET_PORT=abc is wrong: …`, without the value where it might be a secret."""
    field = str(detail["loc"][0])
    is_shown = not any(word in field for word in ("secret", "key", "password", "url"))
    given = f"={detail['input']}" if is_shown and isinstance(detail["input"], str) else ""
    problem = _problem(detail)
    return f"{PREFIX}{field.upper()}{given} is wrong: {problem[:1].lower()}{problem[1:].rstrip('.')}."


_WORDS = {
    "int_parsing": "give a whole number",
    "float_parsing": "give a number",
    "finite_number": "give a number",
    "greater_than_equal": "give {ge} or more",
    "less_than_equal": "give {le} or less",
    "literal_error": "give {expected}",
}


def _problem(detail: ErrorDetails) -> str:
    """What would be right, in plain words."""
    plain = _WORDS.get(detail["type"], detail["msg"].removeprefix("Value error, "))
    return plain.format(**detail.get("ctx", {})).replace("'', ", "").replace("'", "")


def embedded_secrets(data: Path) -> dict[str, str]:
    """The secrets of an embedded installation: made on first start, mode 0600, kept for good. Raises
    ImproperlyConfigured when the folder cannot hold them."""
    path = data / "secrets.json"
    try:
        if not path.exists():
            _make_secrets(path)
        found: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        problem = f"The data folder {data} cannot be used ({error.strerror}); give another by HEARTBEET_DATA."
        raise ImproperlyConfigured(problem) from None
    except ValueError:
        raise ImproperlyConfigured(
            f"{path} is damaged; restore it from a backup, it opens the stored tokens."
        ) from None
    return found


def make_secret_key() -> str:
    """A new signing key."""
    return secrets.token_urlsafe(64)


def make_encryption_key(kid: str = "default") -> str:
    """A new AES-256 key with its id, as HEARTBEET_ENCRYPTION_KEYS wants it."""
    return f"{kid}:{base64.b64encode(secrets.token_bytes(32)).decode()}"


def _make_secrets(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    made = {"secret_key": make_secret_key(), "encryption_keys": make_encryption_key()}
    draft = path.with_suffix(f".{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(made, file)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)  # atomic, and never replaces the secrets another process has just made
    except FileExistsError:
        pass
    finally:
        draft.unlink()

"""Every setting, with the defaults of the embedded mode: one person, one command, SQLite, no Redis."""

from typing import Any

import dj_database_url
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from psycopg_pool.base import AttemptWithBackoff

from heartbeet.lib import headers, logs
from heartbeet.settings import env as environment

ENV = environment.load()
BASE_DIR = environment.ROOT
DATA = ENV.data.absolute()
HEARTBEET_EMBEDDED = not ENV.database_url

_generated = environment.embedded_secrets(DATA) if HEARTBEET_EMBEDDED else {}
SECRET_KEY = ENV.secret_key or _generated.get("secret_key", "")
HEARTBEET_ENCRYPTION_KEYS = ENV.encryption_keys or _generated.get("encryption_keys", "")
HEARTBEET_SITE_URL = ENV.public_url
HEARTBEET_DATA = DATA
HEARTBEET_REDIS_URL = ENV.redis_url
HEARTBEET_ADMIN_EMAIL = ENV.admin_email
HEARTBEET_ADMIN_PASSWORD = ENV.admin_password
HEARTBEET_SMTP_URL = ENV.smtp_url
HEARTBEET_MAIL_FROM = ENV.mail_from
HEARTBEET_REGISTRATION = ENV.registration
HEARTBEET_ALLOW_PRIVATE_TARGETS = ENV.allow_private_targets
HEARTBEET_APPRISE = ENV.apprise == "on"
HEARTBEET_LLM_URL = ENV.llm_url.rstrip("/")
HEARTBEET_LLM_MODEL = ENV.llm_model
HEARTBEET_LLM_KEY = ENV.llm_key
HEARTBEET_OIDC_ISSUER = ENV.oidc_issuer.rstrip("/")
HEARTBEET_OIDC_CLIENT_ID = ENV.oidc_client_id
HEARTBEET_OIDC_CLIENT_SECRET = ENV.oidc_client_secret
HEARTBEET_OIDC_NAME = ENV.oidc_name
HEARTBEET_OIDC_ROLE = ENV.oidc_role
HEARTBEET_TRUSTED_PROXIES = ENV.trusted_proxies
HEARTBEET_SWEEP_INTERVAL_SEC = ENV.sweep_interval_sec
HEARTBEET_SEND_THREADS = ENV.send_threads
HEARTBEET_SENDS_PER_HOST = ENV.sends_per_host
HEARTBEET_UPSTREAM_PING_URL = ENV.upstream_ping_url
HEARTBEET_UPSTREAM_PING_SEC = ENV.upstream_ping_sec
HEARTBEET_STORM_INCIDENTS = ENV.storm_incidents
HEARTBEET_STORM_WINDOW_SEC = ENV.storm_window_sec
HEARTBEET_FALLBACK_AFTER_SEC = ENV.fallback_after_sec
HEARTBEET_INGEST_QUEUE_MAX = ENV.ingest_queue_max
HEARTBEET_SPOOL_MAX_MB = ENV.spool_max_mb
DEBUG = False
ALLOWED_HOSTS = ENV.allowed_names

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "csp",
    "django_ratelimit",
    "django_htmx",
    "template_partials",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "accounts",
    "monitors",
    "alerts",
    "heartbeet",
]

MIDDLEWARE = [
    "heartbeet.health.ProbesByAddress",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "accounts.web.browsing.BrowsingMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.web.middleware.PagesMiddleware",
    "accounts.web.prefix.OrganizationMiddleware",
]

ROOT_URLCONF = "heartbeet.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "accounts.web.shell.context",
                "heartbeet.banner.context",
                "heartbeet.bundle.context",
                "monitors.web.worst.context",
            ]
        },
    }
]

SQLITE: dict[str, Any] = {
    "ENGINE": "django.db.backends.sqlite3",
    "NAME": DATA / "heartbeet.sqlite3",
    "OPTIONS": {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA temp_store=MEMORY;",
    },
}


BAD_DATABASE_URL = (
    "HEARTBEET_DATABASE_URL is wrong: give postgresql://user:password@host:5432/name, or nothing for SQLite."
)


def _postgresql(url: str) -> dict[str, Any]:
    """The database of a URL, behind a pool: threads come and go, and a connection costs a process there."""
    try:
        parsed: dict[str, Any] = dict(dj_database_url.parse(url))
    except (ValueError, KeyError):
        raise ImproperlyConfigured(BAD_DATABASE_URL) from None
    if parsed["ENGINE"] != "django.db.backends.postgresql":
        raise ImproperlyConfigured(BAD_DATABASE_URL)
    options = parsed.setdefault("OPTIONS", {})
    parsed["CONN_HEALTH_CHECKS"] = True  # the pool tries a connection first: after an outage they are all dead
    options["pool"] = {"min_size": 1, "max_size": 16, "timeout": 10}
    AttemptWithBackoff.DELAY_BACKOFF = 1.0  # every second: doubled, its waits hold us as long as the outage was
    return parsed


DATABASES = {"default": _postgresql(ENV.database_url) if ENV.database_url else SQLITE}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

if ENV.redis_url:
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": ENV.redis_url,
            "OPTIONS": {"socket_connect_timeout": 0.5, "socket_timeout": 0.5},  # a silent Redis must not hold requests
        }
    }
else:
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "OPTIONS": {"MAX_ENTRIES": 100_000},  # with the usual 300 a crowd would wipe out the counts of guesses
        }
    }

RATELIMIT_FAIL_OPEN = True  # a count that cannot be kept keeps nobody out

AUTH_USER_MODEL = "accounts.User"
PASSWORD_HASHERS = ["heartbeet.lib.hashers.Argon2"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
ACCOUNT_ADAPTER = "accounts.web.adapter.Adapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_CHANGE_EMAIL = True  # one address; a new one replaces it when it is confirmed
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True  # in the browser that signed up; elsewhere a link lets nobody in
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_RATE_LIMITS = False  # ours are in heartbeet.lib.ratelimit, which a missing Redis does not break
ACCOUNT_REAUTHENTICATION_TIMEOUT = 900
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_REDIRECT_URL = LOGIN_URL = "/sign-in"
MFA_ADAPTER = "accounts.factor_adapter.Adapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True  # a new address waits beside the old one, so nobody is kept from changing theirs
SOCIALACCOUNT_STORE_TOKENS = False  # a provider's tokens are of no use to us, and of much use to a thief
LOGIN_REDIRECT_URL = "/"
SESSION_ENGINE = "accounts.sessions"
EMAIL_BACKEND = "accounts.letters.Outbox"
DEFAULT_FROM_EMAIL = SERVER_EMAIL = HEARTBEET_MAIL_FROM

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_ALLOW_ALL_ORIGINS = False
WHITENOISE_USE_FINDERS = True  # straight from the checkout: nothing has to be collected first

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
IS_HTTPS = HEARTBEET_SITE_URL.startswith("https://")
if IS_HTTPS and ENV.trusted_proxies:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
if IS_HTTPS:
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-session", "__Host-csrf"  # no other host or path can set them
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_HTTPS
SECURE_HSTS_SECONDS = headers.HSTS_SEC if IS_HTTPS else 0
SILENCED_SYSTEM_CHECKS = [
    "security.W005",  # HSTS for subdomains: whoever owns the domain decides about its other hosts
    "security.W008",  # http to https: the proxy that ends TLS does it; we see its probes, and could only loop
    "security.W021",  # preloading HSTS: as W005
    "django_ratelimit.W001",  # its list of caches is older than Django's own for Redis, which counts in one step
]
if not ENV.redis_url:
    # django-ratelimit wants a cache that processes share. Embedded, one process answers, and its memory is where all
    # count. Production does not start without Redis: our own check (E009) says so in better words.
    SILENCED_SYSTEM_CHECKS += ["django_ratelimit.E003"]
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_TRUSTED_ORIGINS = [HEARTBEET_SITE_URL] if "://" in HEARTBEET_SITE_URL else []  # our own check tells what is wrong

LOGGING = logs.configure(level=ENV.log_level, style=ENV.log_format)

REST_FRAMEWORK = {
    "EXCEPTION_HANDLER": "heartbeet.problem.for_api",
    "UNAUTHENTICATED_USER": None,
    "DEFAULT_SCHEMA_CLASS": "accounts.api.schema.Calls",
}
SPECTACULAR_SETTINGS = {
    "OAS_VERSION": "3.1.0",
    "TITLE": "Heartbeet",
    "VERSION": "1",
    "DESCRIPTION": "Heartbeet tells people that something stopped happening. Jobs ping it; this is how to manage them.",
    "SCHEMA_PATH_PREFIX": "/api/v1/",
    "SORT_OPERATION_PARAMETERS": False,
    "PREPROCESSING_HOOKS": ["accounts.api.schema.one_path_per_route"],
    "POSTPROCESSING_HOOKS": ["heartbeet.openapi.complete"],
}

"""Every setting, with the defaults of the embedded mode: one person, one command, SQLite, no Redis."""

from typing import Any

import dj_database_url
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from heartbeet.lib import logs
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
HEARTBEET_ALLOW_PRIVATE_TARGETS = ENV.allow_private_targets
HEARTBEET_TRUSTED_PROXIES = ENV.trusted_proxies
HEARTBEET_SWEEP_INTERVAL_SEC = ENV.sweep_interval_sec
HEARTBEET_SEND_THREADS = ENV.send_threads
HEARTBEET_INGEST_QUEUE_MAX = ENV.ingest_queue_max
HEARTBEET_SPOOL_MAX_MB = ENV.spool_max_mb
DEBUG = False
ALLOWED_HOSTS = ["*"]  # links are built from HEARTBEET_SITE_URL, never from the Host header

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "csp",
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
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.web.middleware.PagesMiddleware",
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

AUTH_USER_MODEL = "accounts.User"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
LOGIN_URL = "/sign-in"
LOGIN_REDIRECT_URL = "/"

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
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
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_HTTPS
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
}

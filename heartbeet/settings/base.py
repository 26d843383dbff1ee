"""Every setting, with the defaults of the embedded mode: one person, one command, SQLite, no Redis."""

from typing import Any

import dj_database_url

from heartbeet.settings import env as environment

ENV = environment.load()
BASE_DIR = environment.ROOT
DATA = ENV.data.absolute()
HEARTBEET_EMBEDDED = not ENV.database_url

_generated = environment.embedded_secrets(DATA) if not (ENV.secret_key and ENV.encryption_keys) else {}
SECRET_KEY = ENV.secret_key or _generated["secret_key"]
HEARTBEET_ENCRYPTION_KEYS = ENV.encryption_keys or _generated["encryption_keys"]
HEARTBEET_SITE_URL = ENV.public_url
HEARTBEET_DATA = DATA
HEARTBEET_DATABASE_URL = ENV.database_url
HEARTBEET_REDIS_URL = ENV.redis_url
HEARTBEET_ADMIN_EMAIL = ENV.admin_email
HEARTBEET_ADMIN_PASSWORD = ENV.admin_password
HEARTBEET_SMTP_URL = ENV.smtp_url
HEARTBEET_MAIL_FROM = ENV.mail_from
HEARTBEET_ALLOW_PRIVATE_TARGETS = ENV.allow_private_targets
HEARTBEET_TRUSTED_PROXIES = ENV.trusted_proxies
HEARTBEET_SWEEP_INTERVAL_SEC = ENV.sweep_interval_sec
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


def _postgresql(url: str) -> dict[str, Any]:
    parsed: dict[str, Any] = dict(dj_database_url.parse(url))
    options = parsed.setdefault("OPTIONS", {})
    options["pool"] = {"min_size": 1, "max_size": 16, "timeout": 10}
    return parsed


DATABASES = {"default": _postgresql(ENV.database_url) if ENV.database_url else SQLITE}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "/sign-in"
LOGIN_REDIRECT_URL = "/"

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = True

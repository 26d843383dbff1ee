"""The production settings: all of `base`, only tighter. Start is refused on a missing secret (see `checks.py`)."""

from heartbeet.settings.base import *  # noqa: F403
from heartbeet.settings.base import DATA

STATIC_ROOT = DATA / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = False

"""The settings of the test suite: SQLite unless HEARTBEET_DATABASE_URL names a PostgreSQL."""

import os
import tempfile

os.environ.setdefault("HEARTBEET_DATA", tempfile.mkdtemp(prefix="heartbeet-test-"))

from heartbeet.settings.base import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

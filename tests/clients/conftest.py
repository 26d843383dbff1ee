"""A real installation for clients: `heartbeet up` on SQLite, or two web processes on PostgreSQL and Redis."""

from collections.abc import Iterator

import pytest
from django.conf import settings

from tests.chaos.installation import Installation, installed
from tests.chaos.production import in_production


@pytest.fixture(scope="package")
def heartbeet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    make = installed if settings.HEARTBEET_EMBEDDED else in_production
    with make(tmp_path_factory.mktemp("installation")) as installation:
        yield installation


@pytest.fixture
def scoped_token(heartbeet: Installation) -> str:
    """What a careful user gives to a script: it may make monitors and read their ping URLs, and nothing else."""
    body = {"name": "setup script", "scopes": ["monitors:read", "monitors:write", "secrets:read"]}
    token: str = heartbeet.api("POST", "/me/tokens", body, expect=201)["token"]
    return token

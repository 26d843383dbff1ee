"""What the API's tests share: a client of nobody, and one with alice's token (the cast is in `tests/conftest.py`)."""

import pytest

from accounts.models import Membership
from tests.api.client import API


@pytest.fixture
def api() -> API:
    return API()


@pytest.fixture
def as_alice(api: API, alice: Membership) -> API:
    api.login(alice)
    return api

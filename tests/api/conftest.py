"""What the API's tests share: a client, and an incident of alice's monitor (the cast is in `tests/conftest.py`)."""

import pytest

from tests.api.client import API


@pytest.fixture
def api() -> API:
    return API()

"""A small house for the alerts' tests: one monitor, channels on loopback, incidents as the sweep would write them."""

from datetime import datetime
from ipaddress import ip_network
from typing import Any

import pytest

from tests.alerts.house import House


@pytest.fixture(autouse=True)
def loopback_is_allowed(settings: Any) -> None:
    """The receivers of the tests listen on this machine."""
    settings.HEARTBEET_ALLOW_PRIVATE_TARGETS = [ip_network("127.0.0.0/8")]


@pytest.fixture(autouse=True)
def apprise_is_on(settings: Any) -> None:
    """So that the contract of channels holds for it too; where it is off is tested by itself."""
    settings.HEARTBEET_APPRISE = True


@pytest.fixture
def house(db: None, now: datetime) -> House:
    """An organisation with a monitor `Nightly backup`, every 5 minutes with a minute of grace."""
    return House.build(now)

"""A monitor's replay over HTTP is what the command says of a file."""

from typing import Any

import numpy as np
import pytest

from accounts.models import Organization
from heartbeet.lib import clock
from monitors.domain import hours
from monitors.models import Monitor
from tests import factories
from tests.api.client import API
from tests.monitors import beets

pytestmark = pytest.mark.django_db


@pytest.fixture
def beet(acme: Organization) -> Monitor:
    """Sixteen weeks of events, with thirty hours of nothing ten days ago."""
    counts = np.random.default_rng(1).poisson(30, 16 * 168)
    counts[-240:-210] = 0
    row = factories.monitor(acme, name="orders", type="beet", interval_sec=None, now=beets.NOON)
    beets.counted(row, counts, until=hours.floor(clock.now()))
    return row


def _replay(api: API, monitor: Monitor, **query: Any) -> Any:
    return api.get(f"/monitors/{monitor.id}/replay", query)


def test_it_is_the_object_that_the_command_prints(as_alice: API, beet: Monitor) -> None:
    found = _replay(as_alice, beet).json()

    (alarm,) = found.pop("alarms")
    assert found["stream"] == "orders"
    assert found["learnedFrom"].endswith(":00:00Z")
    assert set(alarm) == {"openedAt", "resolvedAt", "arm", "severity", "expected", "seen", "logOdds"}
    assert (alarm["arm"], alarm["severity"], alarm["seen"]) == ("silence", "critical", 0)


def test_other_settings_than_its_own_may_be_tried(as_alice: API, beet: Monitor) -> None:
    early, late = (
        _replay(as_alice, beet, budgetWeeks=weeks, rho=rho).json() for weeks, rho in [(1, 0.8), (520, 0.2)]
    )  # fmt: skip

    assert early["alarms"][0]["logOdds"] < late["alarms"][0]["logOdds"]
    beet.refresh_from_db()
    assert (beet.rho, beet.budget_weeks) == (0.4, None)


@pytest.mark.parametrize(
    ("query", "name", "message"),
    [
        ({"rho": "1"}, "rho", "Give a number from 0.05 to 0.95."),
        ({"rho": "nan"}, "rho", "Give a number from 0.05 to 0.95."),
        ({"rho": "low"}, "rho", "Give a number from 0.05 to 0.95."),
        ({"budgetWeeks": "0"}, "budgetWeeks", "Give a whole number from 1 to 520."),
        ({"budgetWeeks": "2.5"}, "budgetWeeks", "Give a whole number from 1 to 520."),
    ],
)
def test_what_cannot_be_is_refused(
    as_alice: API, beet: Monitor, query: dict[str, str], name: str, message: str
) -> None:
    answer = _replay(as_alice, beet, **query)

    assert answer.status_code == 400
    assert message in answer.content.decode()
    assert name in answer.content.decode()


def test_what_has_counted_nothing_has_no_alarms(as_alice: API, alices_monitor: Monitor) -> None:
    found = _replay(as_alice, alices_monitor).json()

    assert found == {"stream": "nightly backup", "learnedFrom": None, "learnedTo": None, "alarms": []}

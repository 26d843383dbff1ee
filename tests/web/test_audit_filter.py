"""The filter of the audit log's page."""

import pytest
from django.test import Client

from accounts.models import Membership

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("query", ["since=0001-01-01", "until=9999-12-31", "since=never", "since=%00"])
def test_a_day_that_no_zone_has_is_left_out_of_the_filter(owner: Client, alice: Membership, query: str) -> None:
    alice.user.timezone = "America/New_York" if "until" in query else "Europe/Berlin"
    alice.user.save()

    assert owner.get(f"/settings/audit-log?{query}").status_code == 200
    assert owner.get(f"/settings/audit-log.csv?{query}").status_code == 200

"""What nobody types by accident: values that no column holds, patterns no database takes, floods of test alerts."""

from typing import Any

import pytest

from accounts.models import Membership, Organization
from heartbeet.lib import ratelimit
from tests import factories
from tests.api.client import API
from tests.receivers import SMTPReceiver

EMAIL = {"kind": "email", "config": {"to": "ops@example.com"}}


@pytest.fixture
def as_alice(api: API, alice: Membership) -> API:
    api.login(alice)
    return api


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"channelIds": [10**30]}, "channelIds.0"),
        ({"channelIds": [-(10**30)]}, "channelIds.0"),
        ({"intervalSec": None, "cron": f"1-{'9' * 5000} * * * *"}, "cron"),
        ({"intervalSec": None, "cron": f"{'1,' * 200}1 * * * *"}, "cron"),
        ({"intervalSec": None, "cron": "0 3 * * *", "timezone": "Z" * 70}, "timezone"),
    ],
)
def test_what_no_column_could_hold_is_a_mistake_of_theirs_and_not_of_ours(
    body: dict[str, Any], path: str, as_alice: API
) -> None:
    answer = as_alice.post("/monitors", {"name": "nightly", "intervalSec": 60, **body})

    assert (answer.status_code, answer.json()["fields"][0]["path"]) == (400, path)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("backup\nYour account is locked: https://evil.example", "a line of its own in a mail"),
        ("backup\r\nBcc: eve@example.com", "looks like a header"),
        ("backup\x1b[2J", "clears the terminal of an operator who reads mails on the console"),
        ("backup\x9b2J", "the same in one byte"),
    ],
)
def test_a_name_has_no_control_characters(name: str, reason: str, as_alice: API) -> None:
    answer = as_alice.post("/monitors", {"name": name, "intervalSec": 60})

    assert (answer.status_code, answer.json()["fields"][0]["path"]) == (400, "name"), reason


def test_a_name_may_have_a_family_in_it(as_alice: API) -> None:
    """Emoji are joined by characters that Python does not call printable."""
    assert as_alice.post("/monitors", {"name": "👨‍👩‍👧 backup", "intervalSec": 60}).status_code == 201


def test_a_search_longer_than_any_database_takes_is_refused(as_alice: API) -> None:
    """SQLite fails on patterns from 50,000 bytes up, and we would say that the database is away."""
    answer = as_alice.get("/monitors", {"q": "x" * 60_000})

    assert (answer.status_code, answer.json()["fields"][0]["path"]) == (400, "q")


@pytest.mark.parametrize("tags", [["x" * 60_000], [f"tag-{number}" for number in range(900)]])
def test_more_tags_than_a_monitor_can_have_find_nothing(tags: list[str], as_alice: API, acme: Organization) -> None:
    factories.monitor(acme, tags=["tag-1"])

    answer = as_alice.get("/monitors", {"tag": tags})

    assert (answer.status_code, answer.json()["results"]) == (200, [])


def test_tests_are_no_way_to_flood_somebody(as_alice: API, smtp_server: SMTPReceiver, settings: Any) -> None:
    """Nor to keep all connections to the database busy while a slow receiver is waited for."""
    settings.HEARTBEET_SMTP_URL = smtp_server.url
    limit = int(ratelimit.TEST_RATE.split("/")[0])
    ids = [as_alice.post("/channels", {**EMAIL, "name": name}).json()["id"] for name in ("one", "two")]

    answers = [as_alice.post(f"/channels/{ids[number % 2]}/test") for number in range(limit + 1)]

    assert [answer.status_code for answer in answers] == [200] * limit + [429]
    assert (answers[-1].json()["code"], len(smtp_server.wait_for(limit))) == ("RATE_LIMITED", limit)

"""What is done to all monitors that are ticked."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client

from accounts.models import AuditEvent, Organization
from monitors.models import Monitor, Pulse
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def three(acme: Organization) -> list[Monitor]:
    at = datetime.now(UTC)
    return [factories.healthy(acme, at=at, name=name, tags=["prod"]) for name in ["one", "two", "three"]]


def send(browser: Client, monitors: list[Monitor], action: str, **given: str) -> Any:
    body = {"id": [monitor.id for monitor in monitors], "action": action, **given}
    return browser.post("/monitors/bulk", body)


def told(response: Any) -> list[str]:
    """What the last of the answers said; those before it were not shown, and are still there."""
    return [str(message) for message in get_messages(response.wsgi_request)][-1:]


def states(monitors: list[Monitor]) -> list[str]:
    found = dict(Pulse.objects.filter(monitor__in=monitors).values_list("monitor_id", "status"))
    return [found[monitor.id] for monitor in monitors]


def test_pausing_asks_first_and_resuming_does_not(owner: Client, three: list[Monitor]) -> None:
    asking = owner.get(send(owner, three[:2], "pause")["Location"])
    before = states(three)
    paused = owner.post("/monitors/bulk/pause", {"id": [three[0].id, three[1].id]})
    between = states(three)
    send(owner, three[:2], "resume")

    assert ("Pause 2 monitors?" in asking.content.decode(), before) == (True, ["up"] * 3)
    assert (between, told(paused)) == (["paused", "paused", "up"], ["2 monitors are paused."])
    assert "paused" not in states(three)
    assert AuditEvent.objects.filter(action="PAUSE_MONITOR").count() == 2


def test_tags_are_added_and_taken_away(owner: Client, three: list[Monitor]) -> None:
    send(owner, three[:2], "tag", tags="nightly, prod")
    added = [Monitor.objects.get(id=monitor.id).tags for monitor in three]
    taken = send(owner, three, "untag", tags="prod")

    assert added == [["prod", "nightly"], ["prod", "nightly"], ["prod"]]
    assert [Monitor.objects.get(id=monitor.id).tags for monitor in three] == [["nightly"], ["nightly"], []]
    assert told(taken) == ["prod: taken from 3 monitors."]


@pytest.mark.parametrize("tags", ["", "Not A Tag!", "x" * 60])
def test_a_tag_that_is_none_changes_nothing_and_says_what_would_be_right(
    owner: Client, three: list[Monitor], tags: str
) -> None:
    response = send(owner, three, "tag", tags=tags)

    assert [message.startswith("Nothing was changed. ") for message in told(response)] == [True]
    assert {tuple(each.tags) for each in Monitor.objects.all()} == {("prod",)}


def test_deleting_asks_first_with_every_name(owner: Client, three: list[Monitor]) -> None:
    asking = owner.get(send(owner, three[:2], "delete")["Location"])
    before = Monitor.objects.filter(deleted_at=None).count()
    owner.post("/monitors/bulk/delete", {"id": [three[0].id, three[1].id]})

    assert "Delete 2 monitors?" in asking.content.decode()
    assert "one, two" in asking.content.decode()
    assert before == 3
    assert [each.name for each in Monitor.objects.filter(deleted_at=None)] == ["three"]


def test_one_comes_back_to_the_list_as_it_was_narrowed(owner: Client, three: list[Monitor]) -> None:
    straight = send(owner, three, "resume", back="q=o&tag=prod")
    asking = owner.get(send(owner, three, "delete", back="q=o&tag=prod")["Location"]).content.decode()
    done = owner.post("/monitors/bulk/delete", {"id": [three[0].id], "back": "q=o&tag=prod"})

    assert straight["Location"] == done["Location"] == "/?q=o&tag=prod"
    assert asking.count('href="/?q=o&amp;tag=prod"') == 2


@pytest.mark.parametrize("back", ["//evil.example", "https://evil.example/", "\r\nSet-Cookie: a=b"])
def test_the_way_back_leads_nowhere_else(owner: Client, three: list[Monitor], back: str) -> None:
    assert send(owner, three, "resume", back=back)["Location"].startswith("/?")


@pytest.mark.parametrize("ids", [[], ["x"], ["-1"], ["9" * 30], ["\x00"]])
def test_nothing_ticked_is_said(owner: Client, three: list[Monitor], ids: list[str]) -> None:
    response = owner.post("/monitors/bulk", {"id": ids, "action": "resume"})

    assert told(response) == ["Nothing was changed: tick the monitors first."]
    assert "paused" not in states(three)


def test_a_foreign_monitor_is_as_good_as_not_ticked(outsider: Client, three: list[Monitor]) -> None:
    send(outsider, three, "tag", tags="theirs")
    outsider.post("/monitors/bulk/pause", {"id": [three[0].id]})
    outsider.post("/monitors/bulk/delete", {"id": [three[0].id]})

    assert states(three) == ["up"] * 3
    assert {tuple(each.tags) for each in Monitor.objects.all()} == {("prod",)}
    assert not Monitor.objects.exclude(deleted_at=None)

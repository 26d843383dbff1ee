"""Making, showing and changing a monitor; its secret is shown once."""

import html
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import AuditEvent, Membership, Organization
from alerts.models import Channel
from monitors.domain import token
from monitors.models import Monitor, Ping, Pulse, Token
from tests import factories

pytestmark = pytest.mark.django_db

GIVEN = {
    "name": "Nightly backup",
    "schedule": "interval",
    "every": "300",
    "grace": "1 min",
    "alert_threshold": "1",
    "timezone": "UTC",
}
SECRET = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")


def secrets_on(page: Any) -> set[str]:
    return set(SECRET.findall(page.content.decode()))


def a_channel(organization: Organization, name: str = "ops", **given: Any) -> Channel:
    now = datetime.now(UTC)
    given.setdefault("config", {"to": "ops@example.com"})
    return Channel.objects.create(
        organization=organization, kind="email", name=name, created_at=now, updated_at=now, **given
    )


def test_a_new_monitor_shows_its_url_once_and_never_in_an_address(owner: Client) -> None:
    created = owner.post("/monitors/new", GIVEN)

    first, second = owner.get(created["Location"]), owner.get(created["Location"])

    (shown,) = secrets_on(first)
    assert Token.objects.get(digest=token.digest(shown)).monitor.name == "Nightly backup"
    assert created["Location"] == f"/monitors/{Monitor.objects.get().id}"
    assert secrets_on(second) == set()
    assert "/api/v1/heartbeats/&lt;token&gt;" in second.content.decode()


def test_a_secret_waits_sealed_and_is_shown_only_on_the_page_of_its_monitor(owner: Client, acme: Organization) -> None:
    other = factories.monitor(acme)
    created = owner.post("/monitors/new", GIVEN)
    kept = repr(owner.session["revealed"])

    elsewhere = [owner.get("/"), owner.get(f"/monitors/{other.id}")]
    refreshed = owner.get(created["Location"], headers={"HX-Request": "true"})
    headed = owner.head(created["Location"])

    assert not SECRET.search(kept)
    assert all(secrets_on(page) == set() for page in [*elsewhere, refreshed, headed])
    assert len(secrets_on(owner.get(created["Location"]))) == 1


def test_the_snippets_carry_the_real_url_when_it_is_revealed(owner: Client, alices_monitor: Monitor) -> None:
    owner.post(f"/monitors/{alices_monitor.id}/reveal")

    page = owner.get(f"/monitors/{alices_monitor.id}")

    (shown,) = secrets_on(page)
    text = page.content.decode()
    assert text.count(shown) == 11  # the URL itself, and once in each snippet
    assert re.findall(r'<label for="tab-[a-z-]+">([^<]+)</label>', text) == [
        "curl", "crontab", "systemd", "Python", "JavaScript", "Node", "HTML beacon", "GitHub Actions",
        "Kubernetes CronJob", "PowerShell",
    ]  # fmt: skip
    assert f"/api/v1/beet/{shown}" in text


def test_the_snippets_are_masked_until_then(owner: Client, alices_monitor: Monitor) -> None:
    page = owner.get(f"/monitors/{alices_monitor.id}")

    assert secrets_on(page) == set()
    assert html.unescape(page.content.decode()).count("<token>") == 11


def test_where_only_post_counts_every_snippet_posts(owner: Client, acme: Organization) -> None:
    monitor = factories.monitor(acme, post_only=True)

    text = html.unescape(owner.get(f"/monitors/{monitor.id}").content.decode())

    assert text.count("curl -fsS ") == text.count("-X POST ") == 9  # curl; two each in four others
    assert "-Method Post" in text
    assert 'navigator.sendBeacon("' in text
    assert "<img" not in text


def test_every_reveal_is_audited(owner: Client, alice: Membership, alices_monitor: Monitor) -> None:
    for _ in range(2):
        owner.post(f"/monitors/{alices_monitor.id}/reveal")

    rows = AuditEvent.objects.filter(action="READ_MONITOR_SECRETS", resource=f"monitor:{alices_monitor.id}")
    assert [row.actor_email for row in rows] == [alice.user.email] * 2


def test_rotating_asks_first_says_what_breaks_and_shows_the_new_url_once(
    owner: Client, alices_monitor: Monitor
) -> None:
    owner.post(f"/monitors/{alices_monitor.id}/reveal")
    (old,) = secrets_on(owner.get(f"/monitors/{alices_monitor.id}"))

    question = owner.get(f"/monitors/{alices_monitor.id}/rotate").content.decode()
    rotated = owner.post(f"/monitors/{alices_monitor.id}/rotate", follow=True)

    (new,) = secrets_on(rotated)
    assert "The old URL is dead at once" in question
    assert new != old
    assert secrets_on(owner.get(f"/monitors/{alices_monitor.id}")) == set()


def test_a_monitor_is_made_as_asked_for(owner: Client, acme: Organization) -> None:
    chosen, _ = a_channel(acme, "chosen"), a_channel(acme, "other")
    given = {
        **GIVEN,
        "schedule": "cron",
        "cron": " 30 3 * * * ",
        "timezone": "Europe/Berlin",
        "grace": "1 h 30 min",
        "alert_threshold": "2",
        "max_runtime": "2h",
        "tags": "backup, nightly  backup",
        "description": "pg_dump",
        "post_only": "on",
        "channels": [chosen.id],
    }

    owner.post("/monitors/new", given)

    made = Monitor.objects.get()
    assert (made.interval_sec, made.cron, made.timezone) == (None, "30 3 * * *", "Europe/Berlin")
    assert (made.grace_sec, made.alert_threshold, made.max_runtime_sec) == (5400, 2, 7200)
    assert (made.tags, made.description, made.post_only) == (["backup", "nightly"], "pg_dump", True)
    assert [each.channel for each in made.subscriptions.all()] == [chosen]


def test_the_form_proposes_the_default_channels(owner: Client, acme: Organization) -> None:
    a_channel(acme, "on-call", is_default=True)
    a_channel(acme, "archive")

    page = owner.get("/monitors/new").content.decode()

    boxes = re.findall(r'<input type="checkbox" name="channels"[^>]*>', page)
    assert sorted("checked" in box for box in boxes) == [False, True]


@pytest.mark.parametrize(
    ("changes", "field", "hint"),
    [
        ({"name": ""}, "name", "Give the monitor a name"),
        ({"every": "custom", "every_custom": ""}, "every_custom", "such as <code>30 s</code>"),
        ({"every": "custom", "every_custom": "soon"}, "every_custom", "such as <code>30 s</code>"),
        ({"every": "custom", "every_custom": "4 s"}, "every_custom", "An interval is 5 to"),
        ({"every": "custom", "every_custom": "400 days"}, "every_custom", "366 days"),
        ({"schedule": "cron", "cron": ""}, "cron", "<code>30 3 * * *</code>"),
        ({"schedule": "cron", "cron": "every day"}, "cron", "five fields"),
        ({"schedule": "cron", "cron": "0 3 * * *", "timezone": "Berlin"}, "timezone", "did you mean"),
        ({"grace": "a while"}, "grace", "such as <code>30 s</code>"),
        ({"alert_threshold": "0"}, "alert_threshold", "from 1 to 1,000"),
        ({"max_runtime": "-1"}, "max_runtime", "such as <code>30 s</code>"),
        ({"tags": "Nightly Jobs!"}, "tags", "is not a tag"),
        ({"channels": ["999999"]}, "channels", "not one of the available"),
    ],
)
def test_a_mistake_is_explained_beside_its_field(owner: Client, changes: dict[str, Any], field: str, hint: str) -> None:
    page = owner.post("/monitors/new", {**GIVEN, **changes})

    text = " ".join(page.content.decode().split())
    beside = text.split(f'id="id_{field}_error"', 1)[1][:900]
    assert page.status_code == 200
    assert hint in beside.replace("&#x27;", "'")
    assert not Monitor.objects.exists()


def test_a_name_that_is_taken_is_explained_beside_the_name(owner: Client, alices_monitor: Monitor) -> None:
    page = owner.post("/monitors/new", {**GIVEN, "name": "NIGHTLY BACKUP"}).content.decode()

    assert "has this name already" in page.split('id="id_name_error"')[1][:600]


def test_the_plan_is_explained(owner: Client, acme: Organization) -> None:
    acme.plan.monitor_limit, acme.plan.interval_floor_sec = 1, 60
    acme.plan.save()
    factories.monitor(acme)

    slow = owner.post("/monitors/new", {**GIVEN, "every": "30"}).content.decode()
    full = owner.post("/monitors/new", GIVEN).content.decode()

    assert "60 seconds or more" in slow
    assert "number of monitors is used up" in full


def test_editing_changes_what_was_asked_and_keeps_the_rest(
    owner: Client, acme: Organization, alices_monitor: Monitor
) -> None:
    channel = a_channel(acme)
    page = owner.get(f"/monitors/{alices_monitor.id}/edit").content.decode()

    owner.post(f"/monitors/{alices_monitor.id}/edit", {**GIVEN, "name": "Renamed", "channels": [channel.id]})

    alices_monitor.refresh_from_db()
    assert 'value="nightly backup"' in page
    assert (alices_monitor.name, alices_monitor.interval_sec, alices_monitor.grace_sec) == ("Renamed", 300, 60)
    assert [each.channel for each in alices_monitor.subscriptions.all()] == [channel]


@pytest.mark.parametrize("given", [{"interval_sec": 3600}, {"interval_sec": 4321}, {"cron": "5 4 * * 1"}])
def test_the_form_of_a_monitor_saves_back_what_it_shows(
    owner: Client, acme: Organization, given: dict[str, Any]
) -> None:
    monitor = factories.monitor(acme, tags=["a", "b"], description="why", max_runtime_sec=90, **given)
    shown = owner.get(f"/monitors/{monitor.id}/edit").context["form"]
    sent = {name: shown[name].value() for name in shown.fields if shown[name].value() not in (None, False)}
    before = Monitor.objects.filter(id=monitor.id).values(
        "interval_sec", "cron", "grace_sec", "tags", "max_runtime_sec"
    )[0]

    owner.post(f"/monitors/{monitor.id}/edit", sent)

    after = Monitor.objects.filter(id=monitor.id).values(*before)[0]
    assert after == before


def test_pausing_asks_and_resuming_does_not(owner: Client, alices_monitor: Monitor) -> None:
    question = owner.get(f"/monitors/{alices_monitor.id}/pause").content.decode()
    owner.post(f"/monitors/{alices_monitor.id}/pause")
    paused = owner.get(f"/monitors/{alices_monitor.id}").content.decode()
    owner.post(f"/monitors/{alices_monitor.id}/resume")

    assert "Silence goes unnoticed" in question
    assert "Silence alerts nobody" in paused
    assert "Resume" in paused
    assert Pulse.objects.get(monitor=alices_monitor).status == "new"


def test_deleting_asks_says_what_is_lost_and_goes_back_to_the_list(owner: Client, alices_monitor: Monitor) -> None:
    question = owner.get(f"/monitors/{alices_monitor.id}/delete").content.decode()
    deleted = owner.post(f"/monitors/{alices_monitor.id}/delete")

    assert "cannot be undone" in question
    assert deleted["Location"] == "/"
    assert owner.get(f"/monitors/{alices_monitor.id}").status_code == 404


def test_a_ping_is_shown_with_its_body_and_markup_in_it_is_inert(owner: Client, alices_monitor: Monitor) -> None:
    body = b"<script>alert(1)</script>\x1b[31m\xff done"
    Ping.objects.create(
        monitor=alices_monitor, received_at=datetime.now(UTC), kind="fail", method="POST", source="203.0.113.7",
        exit_code=3, duration_sec=2460.2, run_id="run-1", body_head=body, body_tail=b"the end", body_size=5000,
    )  # fmt: skip

    page = owner.get(f"/monitors/{alices_monitor.id}").content.decode()

    assert "&lt;script&gt;alert(1)&lt;/script&gt;\ufffd[31m\ufffd done" in page
    assert "<script>alert" not in page
    for expected in ["41 min", "POST 203.0.113.7", "run-1", "left out", "the end", "Failed"]:
        assert expected in page


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("up", "The next ping is due"),
        ("down", "one success brings it back up"),
        ("paused", "Silence alerts nobody"),
    ],
)
def test_the_head_says_what_comes_next(owner: Client, acme: Organization, status: str, expected: str) -> None:
    monitor = factories.healthy(acme, at=datetime.now(UTC) - timedelta(minutes=1))
    Pulse.objects.filter(monitor=monitor).update(status=status, misses=3)

    assert expected in owner.get(f"/monitors/{monitor.id}").content.decode()


def test_the_page_of_a_monitor_needs_a_fixed_number_of_queries(
    owner: Client, alices_monitor: Monitor, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    now = datetime.now(UTC)
    Ping.objects.bulk_create(Ping(monitor=alices_monitor, received_at=now, kind="success") for _ in range(30))

    with django_assert_max_num_queries(15):
        owner.get(f"/monitors/{alices_monitor.id}")


@pytest.mark.parametrize(
    ("cause", "ping", "expected"),
    [
        ("failed", {"kind": "fail", "exit_code": 3}, "The job ended with exit code 3."),
        ("failed", {"kind": "fail"}, "The job said that it failed."),
        ("missed", {"kind": "success"}, "An expected ping did not come."),
        ("gap", {"kind": "success"}, "Heartbeet was not listening"),
    ],
)
def test_the_head_says_why(
    owner: Client, alices_monitor: Monitor, cause: str, ping: dict[str, Any], expected: str
) -> None:
    at = datetime.now(UTC) - timedelta(minutes=1)
    Ping.objects.create(monitor=alices_monitor, received_at=at, **ping)
    alices_monitor.status_changes.create(at=at, from_status="up", to_status="down", cause=cause)

    assert expected in owner.get(f"/monitors/{alices_monitor.id}").content.decode()

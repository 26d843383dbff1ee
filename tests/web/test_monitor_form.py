"""The form of a monitor: what it shows, its preview, and making a monitor like another one."""

import re
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.domain.actor import SYSTEM
from accounts.models import AuditEvent, Organization
from alerts import operations as alert_operations
from alerts import subscriptions
from alerts.models import Channel
from alerts.subscriptions import Choice
from heartbeet.lib import clock
from monitors import operations, policies
from monitors.models import Monitor, Pulse
from tests import factories
from tests.web.test_monitor_pages import GIVEN, secrets_on

pytestmark = pytest.mark.django_db

BEET = {"kind": "beet", "name": "Checkouts"}
NIGHTLY = {**GIVEN, "schedule": "cron", "cron": "30 3 * * *", "timezone": "Europe/Berlin"}


def a_channel(organization: Organization, name: str, **changes: Any) -> Channel:
    made = alert_operations.create_channel(
        organization=organization, kind="email", name=name, config={"to": f"{name}@example.com"}, by=SYSTEM,
        now=clock.now(),
    )  # fmt: skip
    Channel.objects.filter(id=made.id).update(**changes)
    return made


def text_of(client: Client, url: str) -> str:
    return " ".join(client.get(url).content.decode().split())


def boxes(page: str) -> set[str]:
    """The names of the fields that a page has."""
    return set(re.findall(r'<(?:input|textarea|select)[^>]* name="(\w+)"', page)) - {"csrfmiddlewaretoken"}


def test_the_preview_is_there_before_anything_is_typed(owner: Client) -> None:
    page = text_of(owner, "/monitors/new")

    assert "Expected every 5 minutes" in page
    assert page.split('<table class="runs">')[1].split("</table>")[0].count("<time") == 5
    assert "If the job stops now" in page


def test_the_preview_of_a_monitor_is_of_what_it_has(owner: Client, acme: Organization) -> None:
    monitor = factories.monitor(acme, cron="30 3 * * *", timezone="Europe/Berlin")

    assert "Expected at 03:30 every day, Europe/Berlin" in text_of(owner, f"/monitors/{monitor.id}/edit")


def test_the_preview_says_what_keeps_it_from_counting(owner: Client, alices_monitor: Monitor) -> None:
    path, now = f"/monitors/{alices_monitor.id}/edit", clock.now()
    operations.snooze(monitor=alices_monitor, until=None, by=SYSTEM, now=now)
    snoozed = text_of(owner, path)
    operations.pause(monitor=alices_monitor, by=SYSTEM, now=now)
    paused = text_of(owner, path)

    assert "It is snoozed: this is told once the snooze is over." in snoozed
    assert "It is paused: this counts once it is resumed." in paused


def test_it_is_told_what_it_means_while_it_is_typed(owner: Client) -> None:
    query = "schedule=cron&cron=30+3+*+*+*&timezone=Europe/Berlin&channels=1"

    good = text_of(owner, f"/monitors/schedule?{query}&grace=5+min")
    bad = text_of(owner, "/monitors/schedule?schedule=cron&cron=30+3")
    none = text_of(owner, "/monitors/schedule?schedule=cron&cron=")

    assert "at 03:30 every day, Europe/Berlin" in good
    assert good.split('<table class="runs">')[1].split("</table>")[0].count("<time") == 5
    assert "you would be alerted" in good
    assert 'hx-swap-oob="innerHTML:#preview-said">Expected at 03:30' in good
    assert "<html" not in good
    assert "five fields" in bad
    assert "Write a cron line such as" in none


def test_the_preview_knows_the_plan_and_the_policy(owner: Client, acme: Organization) -> None:
    acme.plan.interval_floor_sec = 60
    acme.plan.save()
    policies.edit(organization=acme, changes={"alert_delay_sec": 600}, by=SYSTEM, now=clock.now())

    page = text_of(owner, "/monitors/schedule?every=30&channels=1")

    assert "60 seconds or more" in page
    assert "It is still down after 10 min: now it is told." in page


def test_the_empty_fields_show_what_the_organisation_has(owner: Client, acme: Organization) -> None:
    changes = {"alert_delay_sec": 600, "remind_every_sec": 14_400, "recovery_threshold": 3}
    policies.edit(organization=acme, changes=changes, by=SYSTEM, now=clock.now())

    page = owner.get("/monitors/new").content.decode()

    assert all(f'placeholder="{shown}"' in page for shown in ("10 min", "4 h", "3"))


@pytest.mark.parametrize("path", ["/monitors/new", "/monitors/{}/edit", "/monitors/{}/clone"])
def test_without_a_script_one_looks_first_and_nothing_is_saved(
    owner: Client, alices_monitor: Monitor, path: str
) -> None:
    before = Monitor.objects.values_list("name", "cron")
    typed = {**NIGHTLY, "name": "", "tags": "Not A Tag", "description": "mine", "preview": "1"}

    page = owner.post(path.format(alices_monitor.id), typed).content.decode()

    assert "Expected at 03:30 every day, Europe/Berlin" in page
    assert 'value="30 3 * * *"' in page
    assert 'value="Not A Tag"' in page
    assert ">\nmine</textarea>" in page
    assert "Please look at the marked" not in page
    assert "aria-invalid" not in page
    assert list(before) == [("nightly backup", "")]


def test_a_look_at_what_cannot_be_says_what_would_be_right(owner: Client) -> None:
    page = owner.post("/monitors/new", {**NIGHTLY, "cron": "30 25 * * *", "preview": "1"}).content.decode()

    assert "The hour <code>25</code> is not valid" in page.split('id="preview"')[1]


def test_a_form_that_comes_back_has_its_preview(owner: Client) -> None:
    page = owner.post("/monitors/new", {**NIGHTLY, "name": ""}).content.decode()

    assert "Give the monitor a name" in page
    assert "Expected at 03:30 every day, Europe/Berlin" in page


def test_the_enter_key_creates(owner: Client) -> None:
    """A browser presses the first button of a form."""
    page = owner.get("/monitors/new").content.decode().split('<form class="form')[1]

    buttons = re.findall(r"<button[^>]*>([^<]+)<", page.split("</form>")[0])

    assert buttons == ["Create the monitor", "Preview"]


def test_a_clone_is_like_the_other_one_but_for_its_name_and_its_url(owner: Client, acme: Organization) -> None:
    source = factories.created(
        acme, name="backup", cron="30 3 * * *", timezone="Europe/Berlin", grace_sec=5400, tags=["db"],
        max_runtime_sec=90, alert_delay_sec=60, url="internal://backup", description="why", post_only=True,
    )  # fmt: skip
    channel, other, left_out = (a_channel(acme, name) for name in ("ops", "boss", "archive"))
    told = [Choice(channel.id), Choice(other.id, ("opened",), "critical")]
    subscriptions.choose(monitor=source.monitor, wanted=told, by=SYSTEM, now=clock.now())
    form = owner.get(f"/monitors/{source.monitor.id}/clone").context["form"]
    shown = {name: form[name].value() for name in form.fields if form[name].value() not in (None, False)}

    created = owner.post(f"/monitors/{source.monitor.id}/clone", shown)

    clone = Monitor.objects.exclude(id=source.monitor.id).get()
    same = "type", "cron", "timezone", "grace_sec", "tags", "max_runtime_sec", "alert_delay_sec", "url", "description"
    assert clone.name == "backup copy"
    assert [getattr(clone, name) for name in same] == [getattr(source.monitor, name) for name in same]
    assert clone.post_only
    assert subscriptions.choices(clone) == told
    assert left_out.id not in shown["channels"]
    assert Pulse.objects.get(monitor=clone).status == "new"
    assert secrets_on(owner.get(created["Location"])).isdisjoint({source.secrets.token, ""})


def test_what_is_changed_in_the_form_of_a_clone_counts(owner: Client, acme: Organization) -> None:
    source = factories.monitor(acme, name="backup")
    one, two = a_channel(acme, "one"), a_channel(acme, "two")
    subscriptions.choose(monitor=source, wanted=[Choice(one.id, ("opened",))], by=SYSTEM, now=clock.now())

    owner.post(f"/monitors/{source.id}/clone", {**GIVEN, "name": "weekly", "channels": [two.id]})

    clone = Monitor.objects.get(name="weekly")
    assert clone.interval_sec == 300
    assert subscriptions.choices(clone) == [Choice(two.id)]
    assert subscriptions.choices(source) == [Choice(one.id, ("opened",))]


def test_a_beet_is_cloned_as_a_beet(owner: Client, acme: Organization) -> None:
    beet = factories.monitor(acme, type="beet", interval_sec=None, name="checkouts")

    owner.post(f"/monitors/{beet.id}/clone", {"name": "orders"})

    assert Monitor.objects.get(name="orders").type == "beet"


def test_a_clone_is_audited_as_what_it_is(owner: Client, acme: Organization) -> None:
    source, channel = factories.monitor(acme, name="backup"), a_channel(acme, "ops")
    subscriptions.choose(monitor=source, wanted=[Choice(channel.id, ("opened",))], by=SYSTEM, now=clock.now())

    owner.post(f"/monitors/{source.id}/clone", {**GIVEN, "name": "weekly", "channels": [channel.id]})

    clone = Monitor.objects.get(name="weekly")
    rows = AuditEvent.objects.filter(resource=f"monitor:{clone.id}").order_by("id")
    assert [row.action for row in rows] == ["CREATE_MONITOR", "UPDATE_MONITOR"]
    assert rows[1].meta["diff"]["subscriptions"]["to"] == [
        {"channelId": channel.id, "events": ["opened"], "minSeverity": "warning"}
    ]


COPIES = [
    ([], "backup", "backup copy", "the first"),
    (["backup copy"], "backup", "backup copy 2", "the next"),
    (["Backup COPY", "backup copy 3"], "backup", "backup copy 2", "whatever the letters"),
    ([], "backup copy", "backup copy 2", "a copy of a copy"),
    (["backup copy 2"], "backup copy", "backup copy 3", "and so on"),
    ([], "x" * 255, f"{'x' * 240} copy", "not too long"),
]


@pytest.mark.parametrize(("others", "name", "proposed", "reason"), COPIES)
def test_a_clone_is_proposed_a_free_name(
    owner: Client, acme: Organization, others: list[str], name: str, proposed: str, reason: str
) -> None:
    for other in others:
        factories.monitor(acme, name=other)
    source = factories.monitor(acme, name=name)

    assert f'value="{proposed}"' in owner.get(f"/monitors/{source.id}/clone").content.decode(), reason


def test_a_clone_with_a_name_that_is_taken_is_explained_beside_it(owner: Client, alices_monitor: Monitor) -> None:
    page = owner.post(f"/monitors/{alices_monitor.id}/clone", {**GIVEN, "name": alices_monitor.name}).content.decode()

    assert "has this name already" in page.split('id="id_name_error"')[1][:600]
    assert Monitor.objects.count() == 1


def test_cloning_is_offered_where_one_may(owner: Client, viewer: Client, alices_monitor: Monitor) -> None:
    link = f'href="/monitors/{alices_monitor.id}/clone"'

    assert link in text_of(owner, f"/monitors/{alices_monitor.id}")
    assert link not in text_of(viewer, f"/monitors/{alices_monitor.id}")


def test_tags_in_use_are_suggested_and_no_others(owner: Client, acme: Organization) -> None:
    factories.monitor(acme, tags=["db", "backup"])
    factories.monitor(acme, tags=["db"])
    gone = factories.monitor(acme, tags=["gone"])
    operations.delete(monitor=gone, by=SYSTEM, now=clock.now())
    factories.monitor(factories.organization("Elsewhere"), tags=["foreign"])

    page = owner.get("/monitors/new").content.decode()

    suggested = page.split('<datalist id="tags-in-use">')[1].split("</datalist>")[0]
    assert re.findall(r'value="([^"]+)"', suggested) == ["backup", "db"]


def test_a_channel_that_is_switched_off_says_so(owner: Client, acme: Organization) -> None:
    a_channel(acme, "ops", is_enabled=False)

    assert "ops (switched off)" in text_of(owner, "/monitors/new")


@pytest.mark.parametrize(
    ("path", "queries"), [("/monitors/new", 10), ("/monitors/{}/edit", 12), ("/monitors/{}/clone", 13)]
)
def test_a_form_needs_a_fixed_number_of_queries(
    owner: Client,
    acme: Organization,
    path: str,
    queries: int,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(20):
        source = factories.monitor(acme, tags=["db", f"tag-{number}"])
        a_channel(acme, f"channel-{number}", is_default=True)

    with django_assert_max_num_queries(queries):
        owner.get(path.format(source.id))


def test_the_preview_needs_few_queries(owner: Client, django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_max_num_queries(4):  # session, user, membership with its plan, policy
        owner.get("/monitors/schedule?every=300")

"""The form and the page of a beet: its rhythm, which values are good, and what they do not share with a heartbeat."""

import re
from typing import Any

import pytest
from django.test import Client

from accounts.domain.actor import SYSTEM
from accounts.models import Organization
from alerts import subscriptions
from alerts.subscriptions import Choice
from heartbeet.lib import clock
from monitors import policies
from monitors.models import Monitor
from tests import factories
from tests.web.test_monitor_form import BEET, a_channel, boxes, text_of
from tests.web.test_monitor_pages import GIVEN, secrets_on

pytestmark = pytest.mark.django_db


def test_a_beet_is_made_without_a_schedule(owner: Client, acme: Organization) -> None:
    channel = a_channel(acme, "ops")

    created = owner.post("/monitors/new", {**BEET, "tags": "shop", "channels": [channel.id]})

    made = Monitor.objects.get()
    assert (made.type, made.interval_sec, made.cron, made.max_runtime_sec, made.tags) == (
        "beet",
        None,
        "",
        None,
        ["shop"],
    )
    assert subscriptions.choices(made) == [Choice(channel.id)]
    assert len(secrets_on(owner.get(created["Location"]))) == 1


def test_what_stands_in_the_fields_of_a_heartbeat_is_no_concern_of_a_beet(owner: Client) -> None:
    nonsense = {"schedule": "never", "every": "x", "cron": "30 3", "grace": "soon", "alert_threshold": "0"}

    owner.post("/monitors/new", {**BEET, **nonsense, "max_runtime": "1 h"})

    made = Monitor.objects.get()
    assert (made.type, made.max_runtime_sec, made.alert_threshold) == ("beet", None, 1)


def test_without_a_kind_it_is_a_heartbeat_and_an_unknown_one_is_refused(owner: Client) -> None:
    owner.post("/monitors/new", GIVEN)
    refused = owner.post("/monitors/new", {**GIVEN, "name": "other", "kind": "turnip"}).content.decode()

    assert [monitor.type for monitor in Monitor.objects.all()] == ["heartbeat"]
    assert 'id="id_kind_error"' in refused


def test_the_form_says_what_either_kind_does(owner: Client) -> None:
    page = text_of(owner, "/monitors/new")

    assert "Heartbeat: a job that should run" in page
    assert "Beet: a stream of events" in page
    assert "learns how many are normal for each hour of the week" in page


def test_a_beet_is_made_with_how_it_is_judged(owner: Client) -> None:
    given = {"rho": "0.2", "budget": "52", "beet_zone": "Europe/Berlin", "learning_silence": "6 h"}
    told = {"alert_delay": "5 min", "remind_every": "4 h"}

    owner.post("/monitors/new", {**BEET, **given, **told, "timezone": "Asia/Tokyo"})

    made = Monitor.objects.get()
    assert (made.rho, made.budget_weeks, made.timezone, made.learning_silence_sec) == (0.2, 52, "Europe/Berlin", 21_600)
    assert (made.alert_delay_sec, made.remind_every_sec) == (300, 14_400)


def test_the_zone_of_who_asks_is_proposed_for_a_new_beet(owner: Client) -> None:
    owner.cookies["zone"] = "America/New_York"

    page = owner.get("/monitors/new").content.decode()

    assert re.search(r'name="beet_zone" value="America/New_York"', page)


BAD_RHYTHMS = [
    ({"rho": "0"}, "rho", "how far it has to fall", "no such choice"),
    ({"budget": "0"}, "budget", "from 1 to 520", "no weeks"),
    ({"beet_zone": "Mars/Olympus"}, "beet_zone", "Europe/", "no such zone"),
    ({"learning_silence": "5 s"}, "learning_silence", "60 to", "too short"),
    ({"learning_silence": "soon"}, "learning_silence", "Write a duration", "no duration"),
]


@pytest.mark.parametrize(("given", "box", "says", "reason"), BAD_RHYTHMS)
def test_what_a_beet_cannot_have_is_explained_beside_its_box(
    owner: Client, given: dict[str, str], box: str, says: str, reason: str
) -> None:
    page = owner.post("/monitors/new", {**BEET, **given}).content.decode()

    assert says in page.split(f'id="id_{box}_error"')[1].partition("</div>")[0], reason
    assert not Monitor.objects.exists()


@pytest.mark.parametrize(("given", "box", "says", "reason"), BAD_RHYTHMS)
def test_what_stands_in_the_fields_of_a_beet_is_no_concern_of_a_heartbeat(
    owner: Client, given: dict[str, str], box: str, says: str, reason: str
) -> None:
    owner.post("/monitors/new", {**GIVEN, **given})

    made = Monitor.objects.get()
    assert (made.rho, made.budget_weeks, made.learning_silence_sec) == (0.4, None, None), reason


def test_the_form_of_a_beet_shows_what_it_has_also_what_only_the_api_can_say(owner: Client, acme: Organization) -> None:
    beet = factories.monitor(
        acme, type="beet", interval_sec=None, rho=0.25, budget_weeks=8, learning_silence_sec=5400, timezone="Asia/Tokyo"
    )
    form = owner.get(f"/monitors/{beet.id}/edit").context["form"]
    shown = {name: form[name].value() for name in form.fields if form[name].value() not in (None, False)}

    owner.post(f"/monitors/{beet.id}/edit", shown)

    before = beet.rho, beet.budget_weeks, beet.learning_silence_sec, beet.timezone
    beet.refresh_from_db()
    assert (beet.rho, beet.budget_weeks, beet.learning_silence_sec, beet.timezone) == before
    assert "Below 25 %" in text_of(owner, f"/monitors/{beet.id}/edit")


def test_the_form_of_a_beet_has_a_place_for_the_replay(owner: Client, acme: Organization) -> None:
    beet = factories.monitor(acme, type="beet", interval_sec=None)
    job = factories.monitor(acme)

    of_beet, of_job = (owner.get(f"/monitors/{each.id}/edit") for each in (beet, job))

    assert "monitors/form/replay.html" in [template.name for template in of_beet.templates]
    assert "monitors/form/replay.html" not in [template.name for template in of_job.templates]


@pytest.mark.parametrize("kind", [GIVEN, BEET])
def test_either_kind_says_which_values_are_good(owner: Client, kind: dict[str, str]) -> None:
    given = {"value_below": "1", "value_above": "99.5", "value_per": "hour_mean", "value_band": "on"}

    owner.post("/monitors/new", {**kind, **given})

    made = Monitor.objects.get()
    assert (made.value_below, made.value_above, made.value_per, made.value_band) == (1.0, 99.5, "hour_mean", True)


@pytest.mark.parametrize(
    ("given", "box", "says"),
    [
        ({"value_below": "9", "value_above": "1"}, "value_below", "at least 9 and at most 1"),
        ({"value_above": "many"}, "value_above", "Write a number"),
        ({"value_above": "inf"}, "value_above", "Write a number"),
        ({"value_per": "day"}, "value_per", "Select a valid choice"),
    ],
)
def test_what_no_value_can_be_is_explained_and_unfolded(
    owner: Client, given: dict[str, str], box: str, says: str
) -> None:
    page = owner.post("/monitors/new", {**GIVEN, **given}).content.decode()

    assert says in page.split(f'id="id_{box}_error"')[1].partition("</div>")[0]
    assert '<details class="card form-fold" open>' in page


def test_values_are_folded_until_there_are_some(owner: Client, acme: Organization) -> None:
    plain, watched = factories.monitor(acme), factories.monitor(acme, value_below=0.0)

    assert '<details class="card form-fold">' in owner.get(f"/monitors/{plain.id}/edit").content.decode()
    assert '<details class="card form-fold" open>' in owner.get(f"/monitors/{watched.id}/edit").content.decode()


def test_the_form_of_a_beet_has_what_a_beet_has_and_keeps_its_kind(owner: Client, acme: Organization) -> None:
    beet = factories.monitor(acme, type="beet", interval_sec=None, name="checkouts")

    page = text_of(owner, f"/monitors/{beet.id}/edit")
    saved = owner.post(f"/monitors/{beet.id}/edit", {**GIVEN, "name": "Orders", "kind": "heartbeat"})

    beet.refresh_from_db()
    rhythm = {"rho", "budget", "beet_zone", "learning_silence", "alert_delay", "remind_every"}
    values = {"value_below", "value_above", "value_per", "value_band"}
    assert boxes(page) == {"name", "tags", "description", "post_only"} | rhythm | values
    assert "a stream of events. A monitor keeps its kind." in page
    assert (saved.status_code, beet.type, beet.name, beet.interval_sec) == (302, "beet", "Orders", None)


def test_the_page_and_the_settings_of_a_beet_speak_of_no_schedule(owner: Client, acme: Organization) -> None:
    beet = factories.monitor(acme, type="beet", interval_sec=None)

    page = text_of(owner, f"/monitors/{beet.id}")

    assert "<dt>Schedule</dt><dd>learns its rhythm</dd>" in page
    assert "<dt>Grace</dt>" not in page
    assert "cron <code>" not in page


def test_the_page_of_a_beet_says_how_it_is_judged(owner: Client, acme: Organization) -> None:
    beet = factories.monitor(
        acme, type="beet", interval_sec=None, rho=0.25, learning_silence_sec=5400, timezone="Asia/Tokyo"
    )
    policies.edit(organization=acme, changes={"beet_budget_weeks": 13}, by=SYSTEM, now=clock.now())

    page = text_of(owner, f"/monitors/{beet.id}")

    for name, value in [
        ("Alerts", "when it is silent, or below 25 % of usual"),
        ("False alarms", "one in 13 weeks, all beets together"),
        ("Until it has learned", "alerts after 1 h 30 min of silence"),
        ("Local time", "Asia/Tokyo"),
    ]:
        assert f"<dt>{name}</dt><dd>{value}</dd>" in page


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ({"value_below": 1}, "1 or more, each ping"),
        ({"value_above": 99.5, "value_per": "hour_sum"}, "99.5 or less, as the sum of each hour"),
        ({"value_band": True, "value_per": "hour_mean"}, "usual for its hour, as the mean of each hour"),
        ({"value_below": 0, "value_above": 1000, "value_band": True}, "0 to 1,000, usual for its hour, each ping"),
    ],
)
def test_the_page_of_a_monitor_says_which_values_are_good(
    owner: Client, acme: Organization, rule: dict[str, Any], says: str
) -> None:
    watched, plain = factories.monitor(acme, **rule), factories.monitor(acme)

    assert f"<dt>Value</dt><dd>{says}</dd>" in text_of(owner, f"/monitors/{watched.id}")
    assert "<dt>Value</dt>" not in text_of(owner, f"/monitors/{plain.id}")


def test_the_kind_of_a_heartbeat_stays_too(owner: Client, alices_monitor: Monitor) -> None:
    owner.post(f"/monitors/{alices_monitor.id}/edit", {**GIVEN, "kind": "beet"})

    alices_monitor.refresh_from_db()
    assert (alices_monitor.type, alices_monitor.interval_sec) == ("heartbeat", 300)
    assert "kind" not in boxes(text_of(owner, f"/monitors/{alices_monitor.id}/edit"))

"""Badges and the feed on the pages: who makes them, what is shown of them, and who may."""

import pytest
from django.conf import settings
from django.test import Client

from accounts.domain.actor import SYSTEM
from accounts.models import AuditEvent, Membership, Organization
from heartbeet.lib import clock
from monitors import badges, feeds
from monitors.models import Badge, Feed, Monitor
from tests import factories
from tests.web.conftest import sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def member(bob: Membership) -> Client:
    return sign_in(bob)


@pytest.fixture
def badge(alices_monitor: Monitor) -> Badge:
    return badges.switch_on(monitor=alices_monitor, by=SYSTEM, now=clock.now())


@pytest.fixture
def key(acme: Organization) -> str:
    return feeds.switch_on(organization=acme, by=SYSTEM, now=clock.now())


def test_a_monitor_has_no_badge_until_somebody_makes_one(member: Client, alices_monitor: Monitor) -> None:
    before = member.get(f"/monitors/{alices_monitor.id}").content.decode()
    made = member.post(f"/monitors/{alices_monitor.id}/badge", follow=True).content.decode()

    badge = Badge.objects.get()
    link = f"{settings.HEARTBEET_SITE_URL}/badge/{badge.public_id}.svg"
    assert "Make a badge" in before
    assert f'src="/badge/{badge.public_id}.svg"' in made
    assert f"![nightly backup]({link})" in made
    assert f"&lt;img src=&quot;{link}&quot; alt=&quot;nightly backup&quot; height=&quot;20&quot;&gt;" in made
    assert AuditEvent.objects.get(action="CREATE_BADGE").actor_email.startswith("bob")


def test_who_looks_on_sees_the_badge_and_no_buttons(viewer: Client, badge: Badge) -> None:
    for url in (f"/monitors/{badge.monitor_id}", "/settings/badges"):
        page = viewer.get(url).content.decode()

        assert f"/badge/{badge.public_id}.svg" in page
        assert "Replace" not in page
        assert "Switch off" not in page


def test_who_looks_on_is_not_offered_to_make_one(viewer: Client, acme: Organization) -> None:
    monitor = factories.monitor(acme, tags=["db"])

    assert "Make a badge" not in viewer.get(f"/monitors/{monitor.id}").content.decode()
    assert "Make a badge" not in viewer.get("/settings/badges").content.decode()


@pytest.mark.parametrize("step", ["replace", "delete"])
def test_a_link_dies_only_after_a_question(member: Client, badge: Badge, step: str) -> None:
    question = member.get(f"/settings/badges/{badge.id}/{step}").content.decode()
    alive = badges.find(badge.public_id)

    done = member.post(f"/settings/badges/{badge.id}/{step}")

    assert "dead at once" in question
    assert alive == badge
    assert done["Location"] == f"/monitors/{badge.monitor_id}"
    assert badges.find(badge.public_id) is None
    assert Badge.objects.count() == (1 if step == "replace" else 0)


def test_a_tag_gets_a_badge_among_the_settings(member: Client, acme: Organization) -> None:
    factories.monitor(acme, tags=["db", "eu"])

    offered = member.get("/settings/badges").content.decode()
    made = member.post("/settings/badges/new", {"tag": "db"}, follow=True).content.decode()

    assert "<option>db</option><option>eu</option>" in offered
    assert "<option>eu</option>" in made
    assert "<option>db</option>" not in made
    assert f"/badge/{Badge.objects.get(tag='db').public_id}.svg" in made


def test_the_badge_of_a_tag_leads_back_to_the_settings(member: Client, acme: Organization) -> None:
    factories.monitor(acme, tags=["db"])
    badge = badges.switch_on_for_tag(organization=acme, tag="db", by=SYSTEM, now=clock.now())

    assert member.post(f"/settings/badges/{badge.id}/replace")["Location"] == "/settings/badges"


def test_a_tag_that_nobody_has_gets_none(member: Client, acme: Organization) -> None:
    answer = member.post("/settings/badges/new", {"tag": "typo"}, follow=True)

    assert "No monitor has this tag" in answer.content.decode()
    assert not Badge.objects.exists()


def test_links_of_an_organisations_page_lead_out_of_it(owner: Client, badge: Badge) -> None:
    page = owner.get(f"{badge.organization.home}monitors/{badge.monitor_id}").content.decode()

    assert f'src="/badge/{badge.public_id}.svg"' in page
    assert f"{badge.organization.home}badge/" not in page


def test_a_name_that_means_harm_does_none_in_what_is_copied(owner: Client, acme: Organization) -> None:
    monitor = factories.monitor(acme, name='](javascript:alert(1)) <b> "q"')
    badges.switch_on(monitor=monitor, by=SYSTEM, now=clock.now())

    page = owner.get(f"/monitors/{monitor.id}").content.decode()

    assert "![\\](javascript:alert(1)) \\&lt;b\\&gt; &quot;q&quot;](http" in page
    assert "alt=&quot;](javascript:alert(1)) &amp;lt;b&amp;gt; &amp;quot;q&amp;quot;&quot;" in page
    assert "<b>" not in page


# The feed


def test_the_feed_is_off_until_an_owner_switches_it_on(owner: Client, acme: Organization) -> None:
    before = owner.get("/settings/badges").content.decode()
    made = owner.post("/settings/feed/new", follow=True).content.decode()
    again = owner.get("/settings/badges").content.decode()

    feed = feeds.of(acme)
    assert feed
    key = feeds.reveal(feed=feed, by=SYSTEM, now=clock.now())
    assert "Switch on the feed" in before
    assert f"{settings.HEARTBEET_SITE_URL}/feed/{key}.atom" in made
    assert key not in again


def test_its_address_is_shown_again_once_and_written_down(owner: Client, key: str) -> None:
    hidden = owner.get("/settings/badges").content.decode()
    shown = owner.post("/settings/feed/show", follow=True).content.decode()
    gone = owner.get("/settings/badges").content.decode()

    assert [key in page for page in (hidden, shown, gone)] == [False, True, False]
    assert AuditEvent.objects.filter(action="READ_FEED_KEY").count() == 1


def test_showing_it_asks_for_proof(alice: Membership, key: str) -> None:
    browser = sign_in(alice, recent=False)

    answer = browser.post("/settings/feed/show")

    assert answer["Location"].startswith("/account/confirm")
    assert not AuditEvent.objects.filter(action="READ_FEED_KEY").exists()


def test_a_new_address_is_shown_and_the_old_one_is_dead(owner: Client, key: str) -> None:
    question = owner.get("/settings/feed/replace").content.decode()
    shown = owner.post("/settings/feed/replace", follow=True).content.decode()

    assert "dead at once" in question
    assert key not in shown
    assert "/feed/" in shown
    assert feeds.find(key) is None


def test_it_is_switched_off_after_a_question(owner: Client, key: str) -> None:
    owner.get("/settings/feed/delete")
    alive = feeds.find(key)

    owner.post("/settings/feed/delete")

    assert alive
    assert not Feed.objects.exists()


@pytest.mark.parametrize("path", ["show", "replace", "delete"])
def test_a_feed_that_is_off_has_nothing_to_show(owner: Client, path: str) -> None:
    assert owner.post(f"/settings/feed/{path}").status_code == 404


@pytest.mark.parametrize("is_on", [True, False])
def test_a_member_sees_whether_it_is_on_and_no_more(
    member: Client, acme: Organization, is_on: bool, request: pytest.FixtureRequest
) -> None:
    if is_on:
        request.getfixturevalue("key")

    page = member.get("/settings/badges").content.decode()

    assert ("It is on. An owner" in page, "It is off. An owner" in page) == (is_on, not is_on)
    assert "/settings/feed/" not in page


def test_an_address_waits_for_the_page_of_its_own_organisation(alice: Membership, key: str) -> None:
    """Somebody who belongs to two, and has two tabs."""
    beta = factories.organization("Beta")
    Membership.objects.create(user=alice.user, organization=beta, role="owner", created_at=factories.NOON)
    feeds.switch_on(organization=beta, by=SYSTEM, now=clock.now())
    browser = sign_in(alice)

    browser.post(f"{alice.organization.home}settings/feed/show")
    theirs = browser.get(f"{beta.home}settings/badges").content.decode()
    own = browser.get(f"{alice.organization.home}settings/badges").content.decode()

    assert (key in theirs, key in own) == (False, True)


def test_the_page_needs_a_fixed_number_of_queries(
    owner: Client, acme: Organization, django_assert_max_num_queries: pytest.FixtureRequest
) -> None:
    for _ in range(10):
        badges.switch_on(monitor=factories.monitor(acme), by=SYSTEM, now=clock.now())

    with django_assert_max_num_queries(8):  # type: ignore[operator]  # who, banner, badges, tags, feed
        owner.get("/settings/badges")

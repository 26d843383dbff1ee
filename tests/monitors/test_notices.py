"""What an organisation is told when we did not listen: one calm letter for each gap, to those who answer for it."""

import json
from datetime import datetime, timedelta

import pytest
from django.conf import settings

from accounts import letters
from accounts.models import Letter, Membership, Organization
from heartbeet.lib import crypto
from monitors import notices, sweep
from monitors.models import Gap, GapNotice, Monitor, Unheard
from tests import factories

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
PINGED = factories.NOON
GAP_FROM, GAP_TO = PINGED + HOUR, PINGED + HOUR + 6 * MINUTE
LATER = GAP_TO + 2 * MINUTE


@pytest.fixture
def gap(db: None) -> Gap:
    """Six minutes around the due of what pings at noon."""
    return Gap.objects.create(started_at=GAP_FROM, ended_at=GAP_TO, reason="stopped")


def judge(at: datetime = GAP_TO) -> None:
    sweep.run(watermark=at, now=at)


def post() -> list[dict[str, str]]:
    """The letters that were written, opened."""
    opened = [crypto.unseal(each.envelope, bound_to=letters.binding(each)) for each in Letter.objects.order_by("id")]
    return [json.loads(each) for each in opened]


def test_owners_and_administrators_get_one_letter_and_nobody_else(
    gap: Gap, alice: Membership, adam: Membership, bob: Membership, vera: Membership, charlie: Membership
) -> None:
    factories.healthy(alice.organization, at=PINGED)
    judge()

    sent = notices.send_due(now=LATER), notices.send_due(now=LATER)

    assert sent == (1, 0)
    assert [letter["to"] for letter in post()] == [alice.user.email, adam.user.email]


def test_the_letter_says_when_and_whom_and_what_follows(gap: Gap, alice: Membership, acme: Organization) -> None:
    monitors = [factories.healthy(acme, at=PINGED, name=name) for name in ("nightly backup", "<b>sync</b>")]
    judge()

    notices.send_due(now=LATER)

    (letter,) = post()
    words = " ".join(letter["text"].split())
    assert letter["subject"] == "We were not listening from 13:00 to 13:06 UTC on 05 January"
    assert "We were not listening from 5 January 2026, 13:00:00 to 5 January 2026, 13:06:00 UTC (6 minutes)." in words
    assert '2 of your monitors were due then; they are "unknown", nobody was paged.' in words
    for monitor, name in zip(monitors, ("nightly backup", "<b>sync</b>"), strict=True):
        assert f"- {name}: {settings.HEARTBEET_SITE_URL}/o/{acme.slug}/monitors/{monitor.id}\n" in letter["text"]


def test_a_long_list_is_cut_and_says_so(gap: Gap, alice: Membership, acme: Organization) -> None:
    for _ in range(notices.NAMED + 3):
        factories.healthy(acme, at=PINGED)
    judge()

    notices.send_due(now=LATER)

    (letter,) = post()
    assert letter["text"].count("\n- ") == notices.NAMED
    assert f"and 3 more: {settings.HEARTBEET_SITE_URL}/o/{acme.slug}/\n" in letter["text"]


@pytest.mark.parametrize(
    ("now", "why"),
    [
        (GAP_TO + 59 * timedelta(seconds=1), "it may still grow"),
        (GAP_TO + MINUTE - timedelta(microseconds=1), "others that were due in it may not have been judged"),
    ],
)
def test_a_letter_waits_until_the_gap_is_over_for_a_while(
    gap: Gap, alice: Membership, acme: Organization, now: datetime, why: str
) -> None:
    factories.healthy(acme, at=PINGED)
    judge()

    assert notices.send_due(now=now) == 0, why


def test_each_organisation_hears_of_its_own(gap: Gap, alice: Membership, charlie: Membership) -> None:
    for membership in (alice, charlie):
        factories.healthy(membership.organization, at=PINGED, name=f"job of {membership.organization_id}")
    judge()

    notices.send_due(now=LATER)

    texts = {letter["to"]: letter["text"] for letter in post()}
    for membership, other in ((alice, charlie), (charlie, alice)):
        assert f"job of {membership.organization_id}:" in texts[membership.user.email]
        assert f"job of {other.organization_id}:" not in texts[membership.user.email]


def test_two_gaps_are_two_letters(gap: Gap, alice: Membership, acme: Organization) -> None:
    factories.healthy(acme, at=PINGED)
    factories.healthy(acme, at=PINGED + 2 * HOUR)
    judge()
    Gap.objects.create(started_at=GAP_FROM + 2 * HOUR, ended_at=GAP_TO + 2 * HOUR, reason="stopped")
    judge(GAP_TO + 2 * HOUR)

    notices.send_due(now=LATER + 2 * HOUR)

    assert len(post()) == 2


def test_who_becomes_unknown_after_the_letter_is_listed_without_a_second_one(
    gap: Gap, alice: Membership, acme: Organization
) -> None:
    patient = factories.healthy(acme, at=PINGED, grace_sec=7200)
    factories.healthy(acme, at=PINGED)
    judge()
    notices.send_due(now=LATER)

    judge(PINGED + 3 * HOUR)
    sent = notices.send_due(now=PINGED + 4 * HOUR)

    assert sent == 0
    assert list(Unheard.objects.order_by("id").values_list("monitor_id", flat=True))[-1] == patient.id
    assert len(post()) == 1


def test_a_monitor_that_was_down_already_is_not_listed(gap: Gap, acme: Organization) -> None:
    monitor = factories.healthy(acme, at=PINGED - 2 * HOUR)
    judge(PINGED)

    judge()

    assert Monitor.objects.get(pulse__status="down") == monitor
    assert not GapNotice.objects.exists()

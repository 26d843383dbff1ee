"""The operators' page: who listens, and when nobody did."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils.html import strip_tags

from accounts.models import Membership, Organization
from heartbeet.lib import clock
from monitors.domain.gaps import Reason
from monitors.models import Deafness, Gap, GapNotice, Unheard
from tests import factories

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


@pytest.fixture
def operator(owner: Client, alice: Membership) -> Client:
    """Alice, who also runs the installation."""
    alice.user.is_staff = True
    alice.user.save()
    return owner


def text_of(page: Client) -> str:
    return " ".join(strip_tags(page.get("/operator").content.decode()).split())


def test_it_is_as_good_as_absent_for_those_who_run_nothing(owner: Client) -> None:
    assert owner.get("/operator").status_code == 404


def test_it_tells_the_processes_and_what_they_do(operator: Client) -> None:
    now = clock.now()
    _node("listens:1")
    _node("deaf:2", deaf=Reason.FROZEN)
    _node("gone:3", died_at=now)
    _node("ended:4", stopped_at=now)
    _node("quiet:5", silent_sec=12.5)

    text = text_of(operator)

    for process, state in [
        ("listens:1", "Listening"),
        ("deaf:2", "Not listening"),
        ("gone:3", "Lost"),
        ("ended:4", "Stopped"),
        ("quiet:5", "Silent"),
    ]:
        assert f"{state} {process}" in text
    assert "the process stood still" in text
    assert "nothing was heard of it for 12 s" in text


def test_it_tells_the_gaps_and_how_many_monitors_they_left_unknown(operator: Client, acme: Organization) -> None:
    now = clock.now()
    gap = Gap.objects.create(started_at=now - 10 * MINUTE, ended_at=now - 4 * MINUTE, reason=Reason.STOPPED)
    notice = GapNotice.objects.create(gap=gap, organization=acme, created_at=now)
    for name in "ab":
        Unheard.objects.create(notice=notice, monitor=factories.monitor(acme, name=name), at=now)

    text = text_of(operator)

    assert "no process was running 6 min 2" in text


def test_it_tells_what_is_wrong(operator: Client) -> None:
    assert "The miss detector has never run." in text_of(operator)


def _node(name: str, *, deaf: Reason | None = None, **fields: object) -> None:
    now = clock.now()
    node = factories.node(at=now, **{"name": name, "listening_since": now - 5 * MINUTE, **fields})
    if deaf:
        Deafness.objects.create(node=node, started_at=now - MINUTE, reason=deaf)

"""The times in which nobody listened are said where states are shown."""

from datetime import timedelta

import pytest
from django.test import Client

from heartbeet.lib import clock
from monitors.domain.gaps import Reason
from monitors.models import Gap, GapNotice, Monitor
from monitors.web import gap_lines

pytestmark = pytest.mark.django_db

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def _gap(ago: timedelta, reason: Reason = Reason.STOPPED) -> None:
    begun = clock.now() - ago
    Gap.objects.create(started_at=begun, ended_at=begun + 6 * MINUTE, reason=reason)


def _pages(owner: Client, monitor: Monitor) -> list[str]:
    """The status views, as they load and as they refresh themselves."""
    urls = ["/", f"/monitors/{monitor.id}"]
    return [owner.get(url, headers=headers).content.decode() for url in urls for headers in ({}, {"HX-Request": "1"})]


def test_each_status_view_tells_a_gap_of_today(owner: Client, alices_monitor: Monitor) -> None:
    _gap(2 * HOUR)

    pages = _pages(owner, alices_monitor)

    assert all("We were not listening" in page and "Heartbeet was not running." in page for page in pages)


def test_a_gap_of_long_ago_is_told_no_more(owner: Client, alices_monitor: Monitor) -> None:
    _gap(25 * HOUR)

    assert not any("We were not listening" in page for page in _pages(owner, alices_monitor))


def test_many_gaps_do_not_bury_the_monitors(owner: Client, alices_monitor: Monitor) -> None:
    for minutes in range(10, 100, 10):
        _gap(minutes * MINUTE)

    page = owner.get("/").content.decode()

    assert page.count("We were not listening") == 3
    assert "And 6 more times in the last day." in page


def test_every_reason_has_words() -> None:
    assert set(gap_lines.WHY) == set(Reason)


def _restart(ago: timedelta) -> Gap:
    """A gap of a few seconds."""
    begun = clock.now() - ago
    return Gap.objects.create(started_at=begun, ended_at=begun + timedelta(seconds=4), reason=Reason.STOPPED)


def test_a_restart_of_a_few_seconds_is_not_worth_a_word(owner: Client, alices_monitor: Monitor) -> None:
    _restart(ago=HOUR)

    assert not any("We were not listening" in page for page in _pages(owner, alices_monitor))


def test_it_is_if_it_left_a_monitor_unknown(owner: Client, alices_monitor: Monitor) -> None:
    GapNotice.objects.create(gap=_restart(HOUR), organization=alices_monitor.organization, created_at=clock.now())

    assert "We were not listening" in owner.get("/").content.decode()


def test_a_monitor_says_nothing_of_the_time_before_it_was_made(owner: Client, alices_monitor: Monitor) -> None:
    _gap(2 * HOUR)
    Monitor.objects.filter(id=alices_monitor.id).update(created_at=clock.now() - HOUR)

    assert "We were not listening" not in owner.get(f"/monitors/{alices_monitor.id}").content.decode()

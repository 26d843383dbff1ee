"""The form of a beet says how often it would have alerted with what is typed, before it is saved."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from django.test import Client

from accounts.models import Organization
from heartbeet.lib import clock
from heartbeet.lib.words import Teller
from monitors import rehearsals
from monitors.domain import hours
from monitors.domain.rehearsal import Rehearsal
from monitors.domain.rhythm import Alarm
from monitors.models import Gap, Monitor, Pulse, Rhythm, StatusChange
from monitors.web import present_replay
from tests import factories
from tests.monitors import beets
from tests.monitors.beets import DAY, HOUR, NOON, WEEK

pytestmark = pytest.mark.django_db


def past(weeks: float, rate: int = 30, *, silences: tuple[int, ...] = ()) -> np.ndarray:
    """Hours up to now, with thirty hours of nothing that began so many days ago."""
    counts = np.random.default_rng(1).poisson(rate, int(weeks * 168))
    for days in silences:
        counts[-24 * days : 30 - 24 * days] = 0
    return counts


def beet(of: Organization, counts: np.ndarray, *, until: datetime | None = None, **given: Any) -> Monitor:
    row = factories.monitor(of, type="beet", interval_sec=None, now=NOON - 52 * WEEK, **given)
    Rhythm.objects.get_or_create(monitor=row)
    beets.counted(row, counts, until=until or hours.floor(clock.now()))
    return row


def text_of(client: Client, monitor: Monitor, query: str = "") -> str:
    return client.get(f"/monitors/{monitor.id}/replay{query}").content.decode()


def test_the_form_says_how_often_it_would_have_been_and_when(owner: Client, acme: Organization) -> None:
    monitor = beet(acme, past(16, silences=(10, 30)))

    page = owner.get(f"/monitors/{monitor.id}/edit").content.decode()

    assert "With these settings you would have been alerted 2 times in the past 8 weeks." in page
    assert page.count("went silent: 0 of ") == 2
    assert "as if the events of an hour had come evenly" in page
    assert f'hx-get="/monitors/{monitor.id}/replay"' in page


def test_what_is_typed_counts_and_is_not_saved(owner: Client, acme: Organization) -> None:
    counts = past(16)
    counts[-240:-200] = counts[-240:-200] * 0.75
    monitor = beet(acme, counts)

    saved = text_of(owner, monitor)
    typed = text_of(owner, monitor, "?rho=0.8&budget=1&beet_zone=Europe/Berlin")

    assert "would not have been alerted in the past 8 weeks" in saved
    assert "dropped: " in typed
    assert "(warning)" in typed
    monitor.refresh_from_db()
    assert (monitor.rho, monitor.budget_weeks, monitor.timezone) == (0.4, None, "UTC")


def test_an_empty_budget_is_the_organisations(owner: Client, acme: Organization) -> None:
    monitor = beet(acme, past(16, silences=(10,)), budget_weeks=1)

    own, shared = (text_of(owner, monitor, f"?rho=0.4&budget={typed}&beet_zone=UTC") for typed in ("1", ""))

    assert own != shared


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("?rho=7", "Choose how far it has to fall."),
        ("?budget=0", "Write a whole number of weeks from 1 to 520."),
        ("?beet_zone=Mars", "Mars"),
    ],
)
def test_what_cannot_be_is_said_in_its_place(owner: Client, acme: Organization, query: str, why: str) -> None:
    told = text_of(owner, beet(acme, past(16, silences=(10,))), query)

    assert why in told
    assert "alerted" not in told


@pytest.mark.parametrize(
    ("weeks", "says"),
    [
        (0, "It has counted nothing yet. A replay needs 14 days to learn from, and some to judge."),
        (1, "It has counted for 7 days. A replay needs 14 days to learn from, and some to judge."),
        (3, "With these settings you would not have been alerted in the past 7 days."),
        (12, "With these settings you would not have been alerted in the past 8 weeks."),
    ],
)
def test_it_judges_what_time_there_is(owner: Client, acme: Organization, weeks: int, says: str) -> None:
    assert says in text_of(owner, beet(acme, past(weeks)))


def test_without_script_the_form_replays_what_was_typed(owner: Client, acme: Organization) -> None:
    monitor = beet(acme, past(16, silences=(10,)))

    typed = {"name": monitor.name, "rho": "0.8", "budget": "x", "beet_zone": "UTC", "preview": "1"}
    page = owner.post(f"/monitors/{monitor.id}/edit", typed).content.decode()

    assert "Write a whole number of weeks from 1 to 520." in page


def test_a_new_beet_and_a_heartbeat_have_no_past(owner: Client, acme: Organization) -> None:
    job = factories.monitor(acme)

    pages = [owner.get(path).content.decode() for path in ("/monitors/new", f"/monitors/{job.id}/edit")]

    assert all('id="replay"' not in page for page in pages)
    assert "It has counted nothing yet." in text_of(owner, job)


def test_while_it_learns_its_page_says_what_would_have_been(owner: Client, acme: Organization) -> None:
    monitor = beet(acme, past(12 / 7, silences=(3,)))
    Pulse.objects.filter(monitor=monitor).update(status="learning")

    page = owner.get(f"/monitors/{monitor.id}").content.decode()

    assert "It still learns and tells nobody. By what it knows so far you would have been alerted once" in page


@pytest.mark.parametrize(("days", "status"), [(6, "learning"), (12, "up")])
def test_too_early_and_later_its_page_says_nothing_of_that(
    owner: Client, acme: Organization, days: int, status: str
) -> None:
    monitor = beet(acme, past(days / 7, silences=(3,)))
    Pulse.objects.filter(monitor=monitor).update(status=status)

    assert "While it learns" not in owner.get(f"/monitors/{monitor.id}").content.decode()


# What is read


def alarms_of(monitor: Monitor) -> list[Alarm]:
    found = rehearsals.of_monitor(monitor, now=NOON)
    assert found is not None, "it has counted"
    return found.alarms


def test_pauses_and_times_in_which_nobody_listened_are_no_silence(acme: Organization) -> None:
    monitor = beet(acme, past(16, silences=(10, 20, 30)), until=NOON)
    at = NOON - 20 * DAY
    Gap.objects.create(started_at=NOON - 10 * DAY, ended_at=NOON - 10 * DAY + 30 * HOUR, reason="stopped")
    for moment, before, after in [(at, "up", "paused"), (at + 30 * HOUR, "paused", "up")]:
        StatusChange.objects.create(
            monitor=monitor, at=moment, from_status=before, to_status=after, cause="paused"
        )  # fmt: skip

    (alarm,) = alarms_of(monitor)

    assert NOON - 30 * DAY < alarm.opened_at < NOON - 29 * DAY


def test_the_hours_between_an_import_and_the_first_event_are_no_silence(acme: Organization) -> None:
    counts = past(16)
    counts[-20 * 24 : -10 * 24] = 0
    monitor = beet(acme, counts, until=NOON)
    Monitor.objects.filter(id=monitor.id).update(created_at=NOON - 15 * DAY)
    monitor.refresh_from_db()

    assert alarms_of(monitor) == []


def test_only_the_last_sixteen_weeks_are_read(acme: Organization) -> None:
    monitor = beet(acme, past(20, silences=(10, 60, 130)), until=NOON)

    found = rehearsals.of_monitor(monitor, now=NOON)

    assert found is not None
    assert (found.learned_from, found.learned_to) == (NOON - 16 * WEEK, NOON - 8 * WEEK)
    assert len(found.alarms) == 1


# What is said


def rehearsal(count: int) -> Rehearsal:
    opened = [NOON + number * HOUR for number in range(count)]
    alarms = [Alarm(at, at + timedelta(minutes=40), "drop", "warning", 1234.5, 300, 9.0) for at in opened]
    return Rehearsal("a", NOON - 8 * WEEK, NOON, NOON + 3 * WEEK, 5000, alarms)


@pytest.mark.parametrize(("count", "times"), [(1, "once"), (2, "2 times"), (1200, "1,200 times")])
def test_it_is_said_how_often(count: int, times: str) -> None:
    panel = present_replay.panel(rehearsal(count), Teller(NOON))

    assert panel.says == f"With these settings you would have been alerted {times} in the past 3 weeks."


def test_of_many_the_newest_are_shown() -> None:
    panel = present_replay.panel(rehearsal(20), Teller(NOON + 3 * WEEK))

    assert [f"{line.at.at:%d %H}" for line in panel.lines[:2]] == ["06 07", "06 06"]
    assert (len(panel.lines), panel.more) == (8, "and 12 more before")
    assert panel.lines[0].what == "dropped: 300 of 1,234 expected, over after 40 min"
    assert panel.lines[0].at.at.tzinfo is UTC


def test_too_few_events_are_no_quiet_past() -> None:
    found = Rehearsal("a", NOON - 8 * WEEK, NOON, NOON + WEEK, 12, [])

    assert present_replay.panel(found, Teller(NOON)).says == (
        "It has counted 12 events; a replay needs 50 to learn from."
    )

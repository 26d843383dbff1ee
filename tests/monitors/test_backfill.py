"""A beet gets the history that it had elsewhere, keeps what it counted itself, and learns at once."""

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from accounts.domain.actor import Actor
from accounts.models import AuditEvent
from heartbeet.lib import clock
from monitors import backfill, rollup
from monitors.domain import hours
from monitors.domain.imports import Stream
from monitors.models import HourlyCount, Monitor, Ping, Pulse, Rhythm
from tests import factories
from tests.monitors import beets
from tests.monitors.beets import DAY, HOUR, NOON, WEEK, counted, rates_of, rhythm_of

pytestmark = pytest.mark.django_db


def stream(counts: list[int], *, until: datetime = NOON) -> Stream:
    """A stream with these counts in the hours up to a moment."""
    first = until - len(counts) * HOUR
    times = first.timestamp() + 3600 * np.arange(len(counts), dtype=np.float64)
    return Stream("checkout", times, np.array(counts, np.int64))


def load(monitor: Monitor, given: Stream, now: datetime = NOON) -> backfill.Imported:
    return backfill.load(monitor=monitor, stream=given, by=Actor(email="a@example.com"), now=now)


def counts_of(monitor: Monitor, since: datetime, length: int) -> list[int]:
    """What is stored for so many hours."""
    table = np.zeros(length, np.int64)
    for row in HourlyCount.objects.filter(monitor=monitor):
        for hour, events in enumerate(hours.unpack([bytes(row.counts)])[0].tolist()):
            number = hours.first_hour(row.day) + hour - hours.number(since)
            if 0 <= number < length:
                table[number] = events
    return table.tolist()


def test_a_beet_that_gets_its_history_has_learned_at_once() -> None:
    monitor = beets.beet(made_at=NOON)

    found = load(monitor, stream([7] * 8 * 168))

    assert (found.events, found.hours, found.kept, found.too_old) == (7 * 8 * 168, 8 * 168, 0, 0)
    assert (found.since, found.until) == (NOON - 8 * WEEK, NOON)
    assert rates_of(monitor) == pytest.approx(np.full(168, 7.0), rel=1e-5)
    assert Pulse.objects.get(monitor=monitor).deadline == NOON
    assert rhythm_of(monitor).best_count == 7


def test_hours_in_which_the_monitor_itself_counted_stay() -> None:
    monitor = beets.beet(made_at=NOON - 4 * HOUR)
    counted(monitor, [5, 0, 6], until=NOON - HOUR)

    found = load(monitor, stream([1, 2, 5, 4, 9, 8]))

    assert counts_of(monitor, NOON - 6 * HOUR, 6) == [1, 2, 5, 4, 6, 8]
    assert (found.events, found.hours, found.kept) == (20, 5, 1)


def test_what_was_imported_before_is_replaced() -> None:
    monitor = beets.beet(made_at=NOON)
    load(monitor, stream([1, 2, 3, 4]))

    load(monitor, stream([9, 0], until=NOON - HOUR))

    assert counts_of(monitor, NOON - 4 * HOUR, 4) == [1, 9, 0, 4]


def test_what_the_monitor_counts_later_and_what_was_imported_both_hold() -> None:
    monitor = beets.beet(made_at=NOON - 2 * DAY)
    load(monitor, stream([3, 3, 3]))
    Ping.objects.bulk_create(
        Ping(monitor=monitor, received_at=at, kind="success") for at in [*[NOON - HOUR] * 4, NOON - 2 * HOUR]
    )
    Pulse.objects.filter(monitor=monitor).update(last_success_at=NOON - HOUR)

    rollup.run(watermark=NOON)

    assert counts_of(monitor, NOON - 3 * HOUR, 3) == [3, 3, 4]


def test_days_without_any_event_need_no_row() -> None:
    monitor = beets.beet(made_at=NOON)

    load(monitor, stream([1, *[0] * 100, 1]))

    assert HourlyCount.objects.count() == 2


def test_what_is_older_than_two_years_is_left_out() -> None:
    monitor = beets.beet(made_at=NOON)
    kept = 2 * 366 * 24

    found = load(monitor, stream([1] * (kept + 10)))

    assert (found.hours, found.too_old) == (kept, 10)
    with pytest.raises(backfill.TooOld):
        load(monitor, stream([1], until=NOON - 1000 * DAY))


def test_it_is_written_down_who_did_it() -> None:
    monitor = beets.beet(made_at=NOON)

    load(monitor, stream([1, 2]))

    event = AuditEvent.objects.get(action="IMPORT_HISTORY")
    assert (event.resource, event.actor_email) == (f"monitor:{monitor.id}", "a@example.com")
    assert event.meta["stream"] == "checkout"
    assert (event.meta["events"], event.meta["hours"], event.meta["since"]) == (3, 2, "2026-01-05T10:00:00+00:00")


def test_heartbeats_and_deleted_beets_have_no_history() -> None:
    gone = beets.beet()
    gone.deleted_at = NOON

    for monitor in (factories.monitor(), gone):
        with pytest.raises(backfill.NotABeet):
            load(monitor, stream([1]))

    assert not HourlyCount.objects.exists()


# The command


def file_of(tmp_path: Path, rows: list[str]) -> str:
    path = tmp_path / "history.csv"
    path.write_text("\n".join(["stream,timestamp,count", *rows]) + "\n")
    return str(path)


def recent(count: int, stream: str = "checkout", length: int = 20 * 24) -> list[str]:
    end = hours.floor(clock.now())
    return [f"{stream},{end - number * HOUR:%Y-%m-%dT%H:%M:%SZ},{count}" for number in range(length, 0, -1)]


def test_the_command_says_what_it_took_and_what_it_learned(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    monitor = beets.beet(made_at=clock.now(), name="orders")

    call_command("import", file_of(tmp_path, recent(5)), "--monitor", str(monitor.id))

    told = capsys.readouterr().out
    assert told.startswith("orders: 2,400 events in 480 hours imported, ")
    assert "It has learned from 2,400 events of " in told
    assert Rhythm.objects.get(monitor=monitor).rates is not None


def test_the_command_says_what_is_missing_to_learn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    monitor = beets.beet(made_at=clock.now())

    call_command("import", file_of(tmp_path, recent(5, length=24)), "--monitor", str(monitor.id))

    assert "It has not learned yet: in the last 8 weeks there are 120 events; it takes 14 days and 50 events." in (
        capsys.readouterr().out
    )


def test_of_several_streams_one_is_chosen(tmp_path: Path) -> None:
    monitor = beets.beet(made_at=clock.now())
    path = file_of(tmp_path, [*recent(5, "a", 3), *recent(6, "b", 3)])

    with pytest.raises(CommandError, match=r"2 streams \(a, b\); choose one with --stream"):
        call_command("import", path, "--monitor", str(monitor.id))
    with pytest.raises(CommandError, match="no stream c; it has a, b"):
        call_command("import", path, "--monitor", str(monitor.id), "--stream", "c")
    call_command("import", path, "--monitor", str(monitor.id), "--stream", "b")

    assert Rhythm.objects.get(monitor=monitor).events == 18


def test_a_mistake_anywhere_leaves_everything_as_it_was(tmp_path: Path) -> None:
    monitor = beets.beet(made_at=clock.now())
    path = file_of(tmp_path, [*recent(5, length=3), "checkout,2027-13-01T00:00:00Z,1"])

    with pytest.raises(CommandError, match=r"history.csv: Line 5: '2027-13-01T00:00:00Z' is not a time"):
        call_command("import", path, "--monitor", str(monitor.id))

    assert not HourlyCount.objects.exists()
    assert not AuditEvent.objects.filter(action="IMPORT_HISTORY").exists()


def test_what_cannot_be_is_said(tmp_path: Path) -> None:
    path, job = file_of(tmp_path, recent(5, length=3)), factories.monitor()

    with pytest.raises(CommandError, match="There is no monitor 999999"):
        call_command("import", path, "--monitor", "999999")
    with pytest.raises(CommandError, match="Only a beet has a history"):
        call_command("import", path, "--monitor", str(job.id))
    with pytest.raises(CommandError, match="Mars is not a time zone"):
        call_command("import", path, "--monitor", str(job.id), "--timezone", "Mars")
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("import", str(tmp_path / "none.csv"), "--monitor", str(beets.beet().id))


def test_times_without_an_offset_are_of_the_given_zone(tmp_path: Path) -> None:
    at = hours.floor(clock.now()) - timedelta(days=3)
    monitor = beets.beet(made_at=clock.now())

    path = file_of(tmp_path, [f"a,{at:%Y-%m-%d %H:%M},4"])
    call_command("import", path, "--monitor", str(monitor.id), "--timezone", "Asia/Kolkata")

    assert counts_of(monitor, at - 6 * HOUR, 2) == [4, 0]

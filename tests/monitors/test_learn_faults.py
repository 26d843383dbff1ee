"""What goes wrong around learning: it loses no beet and nobody's word, and one that is broken stops no other."""

import struct
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from accounts.domain.actor import SYSTEM
from monitors import learn, operations, rhythm_sql, rhythms, rollup, transitions
from monitors.models import Incident, Monitor, Ping, Pulse, Rhythm, RollupMark, StatusChange
from tests import factories
from tests.monitors import beets
from tests.monitors.beets import DAY, HOUR, NOON, WEEK, constant, counted, is_ready, rates_of, rhythm_of

pytestmark = pytest.mark.django_db


def test_a_clock_that_was_set_forward_and_back_stops_neither_counting_nor_learning() -> None:
    monitor = beets.beet()
    counted(monitor, constant(5, 8 * WEEK))
    RollupMark.objects.update(rolled_until=NOON + 52 * WEEK)
    Rhythm.objects.update(learned_at=NOON + 52 * WEEK)

    transitions.rewound(now=NOON + HOUR / 2)
    Ping.objects.create(monitor=monitor, received_at=NOON + HOUR / 2, kind="success")
    Pulse.objects.filter(monitor=monitor).update(last_success_at=NOON + HOUR / 2)

    assert rhythms.rolled_until() == NOON
    assert rollup.run(watermark=NOON + HOUR) == [NOON]
    assert learn.run(now=NOON + 26 * HOUR) == 1
    assert is_ready(monitor)


def test_a_clock_set_back_by_a_little_leaves_what_is_counted_and_learned() -> None:
    monitor = beets.beet()
    counted(monitor, constant(5, WEEK))
    Rhythm.objects.update(learned_at=NOON - HOUR)

    transitions.rewound(now=NOON + timedelta(minutes=1))

    assert rhythms.rolled_until() == NOON
    assert rhythm_of(monitor).learned_at == NOON - HOUR


def test_a_beet_that_the_release_before_made_learns_too() -> None:
    """It knows nothing of rhythms, and may still run while this one begins."""
    monitor = factories.monitor(type="beet", interval_sec=None, now=NOON - WEEK)
    Rhythm.objects.all().delete()
    Pulse.objects.update(status="new", last_success_at=NOON - HOUR)
    Ping.objects.create(monitor=monitor, received_at=NOON - HOUR, kind="success")

    rollup.run(watermark=NOON)
    learn.run(now=NOON)

    assert (rhythm_of(monitor).events, rhythm_of(monitor).best_count) == (1, 1)


def test_the_word_of_a_person_counts_also_while_learning_is_at_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monitor = beets.beet()
    counted(monitor, constant(5, 8 * WEEK))
    Incident.objects.create(monitor=monitor, cause="silence", title="x", opened_at=NOON - HOUR)
    write = rhythm_sql.write_learned

    def resolved_meanwhile(*given: Any, **named: Any) -> None:
        operations.resolve(incident=Incident.objects.get(), by=SYSTEM, now=NOON)
        write(*given, **named)

    monkeypatch.setattr(rhythm_sql, "write_learned", resolved_meanwhile)
    learn.run(now=NOON)
    monkeypatch.undo()

    assert learn.run(now=NOON + timedelta(minutes=1)) == 1


@pytest.mark.parametrize("fault", ["a zone that is not known here", "numbers that the row refuses"])
def test_one_that_cannot_be_learned_keeps_no_other_from_it(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    broken, *others = [beets.beet(name=f"stream {number}") for number in range(3)]
    for monitor in (broken, *others):
        counted(monitor, constant(5, 8 * WEEK))
    if fault == "a zone that is not known here":
        Monitor.objects.filter(id=broken.id).update(timezone="Atlantis/Capital")
    else:
        with_profile = learn._with_profile

        def spoilt(row: rhythm_sql.Learned, profile: Any) -> rhythm_sql.Learned:
            found = with_profile(row, profile)
            return found._replace(burst=0.0) if row.monitor_id == broken.id else found

        monkeypatch.setattr(learn, "_with_profile", spoilt)

    assert learn.run(now=NOON) == 3

    assert [is_ready(monitor) for monitor in (broken, *others)] == [False, True, True]


def test_what_came_while_it_was_paused_is_nothing_to_learn_from() -> None:
    """A rhythm of no events at all would never alert, and say that all is well."""
    monitor = beets.beet()
    counted(monitor, constant(5, 5 * WEEK), until=NOON + WEEK)
    moves = [(NOON - 5 * WEEK, "learning", "paused"), (NOON - DAY, "paused", "learning")]
    for at, before, after in moves:
        StatusChange.objects.create(monitor=monitor, at=at, from_status=before, to_status=after, cause="paused")

    RollupMark.objects.update(rolled_until=NOON)
    learn.run(now=NOON)
    after_a_day = is_ready(monitor)
    RollupMark.objects.update(rolled_until=NOON + WEEK)
    learn.run(now=NOON + WEEK)

    assert not after_a_day
    assert rates_of(monitor) == pytest.approx(np.full(168, 5.0), rel=1e-3)


def test_a_beet_that_was_deleted_meanwhile_is_not_woken() -> None:
    """The sweep passes over the deleted, so a wake-up of theirs would stay due until they are purged."""
    monitor = beets.beet()
    Pulse.objects.filter(monitor=monitor).update(deadline=None)
    Monitor.objects.filter(id=monitor.id).update(deleted_at=NOON)
    row = rhythm_sql.Learned(monitor.id, NOON - WEEK, NOON, 100, "UTC", struct.pack("<168f", *[1.0] * 168))

    learn._write([row], NOON)

    assert Pulse.objects.get(monitor=monitor).deadline is None

"""The file that keeps pings while the database is away."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitors.domain.status import Kind
from monitors.ingest.arrival import Arrival, Batch, Body
from monitors.ingest.spool import Spool, SpoolFull

NOON_US = 1_790_000_000_000_000


def batch(*offsets_us: int) -> Batch:
    return Batch([Arrival(b"d" * 32, NOON_US + offset, Kind.SUCCESS, "GET", "192.0.2.7") for offset in offsets_us])


def oldest(spool: Spool) -> Batch:
    found = spool.oldest()
    assert found is not None
    return found


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "spool.sqlite3"


@pytest.fixture
def spool(path: Path) -> Iterator[Spool]:
    made = Spool(path, max_mb=16)
    yield made
    made.close()


def test_batches_come_out_oldest_first_with_their_ids_and_times(spool: Spool) -> None:
    first, second = batch(1, 2), batch(3)
    spool.put(first)
    spool.put(second)

    out = oldest(spool)

    assert (out.id, [each.received_us for each in out.arrivals]) == (first.id, [NOON_US + 1, NOON_US + 2])
    spool.remove(out)
    assert oldest(spool).id == second.id


def test_everything_a_ping_says_survives(spool: Spool) -> None:
    body = Body(b"\x00head\xff", b"tail", 9000)
    said = Arrival(b"d" * 32, NOON_US, Kind.FAIL, "POST", "2001:db8::1", "run-7", 3221225477, 1.5, body)
    spool.put(Batch([said]))

    assert oldest(spool).arrivals == [said]


def test_it_knows_since_when_it_waits(spool: Spool) -> None:
    assert (spool.is_empty, spool.oldest_us()) == (True, None)

    spool.put(batch(7, 5))

    assert (spool.is_empty, spool.oldest_us()) == (False, NOON_US + 5)


def test_another_process_finds_what_was_left(path: Path, spool: Spool) -> None:
    spool.put(batch(1))
    spool.close()

    heir = Spool(path, max_mb=16)

    assert oldest(heir).arrivals[0].received_us == NOON_US + 1
    heir.close()


def test_every_commit_is_on_disk_before_it_returns(spool: Spool) -> None:
    assert spool._connection is not None
    assert spool._connection.execute("PRAGMA synchronous").fetchone() == (2,)


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(b"this is not a database", id="another file"),
        pytest.param(b"SQLite format 3\x00" + b"\xff" * 8176, id="a header and rubbish"),
    ],
)
def test_a_damaged_file_is_moved_aside_and_a_new_one_works(path: Path, damage: bytes) -> None:
    path.write_bytes(damage)

    spool = Spool(path, max_mb=16)
    spool.put(batch(1))

    assert spool.oldest() is not None
    assert [each.read_bytes() for each in path.parent.glob("*.damaged-*")] == [damage]
    spool.close()


def test_a_file_that_is_damaged_while_open_is_moved_aside(path: Path, spool: Spool) -> None:
    spool.put(batch(1))
    spool.close()
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    path.write_bytes(data)

    spool.put(batch(2))

    assert oldest(spool).arrivals[0].received_us == NOON_US + 2
    assert list(path.parent.glob("*.damaged-*"))


def test_one_unreadable_batch_is_set_aside_and_the_next_comes(path: Path, spool: Spool) -> None:
    spool.put(batch(1))
    spool.put(batch(2))
    with sqlite3.connect(path) as other:
        other.execute("UPDATE batch SET arrivals = 'rubbish' WHERE seq = 1")

    out = oldest(spool)

    assert out.arrivals[0].received_us == NOON_US + 2
    with sqlite3.connect(path) as other:
        assert other.execute("SELECT error, arrival FROM quarantine").fetchall() == [("damaged", "rubbish")]


def _fill(spool: Spool) -> int:
    for count in range(1000):
        try:
            spool.put(batch(*range(2000)))
        except SpoolFull:
            return count
    raise AssertionError("it takes any number")


def test_its_limit_of_size_holds_and_what_it_has_stays(path: Path) -> None:
    spool = Spool(path, max_mb=1)
    stored = _fill(spool)

    assert 0 < path.stat().st_size <= 1024 * 1024
    for _ in range(stored):
        spool.remove(oldest(spool))
    spool.put(batch(1))
    spool.close()


def test_a_folder_that_cannot_be_written_is_a_full_spool_and_no_crash(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(SpoolFull):
        Spool(tmp_path / "file" / "spool.sqlite3", max_mb=16).put(batch(1))


def test_an_emptied_spool_gives_the_disk_back(path: Path, spool: Spool) -> None:
    batches = [batch(*range(2000)) for _ in range(20)]
    for each in batches:
        spool.put(each)
    for each in batches:
        spool.remove(each)
    spool.close()

    assert path.stat().st_size < 100_000


class OnAFullDisk(Spool):
    """Its file can be read, and takes no change any more once `is_full`."""

    is_full = False

    def _open(self) -> sqlite3.Connection:
        made = super()._open()
        if self.is_full:
            made.execute("PRAGMA query_only = ON")
        return made


def test_a_full_disk_keeps_no_spool_from_being_drained(path: Path) -> None:
    spool = OnAFullDisk(path, max_mb=16)
    batches = [batch(number) for number in range(3)]
    for each in batches:
        spool.put(each)
    spool.close()
    spool.is_full = True

    drained = []
    while not spool.is_empty:
        drained.append(oldest(spool).id)
        spool.remove(oldest(spool))

    assert drained == [each.id for each in batches]
    assert (spool.oldest_us(), spool.oldest()) == (None, None)
    spool.close()


def test_what_a_full_disk_kept_is_deleted_with_the_next_that_is_drained(path: Path) -> None:
    spool = OnAFullDisk(path, max_mb=16)
    spool.put(batch(1))
    spool.close()
    spool.is_full = True
    spool.remove(oldest(spool))
    spool.close()
    spool.is_full = False

    spool.put(newest := batch(2))
    assert oldest(spool).id == newest.id
    spool.remove(newest)

    spool.close()
    with sqlite3.connect(path) as file:
        assert file.execute("SELECT count(*) FROM batch").fetchone() == (0,)
    file.close()

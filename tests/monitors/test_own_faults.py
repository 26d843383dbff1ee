"""What goes wrong on our side for long, or twice at once: it pages nobody, and it hides nobody for long."""

from datetime import timedelta

import pytest

from monitors import transitions
from monitors.domain.gaps import Deaf, Reason
from monitors.ingest import node
from monitors.ingest.listener import Listener
from monitors.models import IngestNode, Pulse, Watermark
from tests import factories
from tests.monitors.world import HOUR, MINUTE, SECOND, World, opened, spans, status

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture
def world() -> World:
    """One process listens, and the sweep ticks."""
    made = World()
    made.listen()
    made.go(2 * SECOND)
    return made


# Two at once


@pytest.mark.parametrize("reason", [Reason.FROZEN, Reason.CLOCK])
def test_a_moment_of_another_deafness_does_not_end_the_one_that_lasts(world: World, reason: Reason) -> None:
    process, deaf_since, job = world.nodes[0], world.now, world.job(5 * MINUTE)
    world.beat(process, Deaf(deaf_since, None, Reason.CANARY))
    world.go(MINUTE)

    world.beat(process, Deaf(world.now - 6 * SECOND, world.now, reason))
    world.rest(9 * MINUTE)

    assert spans() == [(deaf_since, world.now, "canary")]
    assert (status(job), opened()) == ("unknown", [])


# The next chance


def test_a_job_of_rare_promises_is_awaited_from_the_end_of_the_gap(world: World) -> None:
    """It pings every five minutes and must once a day: what was lost in the gap came before the gap's end."""
    job = world.job(DAY)
    for _ in range(3):
        world.true += 5 * MINUTE
        world.ping(job)
    world.stop(world.nodes[0])
    world.away(10 * MINUTE)
    world.listen()
    heard_again = world.now

    world.rest(DAY - 2 * MINUTE)
    before = status(job)
    world.rest(5 * MINUTE)

    assert before == "unknown"
    assert opened() == [(job.monitor.id, heard_again + DAY + MINUTE)]


# Clocks


def test_a_clock_set_back_touches_only_what_lies_in_the_future(world: World) -> None:
    old, new = world.job(HOUR, name="old"), world.job(DAY, name="new")
    world.rest(10 * MINUTE)
    world.ping(new)
    before = Pulse.objects.values().get(monitor=old.monitor)

    transitions.rewound(now=world.now - 5 * MINUTE)

    assert Pulse.objects.values().get(monitor=old.monitor) == before
    assert Pulse.objects.get(monitor=new.monitor).deadline == world.now - 5 * MINUTE


# Another database under us


def test_a_database_restored_under_a_running_process_is_a_gap(world: World) -> None:
    """Its pings since the backup are lost, though it listened."""
    job = world.living(5 * MINUTE, pings=MINUTE)
    backup = {model: model.objects.values().get() for model in (Pulse, IngestNode, Watermark)}
    saved_at = world.now
    world.rest(30 * MINUTE)
    world.jobs.clear()

    for model, row in backup.items():
        model.objects.update(**row)
    world.go(10 * SECOND)

    ((began, _, reason),) = spans()
    assert (began, reason) == (saved_at, "stopped")
    assert (status(job), opened()) == ("unknown", [])


@pytest.mark.parametrize("backup", ["older than the process", "newer"])
def test_a_process_on_a_restored_database_listens_from_now_on(backup: str) -> None:
    started, restored = factories.NOON, factories.NOON + HOUR
    process = node.Node(Listener(), name="one", is_only=False)
    for at in (started, started + MINUTE):
        process.beat(at, stored_through=at, predecessors=())
    if backup == "newer":
        IngestNode.objects.update(beat_at=started, flushed_through=started)
    else:
        IngestNode.objects.all().delete()

    process.beat(restored, stored_through=restored - SECOND, predecessors=())
    process.beat(restored + SECOND, stored_through=restored + SECOND, predecessors=())

    assert IngestNode.objects.get().listening_since == restored - SECOND

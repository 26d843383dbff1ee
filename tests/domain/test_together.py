"""How many monitors are, taken together."""

import pytest

from monitors.domain import together
from monitors.domain.status import Status

TABLE = [
    ([], None, "no monitors"),
    (["up"], "up", "up"),
    (["down"], "down", "down"),
    (["up", "up"], "up", "all 2 up"),
    (["up", "down", "late", "down"], "down", "2 of 4 down"),
    (["late", "unknown", "up"], "unknown", "1 of 3 unknown"),
    (["late", "up", "paused"], "late", "1 of 3 late"),
    (["warning", "unknown"], "warning", "1 of 2 warning"),
    (["up", "new", "learning", "paused"], "up", "1 of 4 up"),
    (["new", "learning"], "learning", "1 of 2 learning"),
    (["new", "paused"], "new", "1 of 2 new"),
    (["paused", "paused"], "paused", "all 2 paused"),
]


@pytest.mark.parametrize(("found", "worst", "words"), TABLE)
def test_the_worst_counts_and_how_many_are_so(found: list[str], worst: str | None, words: str) -> None:
    states = [Status(each) for each in found]

    assert (together.worst(states), together.describe(states)) == (worst, words)


def test_every_state_has_its_rank() -> None:
    assert {together.worst([status]) for status in Status} == set(Status)

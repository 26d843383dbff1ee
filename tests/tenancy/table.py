"""Hand-written tables of who gets what, as text: one line for each method of a route, one column for each who asks. The
first line names the columns."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.tenancy.houses import House

Body = Mapping[str, Any] | Callable[[House], Mapping[str, Any]]


@dataclass(frozen=True)
class Row:
    """What a method of a route answers to each who asks. `then` is where pages lead when something is done,
    `why` the reason for which everybody may ask."""

    method: str
    path: str
    expected: dict[str, str]
    body: Body | None = None
    then: str = ""
    why: str = ""

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def is_collection(self) -> bool:
        """Whether the route names no row."""
        return "<" not in self.path

    def body_for(self, house: House) -> Mapping[str, Any] | None:
        """What to send for what this house has."""
        return self.body(house) if callable(self.body) else self.body


def rows(text: str, bodies: Mapping[str, Body] | None = None) -> list[Row]:
    """The rows of a table. `bodies` are by `METHOD path`; a POST or PATCH without one sends nothing."""
    bodies = bodies or {}
    header, *lines = text.strip().splitlines()
    _, _, *columns = header.split()
    found = [_row(columns, line.split(None, len(columns) + 1), bodies) for line in lines]
    unused = set(bodies) - {str(row) for row in found}
    assert not unused, f"bodies that no row sends: {unused}"
    return found


def _row(columns: Sequence[str], words: Sequence[str], bodies: Mapping[str, Body]) -> Row:
    method, path, *expected = words
    assert len(expected) == len(columns), f"{method} {path} has {len(expected)} answers for {len(columns)} columns"
    cells = dict(zip(columns, expected, strict=True))
    then, why = cells.pop("then", ""), cells.pop("why", "")
    return Row(method, path, cells, bodies.get(f"{method} {path}"), then, why)

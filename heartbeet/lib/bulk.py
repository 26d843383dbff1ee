"""Many changes in one request: all of them, or none."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from django.db import transaction

Item = TypeVar("Item")
Made = TypeVar("Made")


class ItemFailed(Exception):
    """One of the items cannot be done, so none was. `path` is its place in the body, like `monitors.3`, and the cause
    of this exception says why."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


@transaction.atomic
def each(items: Iterable[tuple[str, Item]], act: Callable[[Item], Made]) -> list[Made]:
    """Do something to each of the items, which come with their paths, in one transaction. Raises ItemFailed."""
    made = []
    for path, item in items:
        try:
            made.append(act(item))
        except Exception as error:
            raise ItemFailed(path) from error
    return made

"""Names for addresses: `Acme Ltd` is `acme-ltd`, or `acme-ltd-2` where that is taken."""

from collections.abc import Callable
from typing import TypeVar

from django.db import IntegrityError, transaction
from django.utils.text import slugify

Row = TypeVar("Row")

LONGEST_STEM = 90


def first_free(name: str, insert: Callable[[str], Row], *, nameless: str) -> Row:
    """The row that `insert` makes with the first slug that is free; `nameless` is for a name without letters."""
    stem = slugify(name)[:LONGEST_STEM] or nameless
    for number in range(1, 1000):
        try:
            with transaction.atomic():
                return insert(stem if number == 1 else f"{stem}-{number}")
        except IntegrityError:
            continue
    raise RuntimeError(f"no free slug for {stem}")

"""Changing the encryption keys: everything that is sealed is sealed again with the first key, while the service runs.

Batches are short transactions over rows that nobody else holds, so neither waits for the other. What was changed
meanwhile is sealed with the first key anyway; run it again, as often as you like, until nothing is left.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import models, transaction
from django.db.models.functions import Substr

from accounts.models import BrowserSession, KeptAnswer, Letter, WebhookSecret
from alerts import queries as alerts_queries
from alerts.models import Channel
from heartbeet.lib import crypto
from monitors import operations as monitors_operations
from monitors.models import Token

BATCH = 200


@dataclass(frozen=True, slots=True)
class Column:
    """A column of envelopes, and what the envelope of a row is bound to."""

    model: type[models.Model]
    name: str
    binding: Callable[[Any], str]

    @property
    def label(self) -> str:
        """What its rows are called: `browser sessions`."""
        return str(self.model._meta.verbose_name_plural)

    def stale(self) -> models.QuerySet[Any]:
        """The rows that another key than the first one has sealed."""
        first = crypto.beginning()
        rows = self.model._default_manager.exclude(**{self.name: ""}).order_by("pk")
        found: models.QuerySet[Any] = rows.annotate(head=Substr(self.name, 1, len(first))).exclude(head=first)
        return found

    def reseal(self, row: Any) -> None:
        """Seal a row again. Raises crypto.CannotOpen."""
        binding = self.binding(row)
        plaintext = crypto.unseal(getattr(row, self.name), bound_to=binding)
        envelope = crypto.seal(plaintext, bound_to=binding)
        self.model._default_manager.filter(pk=row.pk).update(**{self.name: envelope})

    def kid_of(self, row: Any) -> str:
        """The id of the key that sealed a row."""
        return crypto.kid_of(getattr(row, self.name))


COLUMNS = (
    Column(Token, "envelope", lambda row: monitors_operations.binding(bytes(row.digest))),
    Column(Channel, "secrets", alerts_queries.binding),
    Column(WebhookSecret, "envelope", lambda row: f"webhook-secret:{row.uid}"),
    Column(KeptAnswer, "envelope", lambda row: f"answer:{row.token_id}:{row.key}"),
    Column(BrowserSession, "envelope", lambda row: f"session:{row.digest}"),
    Column(Letter, "envelope", lambda row: f"letter:{row.uid}"),
)
"""Every sealed column there is; a test finds the ones that are missing here."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one column. `unopened` counts by key id the rows that no key of ours opens; `left` counts the ones
    that could be opened and were not sealed again, for somebody held them just then."""

    label: str
    resealed: int = 0
    unopened: Mapping[str, int] = field(default_factory=dict)
    left: int = 0


def run() -> Iterator[Outcome]:
    """Seal everything again that another key than the first one has sealed, column by column."""
    for column in COLUMNS:
        resealed, unopened = 0, Counter[str]()
        for done, failed in _batches(column):
            resealed += done
            unopened += failed
        yield Outcome(column.label, resealed, dict(unopened), column.stale().count() - unopened.total())


def check() -> dict[str, int]:
    """How many rows another key than the first one has sealed, by what they are called. None at all means that the
    other keys may go."""
    return {column.label: column.stale().count() for column in COLUMNS}


def _batches(column: Column) -> Iterator[tuple[int, Counter[str]]]:
    """Work through a column by its primary keys: how many rows were sealed again, and which could not be opened."""
    after: Any = None
    while True:
        with transaction.atomic():
            rows = list(_next(column, after))
            failed = Counter(column.kid_of(row) for row in rows if not _is_resealed(column, row))
        if not rows:
            return
        yield len(rows) - failed.total(), failed
        after = rows[-1].pk


def _next(column: Column, after: Any) -> models.QuerySet[Any]:
    """Rows that nobody holds right now: waiting for them could end in a deadlock, and they may be deleted just then."""
    stale = column.stale() if after is None else column.stale().filter(pk__gt=after)
    return stale.select_for_update(skip_locked=True, no_key=True)[:BATCH]


def _is_resealed(column: Column, row: Any) -> bool:
    try:
        column.reseal(row)
    except crypto.CannotOpen:
        return False
    return True

"""Changing the encryption keys: everything that is sealed is sealed again with the first key, while the service runs.

Batches are short transactions over rows that nobody else holds, so neither waits for the other. What was changed
meanwhile is sealed with the first key anyway; run it again, as often as you like, until nothing is left.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from allauth.mfa.models import Authenticator
from django.db import models, transaction
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce, Substr

from accounts import answers, factor_adapter, factors, letters, sessions, webhooks
from accounts.models import BrowserSession, KeptAnswer, Letter, WebhookSecret
from alerts import queries as alerts_queries
from alerts.models import Channel
from heartbeet.lib import crypto
from monitors import feeds
from monitors import operations as monitors_operations
from monitors.models import Feed, Token

BATCH = 200


@dataclass(frozen=True)
class Column:
    """A column of envelopes, and what the envelope of a row is bound to."""

    model: type[models.Model]
    name: str
    binding: Callable[[Any], str]

    @property
    def label(self) -> str:
        """What its rows are called: `browser sessions`."""
        return str(self.model._meta.verbose_name_plural)

    def rows(self) -> models.QuerySet[Any]:
        """The rows that hold an envelope, `sealed`."""
        found: models.QuerySet[Any] = self.model._default_manager.annotate(sealed=self.expression())
        return found.exclude(sealed="").exclude(sealed=None).order_by("pk")

    def stale(self) -> models.QuerySet[Any]:
        """Those that another key than the first one has sealed."""
        first = crypto.beginning()
        rows: models.QuerySet[Any] = self.rows().annotate(head=Substr("sealed", 1, len(first)))
        return rows.exclude(head=first)

    def opens(self, row: Any) -> bool:
        """Whether one of our keys opens the envelope of a row of `rows()`."""
        try:
            crypto.unseal(row.sealed, bound_to=self.binding(row))
        except crypto.CannotOpen:
            return False
        return True

    def expression(self) -> models.expressions.Combinable:
        """Where the database finds the envelope."""
        return models.F(self.name)

    def reseal(self, row: Any) -> None:
        """Seal a row of `stale()` again. Raises crypto.CannotOpen."""
        binding = self.binding(row)
        envelope = crypto.seal(crypto.unseal(row.sealed, bound_to=binding), bound_to=binding)
        self.model._default_manager.filter(pk=row.pk).update(**{self.name: envelope})


class FactorColumn(Column):
    """Second factors keep their envelope inside of JSON, an app's secret or the seed of recovery codes. Passkeys have
    none: what is stored of them is public."""

    def expression(self) -> models.expressions.Combinable:
        return Coalesce(*(KeyTextTransform(place, self.name) for place in factors.SEALED))

    def reseal(self, row: Any) -> None:
        factors.reseal(row)


COLUMNS = (
    Column(Token, "envelope", lambda row: monitors_operations.binding(bytes(row.digest))),
    Column(Channel, "secrets", alerts_queries.binding),
    Column(WebhookSecret, "envelope", webhooks.binding),
    Column(Feed, "envelope", lambda row: feeds.binding(bytes(row.digest))),
    Column(KeptAnswer, "envelope", lambda row: answers.binding(row.token_id, row.key)),
    Column(BrowserSession, "envelope", lambda row: sessions.binding(row.digest)),
    Column(Letter, "envelope", letters.binding),
    FactorColumn(Authenticator, "data", lambda row: factor_adapter.binding(row.user_id)),
)
"""Every sealed column there is; a test finds the ones that are missing here."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one column. `unopened` counts by key id the rows that no key of ours opens; `left` counts the ones
    that other keys than the first have sealed still: after `run`, because somebody held them just then."""

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


def check() -> Iterator[Outcome]:
    """Change nothing, and open everything. Once nothing is left and nothing cannot be opened, the other keys may go."""
    for column in COLUMNS:
        shut = (row for row in column.rows().iterator(chunk_size=BATCH) if not column.opens(row))
        unopened = Counter(crypto.kid_of(row.sealed) for row in shut)
        yield Outcome(column.label, unopened=dict(unopened), left=column.stale().count())


def _batches(column: Column) -> Iterator[tuple[int, Counter[str]]]:
    """Work through a column by its primary keys: how many rows were sealed again, and which could not be opened."""
    after: Any = None
    while True:
        with transaction.atomic():
            rows = list(_next(column, after))
            failed = Counter(crypto.kid_of(row.sealed) for row in rows if not _is_resealed(column, row))
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

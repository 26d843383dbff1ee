"""Answers to requests that came with an `Idempotency-Key`: kept for a day, so that a client that did not hear us can
ask again without changing things twice.

A claim is committed before the work starts, so that a second request with the key meets it in any process. The answer
is kept in the transaction of the change: neither exists without the other. A process that dies in between leaves a
claim without an answer; after `LEASE` the next request with the key takes it over. Should the first one live after
all, it finds its claim gone, and its change is undone.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta

from django.db.models import QuerySet

from accounts.models import AccessToken, KeptAnswer
from heartbeet.lib import crypto

KEPT = timedelta(hours=24)
LEASE = timedelta(seconds=60)


class InProgress(Exception):
    """A request with this Idempotency-Key is still running: ask again in a moment."""


class ReplayConflict(Exception):
    """This Idempotency-Key was used for another request: take a new key."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a client was told; `body` is the JSON text and may hold a secret."""

    status: int
    body: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to do the work of a key: whoever else claims it gets another `started_at`."""

    token_id: int
    key: str
    started_at: datetime


def claim(*, token: AccessToken, key: str, request_digest: str, now: datetime) -> Claim | Answer:
    """Claim a key for a request; the answer, if the request was answered already.

    `request_digest` tells requests apart. Raises InProgress, or ReplayConflict for another request's key.
    """
    mine = {"request_digest": request_digest, "started_at": now, "status": None, "envelope": ""}
    row, is_new = KeptAnswer.objects.get_or_create(token=token, key=key, defaults=mine)
    if is_new:
        return Claim(token.id, key, now)
    is_fresh = row.started_at > now - KEPT
    if is_fresh and row.request_digest != request_digest:
        raise ReplayConflict(ReplayConflict.__doc__)
    if is_fresh and row.status is not None:
        return _open(row)
    is_held = row.started_at > now - LEASE
    if is_held or not KeptAnswer.objects.filter(id=row.id, started_at=row.started_at).update(**mine):
        raise InProgress(InProgress.__doc__)
    return Claim(token.id, key, now)


def keep(*, claim: Claim, answer: Answer) -> None:
    """Keep the answer, in the transaction of the change. Raises InProgress if the claim was taken over meanwhile; let
    it undo the change."""
    sealed = crypto.seal(json.dumps(asdict(answer)), bound_to=binding(claim.token_id, claim.key))
    if not _claimed(claim).update(status=answer.status, envelope=sealed):
        raise InProgress(InProgress.__doc__)


def release(*, claim: Claim) -> None:
    """Forget a claim whose work came to nothing, so that the same key may try again at once."""
    _claimed(claim).delete()


def binding(token_id: int, key: str) -> str:
    """What the envelope of a kept answer is bound to."""
    return f"answer:{token_id}:{key}"


def _claimed(claim: Claim) -> QuerySet[KeptAnswer]:
    return KeptAnswer.objects.filter(token_id=claim.token_id, key=claim.key, started_at=claim.started_at, status=None)


def _open(row: KeptAnswer) -> Answer:
    try:
        return Answer(**json.loads(crypto.unseal(row.envelope, bound_to=binding(row.token_id, row.key))))
    except crypto.CannotOpen as error:  # the key it was sealed with is gone; to do the work again would be worse
        raise ReplayConflict("The answer to this Idempotency-Key cannot be read any more: take a new key.") from error

"""The keys that sign an organisation's webhooks. After a rotation the old one goes on signing beside the new one, so
that receivers can be moved over one by one."""

import base64
import secrets
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction

from accounts import audit, queries
from accounts.domain.actor import Actor
from accounts.models import Organization, WebhookSecret
from heartbeet.lib import crypto

OVERLAP = timedelta(hours=24)
PREFIX = "whsec_"


@dataclass(frozen=True, slots=True)
class Secret:
    """A signing secret in plain text. Show it, never store it. `retires_at` is empty for the current one."""

    text: str = field(repr=False)
    created_at: datetime
    retires_at: datetime | None = None


def sealed(*, organization: Organization, now: datetime) -> list[WebhookSecret]:
    """The secrets that sign now, the current one first; it is made when first asked for."""
    rows = list(queries.webhook_secrets(organization, now))
    if not any(row.retires_at is None for row in rows):
        rows.insert(0, _current(organization, now))
    return rows


def opened(rows: Iterable[WebhookSecret]) -> list[Secret]:
    """The same in plain text. Raises crypto.CannotOpen."""
    return [Secret(crypto.unseal(row.envelope, bound_to=binding(row)), row.created_at, row.retires_at) for row in rows]


@transaction.atomic
def read(*, organization: Organization, by: Actor, now: datetime) -> Sequence[Secret]:
    """The secrets that sign now, for a person; every reading is audited."""
    found = opened(sealed(organization=organization, now=now))
    _record("READ_WEBHOOK_SECRET", organization, by, now)
    return found


@transaction.atomic
def rotate(*, organization: Organization, by: Actor, now: datetime) -> Sequence[Secret]:
    """Make a new current secret. The one before signs beside it for 24 hours."""
    Organization.objects.select_for_update(no_key=True).get(id=organization.id)
    for row in queries.webhook_secrets(organization, now):
        if not _opens(row):  # its key is gone, so it can sign nothing, and must not stand in the way of a new one
            organization.webhook_secrets.filter(id=row.id).update(retires_at=now)
    organization.webhook_secrets.filter(retires_at=None).update(retires_at=now + OVERLAP)
    _current(organization, now)
    _record("ROTATE_WEBHOOK_SECRET", organization, by, now)
    return opened(sealed(organization=organization, now=now))


def binding(row: WebhookSecret) -> str:
    """What a sealed secret is bound to: it opens in no other row."""
    return _binding(row.uid)


def _opens(row: WebhookSecret) -> bool:
    try:
        opened([row])
    except crypto.CannotOpen:
        return False
    return True


def _current(organization: Organization, now: datetime) -> WebhookSecret:
    """The current secret; of two that are made at once, one stays."""
    uid = uuid.uuid4()
    text = PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()
    made = {"uid": uid, "envelope": crypto.seal(text, bound_to=_binding(uid)), "created_at": now}
    row, _ = WebhookSecret.objects.get_or_create(organization=organization, retires_at=None, defaults=made)
    return row


def _binding(uid: uuid.UUID) -> str:
    return f"webhook-secret:{uid}"


def _record(action: str, organization: Organization, by: Actor, now: datetime) -> None:
    resource = f"organization:{organization.id}"
    audit.record(organization=organization, by=by, action=action, resource=resource, now=now)

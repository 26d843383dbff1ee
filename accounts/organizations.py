"""What people do with an organisation itself."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts import audit, ranks
from accounts.domain.actor import Actor
from accounts.models import Organization

_FIELDS = {"name": "name", "members_may_reveal": "membersMayReveal"}
"""What can be changed, and how the audit log calls it."""


@transaction.atomic
def edit(*, organization: Organization, changes: Mapping[str, Any], by: Actor, now: datetime) -> None:
    """Change the name, or whether members may reveal ping URLs. The slug stays, so that links go on to work."""
    ranks.lock(organization)
    organization.refresh_from_db(fields=list(_FIELDS))
    before = _shown(organization)
    for name, value in changes.items():
        setattr(organization, name, value)
    organization.save(update_fields=list(_FIELDS))
    difference = audit.difference(before, _shown(organization))
    if not difference["changedFields"]:
        return
    audit.record(
        organization=organization,
        by=by,
        action="UPDATE_ORGANIZATION",
        resource=f"organization:{organization.id}",
        meta=difference,
        now=now,
    )


def _shown(organization: Organization) -> dict[str, Any]:
    return {shown: getattr(organization, name) for name, shown in _FIELDS.items()}

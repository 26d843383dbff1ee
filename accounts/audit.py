"""The audit log: every change by a person, written in the transaction of the change."""

from datetime import datetime
from typing import Any

from accounts.domain import redaction
from accounts.domain.actor import Actor
from accounts.models import AuditEvent, Organization


def record(
    *,
    organization: Organization,
    by: Actor,
    action: str,
    resource: str,
    meta: dict[str, Any] | None = None,
    now: datetime,
) -> AuditEvent:
    """Write down that `by` did `action` (like `ROTATE_MONITOR_TOKEN`) to `resource` (like `monitor:17`).

    Call it inside the change's own transaction, so that neither exists without the other. `meta` is JSON; secrets in it
    are redacted here, once, for all callers.
    """
    return AuditEvent.objects.create(
        organization=organization,
        created_at=now,
        actor_user_id=by.user_id,
        actor_token_id=by.token_id,
        actor_email=by.email,
        action=action,
        resource=resource,
        meta={**redaction.redact(meta or {}), "ip": by.ip, "userAgent": by.user_agent[:500]},
    )


def difference(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """The `meta` of an edit: the names of the changed fields, and each one's old and new value."""
    changed = {key: {"from": before.get(key), "to": value} for key, value in after.items() if before.get(key) != value}
    return {"changedFields": sorted(changed), "diff": changed}

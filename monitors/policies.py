"""The policy of alerts: an organisation's, and what of it counts for a monitor."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from accounts import audit
from accounts.domain.actor import Actor
from accounts.models import Organization
from monitors import transitions
from monitors.domain import fields, policy
from monitors.domain.policy import Policy
from monitors.domain.status import EventKind
from monitors.models import AlertPolicy, Incident, IncidentEvent, Monitor

_SHOWN = {
    "alert_delay_sec": "alertDelaySec",
    "remind_every_sec": "remindEverySec",
    "recovery_threshold": "recoveryThreshold",
    "beet_budget_weeks": "beetBudgetWeeks",
}
"""How the audit log calls what can be changed."""


def of(organization: Organization) -> Policy:
    """The policy of an organisation; it alerts at once and never reminds until somebody says otherwise."""
    return _of_many([organization.id]).get(organization.id, Policy())


def of_monitors(monitors: Iterable[Monitor]) -> dict[int, Policy]:
    """What counts for each of these monitors, by id."""
    many = list(monitors)
    usual = _of_many({monitor.organization_id for monitor in many})
    return {each.id: usual.get(each.organization_id, Policy()).but(own(each)) for each in many}


def own(monitor: Monitor) -> dict[str, int | None]:
    """What a monitor says for itself; None where its organisation's policy counts."""
    return {name: getattr(monitor, name) for name in policy.NAMES}


@transaction.atomic
def edit(*, organization: Organization, changes: Mapping[str, Any], by: Actor, now: datetime) -> Policy:
    """Change the policy of an organisation (names of Policy). What is open by now follows it too.

    Raises fields.Invalid; then nothing has changed.
    """
    if problems := list(fields.policy_problems(changes)):
        raise fields.Invalid(problems)
    AlertPolicy.objects.get_or_create(organization=organization, defaults={"updated_at": now})
    row = AlertPolicy.objects.select_for_update(no_key=True).get(organization=organization)
    before, wanted = _values(row), replace(Policy(**_values(row)), **changes)
    if before == (after := _values(wanted)):
        return wanted
    AlertPolicy.objects.filter(id=row.id).update(**after, updated_at=now)
    usual = Incident.objects.filter(monitor__organization=organization)
    if before["alert_delay_sec"] != wanted.alert_delay_sec:
        look_again(usual)
    if before["remind_every_sec"] != wanted.remind_every_sec:
        remind_anew(usual.filter(monitor__remind_every_sec=None), wanted, now)
    if before["beet_budget_weeks"] != wanted.beet_budget_weeks:
        share_anew(organization, now=now)
    audit.record(
        organization=organization,
        by=by,
        action="UPDATE_ALERT_POLICY",
        resource=f"organization:{organization.id}",
        meta=audit.difference(_named(before), _named(after)),
        now=now,
    )
    return wanted


def share_anew(organization: Organization, *, now: datetime, holds_others: bool = False) -> None:
    """The beets that share a budget are fewer by now, or have another one: each may alert sooner than it was to."""
    sharing = organization.monitors.filter(type=Monitor.BEET, budget_weeks=None)
    transitions.judge_soon(sharing, now=now, holds_others=holds_others)


def look_again(incidents: QuerySet[Incident]) -> None:
    """What was held of these incidents is thought over in the next round."""
    held = IncidentEvent.objects.filter(dispatched_at=None, hold_until__isnull=False)
    held.filter(incident__in=incidents.filter(resolved_at=None)).update(hold_until=None)


def remind_anew(incidents: QuerySet[Incident], wanted: Policy, now: datetime) -> None:
    """Let those of the incidents that were told, are open and have nobody on them be reminded of by this policy.

    Rows that somebody else has locked are left out: they are being acknowledged or resolved, which ends reminders.
    """
    untold = IncidentEvent.objects.filter(incident=OuterRef("pk"), kind=EventKind.OPENED, dispatched_at=None)
    silent = incidents.filter(resolved_at=None, acknowledged_at=None).exclude(Exists(untold))
    ids = list(silent.select_for_update(skip_locked=True, of=("self",), no_key=True).values_list("id", flat=True))
    every = wanted.remind_every_sec
    due = now + timedelta(seconds=every) if every else None
    Incident.objects.filter(id__in=ids).update(remind_at=due)


def _of_many(organization_ids: Iterable[int]) -> dict[int, Policy]:
    rows = AlertPolicy.objects.filter(organization_id__in=list(organization_ids))
    return {row.organization_id: Policy(**_values(row)) for row in rows}


def _values(of: AlertPolicy | Policy) -> dict[str, Any]:
    return {name: getattr(of, name) for name in policy.ALL}


def _named(values: Mapping[str, Any]) -> dict[str, Any]:
    return {_SHOWN[name]: value for name, value in values.items()}

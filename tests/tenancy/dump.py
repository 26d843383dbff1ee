"""What the database holds, to see that a refused request changed nothing."""

from collections.abc import Iterator
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.db import connection, models

from accounts import models as accounts
from accounts.models import Organization
from alerts import models as alerts
from monitors import models as monitors

OWNERS: dict[type[models.Model], str] = {
    accounts.Organization: "id",
    accounts.Project: "organization",
    accounts.Membership: "organization",
    accounts.User: "memberships__organization",
    accounts.AccessToken: "membership__organization",
    accounts.AuditEvent: "organization",
    accounts.Invitation: "organization",
    accounts.WebhookSecret: "organization",
    EmailAddress: "user__memberships__organization",
    Authenticator: "user__memberships__organization",
    monitors.Monitor: "organization",
    monitors.Token: "monitor__organization",
    monitors.Pulse: "monitor__organization",
    monitors.Run: "monitor__organization",
    monitors.Ping: "monitor__organization",
    monitors.StatusChange: "monitor__organization",
    monitors.Incident: "monitor__organization",
    monitors.IncidentEvent: "incident__monitor__organization",
    alerts.Channel: "organization",
    alerts.Subscription: "monitor__organization",
    alerts.Delivery: "channel__organization",
    alerts.Attempt: "delivery__channel__organization",
    alerts.Storm: "organization",
    alerts.Notice: "organization",
    monitors.AlertPolicy: "organization",
    monitors.Badge: "organization",
    monitors.Board: "organization",
    monitors.Widget: "board__organization",
    monitors.HourlyCount: "monitor__organization",
    monitors.Rhythm: "monitor__organization",
    monitors.Feed: "organization",
    monitors.GapNotice: "organization",
    monitors.Unheard: "notice__organization",
}
"""How each table that holds something of an organisation knows which."""

NOT_OF_AN_ORGANIZATION: dict[type[models.Model], str] = {
    accounts.Plan: "the operator's",
    accounts.SetupCode: "the operator's",
    accounts.MutationCount: "counts what a token asked for, refused or not",
    accounts.KeptAnswer: "of a token that sends an Idempotency-Key",
    accounts.BrowserSession: "of a browser",
    accounts.Letter: "sealed; see `everything`",
    monitors.IngestNode: "of an installation",
    monitors.SweepMark: "of an installation",
    monitors.Deafness: "of an installation",
    monitors.Gap: "of an installation",
    monitors.Watermark: "of an installation",
    alerts.Receiver: "of an installation",
    alerts.DispatchMark: "of an installation",
    monitors.Batch: "of an installation",
    monitors.RollupMark: "of an installation",
}
_BOOKKEEPING = {"last_used_at", "last_login", "ip"}


def of(organization: Organization) -> dict[str, Any]:
    """All rows of an organisation, by table."""
    return {model.__name__: _rows(model, **{path: organization.id}) for model, path in OWNERS.items()}


def everything() -> dict[str, Any]:
    """All rows of all organisations, and how many letters were written."""
    found: dict[str, Any] = {"letters": accounts.Letter.objects.count()}
    with connection.cursor() as cursor:
        for model in OWNERS:
            cursor.execute(_SELECTS[model])
            found[model.__name__] = cursor.fetchall()
    return found


def unknown() -> Iterator[str]:
    """Tables of ours that stand in neither list."""
    for name in ("accounts", "monitors", "alerts"):
        for model in apps.get_app_config(name).get_models():
            if model not in OWNERS and model not in NOT_OF_AN_ORGANIZATION:
                yield model.__name__


def _fields(model: type[models.Model]) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields if field.attname not in _BOOKKEEPING]


def _rows(model: type[models.Model], **of: int) -> list[Any]:
    return list(model._default_manager.filter(**of).order_by("pk").values_list(*_fields(model)))


def _select(model: type[models.Model]) -> str:
    columns = ", ".join(f'"{name}"' for name in _fields(model))
    return f'SELECT {columns} FROM "{model._meta.db_table}" ORDER BY 1'


_SELECTS = {model: _select(model) for model in OWNERS}

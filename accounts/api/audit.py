"""The audit log over HTTP: pages of JSON, or everything that was asked for as CSV."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import QueryDict
from rest_framework.request import Request

from accounts import audit_export, queries
from accounts.api import describe, parameters
from accounts.api import organization_rows as rows
from accounts.api.endpoint import Endpoint
from accounts.api.paging import Pages
from accounts.domain.roles import Scope
from accounts.models import AuditEvent, Organization

_FORMATS = ["json", "csv"]


class AuditLogs(Endpoint):
    """`/audit-logs`."""

    needs: ClassVar = {"GET": (Scope.AUDIT_READ,)}

    @describe.call(
        "List audit events", answer=rows.AuditRow, paged=True, also=["text/csv"],
        query=[
            describe.text("action", "Only this action, like `ROTATE_MONITOR_TOKEN`."),
            describe.text("actor", "Only what this person did: an id or an e-mail address."),
            describe.number("patId", "Only what was done with this access token."),
            describe.instant("from", "Only what was done at or after this time."),
            describe.instant("to", "Only what was done at or before this time."),
            describe.choice("format", "`csv` gives a file of at most 100,000 events instead of a page.", _FORMATS),
        ],
    )  # fmt: skip
    def get(self, request: Request) -> Any:
        """Who did what, the newest first: every change, and every reading of a secret."""
        query = request.query_params
        found = _filtered(self.organization, query)
        if parameters.one_of("format", parameters.given(query, "format") or "json", _FORMATS) == "csv":
            return _file(found)
        pages = Pages(ordering=["-created_at", "-id"])
        return pages.answer(rows.audit_events(pages.rows(found, request)))


def _filtered(organization: Organization, query: QueryDict) -> QuerySet[AuditEvent]:
    given = {name: parameters.given(query, name) for name in ("action", "actor", "patId", "from", "to")}
    return queries.audit_events(
        organization,
        action=given["action"],
        actor=given["actor"],
        token_id=parameters.number("patId", given["patId"]) if given["patId"] else None,
        since=parameters.instant("from", given["from"]) if given["from"] else None,
        until=parameters.instant("to", given["to"]) if given["to"] else None,
    )


def _file(found: QuerySet[AuditEvent]) -> Any:
    try:
        return audit_export.answer(found)
    except audit_export.TooManyRows as error:
        raise parameters.bad("from", str(error)) from error

"""The audit log as a page, and as a file."""

import json
from datetime import datetime, time
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from accounts import access, audit_export, queries
from accounts.access import Access
from accounts.domain.roles import Scope
from accounts.models import AuditEvent
from accounts.web.organization import forms, tabs
from heartbeet.lib import clock, words

PAGE_SIZE = 50


@require_safe
def index(request: HttpRequest) -> HttpResponseBase:
    """Who did what, the newest first."""
    who = access.require(request, Scope.AUDIT_READ)
    tell = words.Teller.for_zone(clock.now(), who.zone)
    form = _form(request, who)
    page = Paginator(_found(form, who, tell), PAGE_SIZE).get_page(request.GET.get("page"))
    shown = {"form": form, "page": page, "rows": [_row(event, tell) for event in page.object_list]}
    query = request.GET.copy()
    query.pop("page", None)
    extra = {"is_filtered": any(query.values()), "query": query.urlencode()}
    return render(
        request, "organization/audit.html", {**shown, **extra, "tabs": tabs.of(who, "organization:audit-log")}
    )


@require_safe
def download(request: HttpRequest) -> HttpResponseBase:
    """The same events as CSV."""
    who = access.require(request, Scope.AUDIT_READ)
    try:
        return audit_export.answer(_found(_form(request, who), who, words.Teller.for_zone(clock.now(), who.zone)))
    except audit_export.TooManyRows as refusal:
        messages.error(request, str(refusal))
        return redirect("organization:audit-log")


def _form(request: HttpRequest, who: Access) -> forms.AuditFilter:
    return forms.AuditFilter(request.GET, actions=queries.audit_actions(who.organization))


def _found(form: forms.AuditFilter, who: Access, tell: words.Teller) -> QuerySet[AuditEvent]:
    """The events that the form leaves; a day is one of the reader's zone. What cannot be is left out of the filter."""
    form.is_valid()
    given = form.cleaned_data
    since, until = given.get("since"), given.get("until")
    return queries.audit_events(
        who.organization,
        action=given.get("action", ""),
        actor=given.get("actor", ""),
        since=datetime.combine(since, time(), tell.zone) if since else None,
        until=datetime.combine(until, time.max, tell.zone) if until else None,
    )


def _row(event: AuditEvent, tell: words.Teller) -> dict[str, Any]:
    meta = dict(event.meta)
    ip, agent = meta.pop("ip", ""), meta.pop("userAgent", "")
    diff = meta.pop("diff", {})
    meta.pop("changedFields", None)
    return {
        "at": tell.precise(event.created_at),
        "who": event.actor_email or "Heartbeet",
        "by_token": event.actor_token_id is not None,
        "action": event.action.replace("_", " ").capitalize(),
        "resource": event.resource.replace(":", " ").replace("-", " "),
        "changes": [_change(name, change) for name, change in diff.items()],
        "details": json.dumps(meta, indent=2, ensure_ascii=False) if meta else "",
        "ip": ip,
        "agent": agent,
    }


def _change(name: str, change: Any) -> dict[str, str]:
    if not isinstance(change, dict) or "from" not in change:
        return {"name": name, "before": "hidden", "after": "hidden"}
    return {"name": name, "before": _value(change["from"]), "after": _value(change["to"])}


def _value(value: Any) -> str:
    if value in (None, "", []):
        return "nothing"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

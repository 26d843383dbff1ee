"""Monitors and their incidents over HTTP: parse, one call, render."""

from typing import ClassVar

from django.shortcuts import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.endpoint import Endpoint, no_content
from accounts.api.paging import Pages
from accounts.domain.roles import Scope
from alerts import subscriptions
from monitors import operations, queries
from monitors.api import bodies, filters, requests, rows
from monitors.models import Monitor


class MonitorEndpoint(Endpoint):
    """The base of what concerns one monitor. A foreign one is as good as none: 404."""

    def monitor(self, monitor_id: int) -> Monitor:
        """The monitor of this organisation. Raises Http404."""
        found = get_object_or_404(queries.live(self.organization), id=monitor_id)
        found.organization = self.organization  # it is the same row; the plan is loaded with it
        return found

    def shown(self, monitor_id: int) -> Response:
        """The monitor's row as it is now."""
        return Response(rows.monitor(self.monitor(monitor_id), self.now))


class Monitors(Endpoint):
    """`/monitors`."""

    needs: ClassVar = {"GET": (Scope.MONITORS_READ,), "POST": (Scope.MONITORS_WRITE,)}

    def get(self, request: Request) -> Response:
        pages = Pages(ordering=["id"])
        asked = filters.monitors(queries.live(self.organization), request.query_params, self.now)
        return pages.answer(rows.monitors(pages.rows(asked, request), self.now))

    def post(self, request: Request) -> Response:
        wants_secrets = "secrets" in request.query_params.get("include", "").split(",")
        if wants_secrets:
            self.access.demand(Scope.SECRETS_READ)
        wanted = requests.creation(self.body(request, bodies.MonitorBody), self.organization)
        monitor = subscriptions.create_monitor(
            organization=self.organization, project=requests.home(wanted, self.organization), fields=wanted.fields,
            channel_ids=wanted.channel_ids, contacts=wanted.contacts, by=self.access.actor, now=self.now,
        ).monitor  # fmt: skip
        row = rows.monitor(monitor, self.now)
        if wants_secrets:
            secrets = operations.reveal(monitor=monitor, by=self.access.actor, now=self.now)
            row["secrets"] = rows.secrets(secrets)
        return Response(row, status=201)


class MonitorDetail(MonitorEndpoint):
    """`/monitors/{id}`."""

    needs: ClassVar = {
        "GET": (Scope.MONITORS_READ,),
        "PATCH": (Scope.MONITORS_WRITE,),
        "DELETE": (Scope.MONITORS_WRITE,),
    }

    def get(self, request: Request, monitor_id: int) -> Response:
        return self.shown(monitor_id)

    def patch(self, request: Request, monitor_id: int) -> Response:
        monitor = self.monitor(monitor_id)
        wanted = requests.change(self.body(request, bodies.MonitorBody, partial=True), monitor)
        subscriptions.edit_monitor(
            monitor=monitor, changes=wanted.changes, channel_ids=wanted.channel_ids, contacts=wanted.contacts,
            by=self.access.actor, now=self.now,
        )  # fmt: skip
        return self.shown(monitor_id)

    def delete(self, request: Request, monitor_id: int) -> Response:
        operations.delete(monitor=self.monitor(monitor_id), by=self.access.actor, now=self.now)
        return no_content()


class MonitorPause(MonitorEndpoint):
    """`/monitors/{id}/pause`."""

    needs: ClassVar = {"POST": (Scope.MONITORS_WRITE,)}

    def post(self, request: Request, monitor_id: int) -> Response:
        operations.pause(monitor=self.monitor(monitor_id), by=self.access.actor, now=self.now)
        return self.shown(monitor_id)


class MonitorResume(MonitorEndpoint):
    """`/monitors/{id}/resume`."""

    needs: ClassVar = {"POST": (Scope.MONITORS_WRITE,)}

    def post(self, request: Request, monitor_id: int) -> Response:
        operations.resume(monitor=self.monitor(monitor_id), by=self.access.actor, now=self.now)
        return self.shown(monitor_id)


class MonitorSecrets(MonitorEndpoint):
    """`/monitors/{id}/secrets`; each read is audited."""

    needs: ClassVar = {"GET": (Scope.SECRETS_READ,)}

    def get(self, request: Request, monitor_id: int) -> Response:
        found = operations.reveal(monitor=self.monitor(monitor_id), by=self.access.actor, now=self.now)
        return Response(rows.secrets(found))


class MonitorTokenRotation(MonitorEndpoint):
    """`/monitors/{id}/rotate-heartbeat-token`. It answers with the secret, so it asks for both rights."""

    needs: ClassVar = {"POST": (Scope.MONITORS_WRITE, Scope.SECRETS_READ)}

    def post(self, request: Request, monitor_id: int) -> Response:
        found = operations.rotate_token(monitor=self.monitor(monitor_id), by=self.access.actor, now=self.now)
        return Response(rows.secrets(found))


class MonitorIncidents(MonitorEndpoint):
    """`/monitors/{id}/incidents`."""

    needs: ClassVar = {"GET": (Scope.INCIDENTS_READ,)}

    def get(self, request: Request, monitor_id: int) -> Response:
        pages = Pages(ordering=["-opened_at", "-id"])
        found = queries.incidents(self.organization).filter(monitor=self.monitor(monitor_id))
        return pages.answer(rows.incidents(pages.rows(filters.incidents(found, request.query_params), request)))

"""Incidents over HTTP: parse, one call, render."""

from typing import Any, ClassVar

from django.shortcuts import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.endpoint import Endpoint
from accounts.api.paging import Pages
from accounts.domain.roles import Scope
from alerts.api import rows as alert_rows
from monitors import operations, queries
from monitors.api import bodies, filters, rows
from monitors.models import Incident


class IncidentEndpoint(Endpoint):
    """The base of what concerns one incident. A foreign one is as good as none: 404."""

    def incident(self, incident_id: int) -> Incident:
        """The incident of this organisation. Raises Http404."""
        return get_object_or_404(queries.incidents(self.organization), id=incident_id)

    def shown(self, incident_id: int) -> Response:
        """The incident as it is now: its row, its timeline and who was told."""
        found = self.incident(incident_id)
        return Response({
            **rows.incident(found),
            "timeline": rows.timeline(found),
            "deliveries": alert_rows.deliveries(found.deliveries.all()),
        })  # fmt: skip


class Incidents(Endpoint):
    """`/incidents`."""

    needs: ClassVar = {"GET": (Scope.INCIDENTS_READ,)}

    def get(self, request: Request) -> Response:
        pages = Pages(ordering=["-opened_at", "-id"])
        found = filters.incidents(queries.incidents(self.organization), request.query_params)
        return pages.answer(rows.incidents(pages.rows(found, request)))


class IncidentDetail(IncidentEndpoint):
    """`/incidents/{id}`."""

    needs: ClassVar = {"GET": (Scope.INCIDENTS_READ,)}

    def get(self, request: Request, incident_id: int) -> Response:
        return self.shown(incident_id)


class IncidentAcknowledgement(IncidentEndpoint):
    """`/incidents/{id}/acknowledge`."""

    needs: ClassVar = {"POST": (Scope.INCIDENTS_WRITE,)}

    def post(self, request: Request, incident_id: int) -> Response:
        operations.acknowledge(incident=self.incident(incident_id), by=self.access.actor, now=self.now)
        return self.shown(incident_id)


class IncidentResolution(IncidentEndpoint):
    """`/incidents/{id}/resolve`."""

    needs: ClassVar = {"POST": (Scope.INCIDENTS_WRITE,)}

    def post(self, request: Request, incident_id: int) -> Response:
        operations.resolve(incident=self.incident(incident_id), by=self.access.actor, now=self.now)
        return self.shown(incident_id)


class IncidentUpdates(IncidentEndpoint):
    """`/incidents/{id}/updates`."""

    needs: ClassVar = {"POST": (Scope.INCIDENTS_WRITE,)}

    def post(self, request: Request, incident_id: int) -> Response:
        found = self.incident(incident_id)
        said: dict[str, Any] = self.body(request, bodies.NoteBody)
        operations.note(incident=found, message=said["message"], by=self.access.actor, now=self.now)
        return self.shown(incident_id)

"""Incidents over HTTP: parse, one call, render."""

from typing import Any, ClassVar

from django.shortcuts import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import describe
from accounts.api.endpoint import Endpoint
from accounts.api.paging import Pages
from accounts.domain.roles import Scope
from monitors import operations, queries
from monitors.api import bodies, filters, rows
from monitors.api.views import INCIDENT_FILTERS
from monitors.models import Incident


class IncidentEndpoint(Endpoint):
    """The base of what concerns one incident. A foreign one is as good as none: 404."""

    def incident(self, incident_id: int) -> Incident:
        """The incident of this organisation. Raises Http404."""
        return get_object_or_404(queries.incidents(self.organization), id=incident_id)

    def shown(self, incident_id: int) -> Response:
        """The incident as it is now: its row, its timeline and who was told."""
        return Response(rows.story(self.incident(incident_id)))


class Incidents(Endpoint):
    """`/incidents`."""

    needs: ClassVar = {"GET": (Scope.INCIDENTS_READ,)}

    @describe.call(
        "List incidents",
        answer=rows.IncidentRow,
        paged=True,
        query=[*INCIDENT_FILTERS, describe.number("monitor", "Only those of this monitor.")],
    )
    def get(self, request: Request) -> Response:
        """The newest first."""
        pages = Pages(ordering=["-opened_at", "-id"])
        found = filters.incidents(queries.incidents(self.organization), request.query_params)
        return pages.answer(rows.incidents(pages.rows(found, request)))


class IncidentDetail(IncidentEndpoint):
    """`/incidents/{id}`."""

    needs: ClassVar = {"GET": (Scope.INCIDENTS_READ,)}

    @describe.call("Get an incident", answer=rows.IncidentStoryRow)
    def get(self, request: Request, incident_id: int) -> Response:
        """With its timeline, and who was told."""
        return self.shown(incident_id)


class IncidentAcknowledgement(IncidentEndpoint):
    """`/incidents/{id}/acknowledge`."""

    needs: ClassVar = {"POST": (Scope.INCIDENTS_WRITE,)}

    @describe.call("Acknowledge an incident", answer=rows.IncidentStoryRow, problems=["INCIDENT_RESOLVED"])
    def post(self, request: Request, incident_id: int) -> Response:
        """Says that someone is on it. Acknowledging twice changes nothing."""
        operations.acknowledge(incident=self.incident(incident_id), by=self.access.actor, now=self.now)
        return self.shown(incident_id)


class IncidentResolution(IncidentEndpoint):
    """`/incidents/{id}/resolve`."""

    needs: ClassVar = {"POST": (Scope.INCIDENTS_WRITE,)}

    @describe.call("Resolve an incident", answer=rows.IncidentStoryRow, problems=["INCIDENT_RESOLVED"])
    def post(self, request: Request, incident_id: int) -> Response:
        """Says that it is over: the monitor waits anew from now, and staying silent alerts again."""
        operations.resolve(incident=self.incident(incident_id), by=self.access.actor, now=self.now)
        return self.shown(incident_id)


class IncidentUpdates(IncidentEndpoint):
    """`/incidents/{id}/updates`."""

    needs: ClassVar = {"POST": (Scope.INCIDENTS_WRITE,)}

    @describe.call(
        "Add a note to an incident", name="addIncidentNote", body=bodies.NoteBody, answer=rows.IncidentStoryRow
    )
    def post(self, request: Request, incident_id: int) -> Response:
        """Adds a line to the timeline."""
        found = self.incident(incident_id)
        said: dict[str, Any] = self.body(request, bodies.NoteBody)
        operations.note(incident=found, message=said["message"], by=self.access.actor, now=self.now)
        return self.shown(incident_id)

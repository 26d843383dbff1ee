"""Monitors and their incidents over HTTP: parse, one call, render."""

from typing import Any, ClassVar

from django.shortcuts import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import describe, parameters
from accounts.api.endpoint import Endpoint, no_content
from accounts.api.paging import Pages
from accounts.domain.roles import Scope
from alerts import subscriptions, trials
from alerts.api import rows as alert_rows
from heartbeet.lib import ratelimit
from monitors import operations, queries
from monitors.api import bodies, filters, requests, rows
from monitors.domain import fields
from monitors.domain.status import IncidentStatus, Status
from monitors.models import Monitor

BAD_MONITOR = ["PLAN_INTERVAL_TOO_LOW", "ALERT_URL_INVALID", "ALERT_URL_BLOCKED", "MONITOR_NAME_DUPLICATE"]

INCIDENT_FILTERS = [
    describe.choice("status", "`open`: not resolved, acknowledged or not.", list(IncidentStatus)),
    describe.instant("from", "Only those that were not over before this instant."),
    describe.instant("to", "Only those that were opened until this instant."),
]


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


class MonitorMaker(Endpoint):
    """The base of what makes monitors. With `?include=secrets` their rows have the URLs to ping, for those who may."""

    def scopes(self, request: Request) -> tuple[Scope, ...]:
        return super().scopes(request) + ((Scope.SECRETS_READ,) if _wants_secrets(request) else ())

    def make(self, body: dict[str, Any]) -> Monitor:
        """The monitor that a body asks for."""
        wanted = requests.creation(body, self.organization)
        return subscriptions.create_monitor(
            organization=self.organization, project=requests.home(wanted, self.organization), fields=wanted.fields,
            channel_ids=wanted.channel_ids, contacts=wanted.contacts, by=self.access.actor, now=self.now,
        ).monitor  # fmt: skip

    def made(self, request: Request, found: list[Monitor]) -> list[dict[str, Any]]:
        """The rows of the new monitors."""
        secrets: list[operations.Secrets | None] = [None] * len(found)
        if _wants_secrets(request):
            secrets = [operations.reveal(monitor=one, by=self.access.actor, now=self.now) for one in found]
        return rows.created(found, self.now, secrets)


def _wants_secrets(request: Request) -> bool:
    wanted = parameters.given(request.query_params, "include") if request.method == "POST" else ""
    return bool(wanted and parameters.one_of("include", wanted, ["secrets"]))


class Monitors(MonitorMaker):
    """`/monitors`."""

    needs: ClassVar = {"GET": (Scope.MONITORS_READ,), "POST": (Scope.MONITORS_WRITE,)}

    @describe.call(
        "List monitors",
        answer=rows.MonitorRow,
        paged=True,
        query=[
            describe.text("tag", "Only those with this tag; with several, those that have all of them.", many=True),
            describe.choice("status", "Only those that are in this state.", list(Status)),
            describe.choice("type", "Only those of this type.", fields.TYPES),
            describe.text("q", "Only those with this text in their name or description.", maxLength=filters.MAX_SEARCH),
            describe.text("project", "Only those of the project with this slug."),
        ],
    )
    def get(self, request: Request) -> Response:
        """In the order in which they were made."""
        pages = Pages(ordering=["id"])
        asked = filters.monitors(queries.live(self.organization), request.query_params, self.now)
        return pages.answer(rows.monitors(pages.rows(asked, request), self.now))

    @describe.call(
        "Create a monitor",
        body=bodies.MonitorBody,
        answer=rows.NewMonitorRow,
        status=201,
        query=[describe.choice("include", "`secrets`: the answer has the token and its URLs.", ["secrets"])],
        problems=[*BAD_MONITOR, "PLAN_LIMIT_MONITORS"],
    )
    def post(self, request: Request) -> Response:
        """With `?include=secrets`, which also needs `secrets:read`, the answer has the URL to ping; reading it is
        audited."""
        monitor = self.make(self.body(request, bodies.MonitorBody))
        return Response(self.made(request, [monitor])[0], status=201)


class MonitorDetail(MonitorEndpoint):
    """`/monitors/{id}`."""

    needs: ClassVar = {
        "GET": (Scope.MONITORS_READ,),
        "PATCH": (Scope.MONITORS_WRITE,),
        "DELETE": (Scope.MONITORS_WRITE,),
    }

    @describe.call("Get a monitor", answer=rows.MonitorRow)
    def get(self, request: Request, monitor_id: int) -> Response:
        return self.shown(monitor_id)

    @describe.call(
        "Change a monitor",
        body=bodies.MonitorBody,
        partial=True,
        answer=rows.MonitorRow,
        problems=BAD_MONITOR,
        example={"heartbeatGraceSec": 1800, "tags": ["backup"]},
    )
    def patch(self, request: Request, monitor_id: int) -> Response:
        """Changes what is sent; null stands for the default. Another schedule makes the monitor wait anew. `cron`
        alone replaces the interval, and the other way round; a monitor keeps its type."""
        monitor = self.monitor(monitor_id)
        wanted = requests.change(self.body(request, bodies.MonitorBody, partial=True), monitor)
        subscriptions.edit_monitor(
            monitor=monitor, changes=wanted.changes, channel_ids=wanted.channel_ids, contacts=wanted.contacts,
            by=self.access.actor, now=self.now,
        )  # fmt: skip
        return self.shown(monitor_id)

    @describe.call("Delete a monitor")
    def delete(self, request: Request, monitor_id: int) -> Response:
        """Its token is dead at once, and an open incident is resolved."""
        operations.delete(monitor=self.monitor(monitor_id), by=self.access.actor, now=self.now)
        return no_content()


class MonitorPause(MonitorEndpoint):
    """`/monitors/{id}/pause`."""

    needs: ClassVar = {"POST": (Scope.MONITORS_WRITE,)}

    @describe.call("Pause a monitor", answer=rows.MonitorRow)
    def post(self, request: Request, monitor_id: int) -> Response:
        """Stops judging: pings are still stored, and an open incident is resolved. Pausing twice changes nothing."""
        operations.pause(monitor=self.monitor(monitor_id), by=self.access.actor, now=self.now)
        return self.shown(monitor_id)


class MonitorResume(MonitorEndpoint):
    """`/monitors/{id}/resume`."""

    needs: ClassVar = {"POST": (Scope.MONITORS_WRITE,)}

    @describe.call("Resume a monitor", answer=rows.MonitorRow)
    def post(self, request: Request, monitor_id: int) -> Response:
        """Judges again, waiting anew from now. Resuming what is not paused changes nothing."""
        operations.resume(monitor=self.monitor(monitor_id), by=self.access.actor, now=self.now)
        return self.shown(monitor_id)


class MonitorSnooze(MonitorEndpoint):
    """`/monitors/{id}/snooze`."""

    needs: ClassVar = {"POST": (Scope.MONITORS_WRITE,)}

    @describe.call("Snooze a monitor", body=bodies.SnoozeBody, answer=rows.MonitorRow)
    def post(self, request: Request, monitor_id: int) -> Response:
        """Tells nobody that incidents open, until a time, or without one until the next healthy ping. What was told
        before is told to its end; what is still open when the snooze ends is told then."""
        monitor = self.monitor(monitor_id)
        until = self.body(request, bodies.SnoozeBody).get("until")
        operations.snooze(monitor=monitor, until=until, by=self.access.actor, now=self.now)
        return self.shown(monitor_id)


class MonitorUnsnooze(MonitorEndpoint):
    """`/monitors/{id}/unsnooze`."""

    needs: ClassVar = {"POST": (Scope.MONITORS_WRITE,)}

    @describe.call("End a monitor's snooze", name="unsnoozeMonitor", answer=rows.MonitorRow)
    def post(self, request: Request, monitor_id: int) -> Response:
        """Tells at once what is open. Ending what is not there changes nothing."""
        operations.unsnooze(monitor=self.monitor(monitor_id), by=self.access.actor, now=self.now)
        return self.shown(monitor_id)


class MonitorTestAlert(MonitorEndpoint):
    """`/monitors/{id}/test-alert`."""

    needs: ClassVar = {"POST": (Scope.MONITORS_WRITE,)}
    is_atomic: ClassVar = False

    @describe.call("Test a monitor's alerts", name="testMonitorAlerts", answer=alert_rows.TestsRow)
    def post(self, request: Request, monitor_id: int) -> Response:
        """Sends a real message to each channel that is told about the monitor and switched on, at the same time, with
        the exact error of each that fails; 10 a minute for an organisation."""
        monitor = self.monitor(monitor_id)
        ratelimit.check_test(request, organization_id=self.organization.id)
        return Response(alert_rows.tests(trials.of_monitor(monitor=monitor, by=self.access.actor, now=self.now)))


class MonitorSecrets(MonitorEndpoint):
    """`/monitors/{id}/secrets`; each read is audited."""

    needs: ClassVar = {"GET": (Scope.SECRETS_READ,)}

    @describe.call(
        "Read a monitor's secrets", name="readMonitorSecrets", answer=rows.SecretsRow, problems=["SECRET_UNREADABLE"]
    )
    def get(self, request: Request, monitor_id: int) -> Response:
        """The token and the URLs that it makes. Each reading is audited."""
        found = operations.reveal(monitor=self.monitor(monitor_id), by=self.access.actor, now=self.now)
        return Response(rows.secrets(found))


class MonitorTokenRotation(MonitorEndpoint):
    """`/monitors/{id}/rotate-heartbeat-token`. It answers with the secret, so it asks for both rights."""

    needs: ClassVar = {"POST": (Scope.MONITORS_WRITE, Scope.SECRETS_READ)}

    @describe.call("Rotate a monitor's token", name="rotateMonitorToken", answer=rows.SecretsRow)
    def post(self, request: Request, monitor_id: int) -> Response:
        """Makes a new token; the old one is dead at once."""
        found = operations.rotate_token(monitor=self.monitor(monitor_id), by=self.access.actor, now=self.now)
        return Response(rows.secrets(found))


class MonitorIncidents(MonitorEndpoint):
    """`/monitors/{id}/incidents`."""

    needs: ClassVar = {"GET": (Scope.INCIDENTS_READ,)}

    @describe.call(
        "List a monitor's incidents",
        name="listMonitorIncidents",
        answer=rows.IncidentRow,
        paged=True,
        query=INCIDENT_FILTERS,
    )
    def get(self, request: Request, monitor_id: int) -> Response:
        """The newest first."""
        pages = Pages(ordering=["-opened_at", "-id"])
        found = queries.incidents(self.organization).filter(monitor=self.monitor(monitor_id))
        return pages.answer(rows.incidents(pages.rows(filters.incidents(found, request.query_params), request)))

"""`/monitors/bulk`: up to a hundred monitors made, changed or deleted in one transaction, all of them or none."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.http import Http404
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import describe, parameters, shown
from accounts.api.body import Body
from accounts.domain.roles import Scope
from alerts import subscriptions
from heartbeet.lib import bulk
from monitors import operations, queries
from monitors.api import bodies, examples, requests, rows, views
from monitors.models import Monitor

MOST = 100
_LISTS = ("monitors", "ids")


def _ids(**options: Any) -> serializers.ListField:
    one = serializers.IntegerField(min_value=1, max_value=parameters.LARGEST_ID)
    return serializers.ListField(child=one, allow_empty=False, max_length=MOST, **options)


class BulkCreation(Body):
    """The body of POST: monitors as for POST /monitors."""

    example: ClassVar = {"monitors": [examples.NEW_MONITOR]}

    monitors: serializers.ListSerializer[Any] = serializers.ListSerializer(
        child=bodies.MonitorBody(), allow_empty=False, max_length=MOST
    )


class IdentifiedChange(bodies.MonitorBody):
    """What is to change in one monitor."""

    needed: ClassVar = ("id",)

    id = serializers.IntegerField(min_value=1, max_value=parameters.LARGEST_ID)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "id" not in attrs:  # PATCH asks for nothing, so this has to ask itself
            raise _invalid("id", "Say which monitor is to change.")
        return attrs


class BulkChange(Body):
    """The body of PATCH: `ids` and the `changes` that all of them get, or `monitors` with an `id` and changes each."""

    example: ClassVar = {"ids": [17, 18], "changes": {"tags": ["production"]}}

    ids = _ids(required=False)
    changes = bodies.MonitorBody(partial=True, required=False)
    monitors: serializers.ListSerializer[Any] = serializers.ListSerializer(
        child=IdentifiedChange(), required=False, allow_empty=False, max_length=MOST
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "monitors" in attrs and ("ids" in attrs or "changes" in attrs):
            raise _invalid("monitors", "Send either `monitors`, or `ids` and `changes`.")
        for name in () if "monitors" in attrs else ("ids", "changes"):
            if name not in attrs:
                raise _invalid(name, "Send `ids` and `changes`, or `monitors` with an `id` each.")
        return attrs


class BulkDeletion(Body):
    """The body of DELETE."""

    example: ClassVar = {"ids": [17, 18]}

    ids = _ids()


class BulkRows(serializers.Serializer[Any]):
    """The monitors, in the order of the request."""

    results = rows.MonitorRow(many=True)


class NewBulkRows(serializers.Serializer[Any]):
    """The new monitors, in the order of the request."""

    results = rows.NewMonitorRow(many=True)


class DeletedRow(serializers.Serializer[Monitor]):
    """A monitor that is gone."""

    id = shown.whole("Its number.")
    name = shown.text("Its name.")


class DeletedRows(serializers.Serializer[Any]):
    """The monitors that are gone, in the order of the request."""

    results = DeletedRow(many=True)


class MonitorsBulk(views.MonitorMaker):
    """`/monitors/bulk`. Each monitor counts as one change of the token's daily limit."""

    needs: ClassVar = dict.fromkeys(("POST", "PATCH", "DELETE"), (Scope.MONITORS_WRITE,))

    def cost(self, request: Request) -> int:
        asked = request.data if isinstance(request.data, dict) else {}
        lists = [asked[name] for name in _LISTS if isinstance(asked.get(name), list)]
        return max([1, *(len(many) for many in lists if len(many) <= MOST)])

    @describe.call(
        "Create many monitors", body=BulkCreation, answer=NewBulkRows, status=201,
        query=[describe.choice("include", "`secrets`: also their ping URLs; audited.", ["secrets"])],
        problems=["MONITOR_NAME_DUPLICATE", "PLAN_INTERVAL_TOO_LOW", "PLAN_LIMIT_MONITORS", "ALERT_URL_INVALID",
                  "ALERT_URL_BLOCKED"],
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Make up to 100 monitors, all of them or none. An error says which one it is about, as `monitors.3.name`."""
        asked = self.body(request, BulkCreation)["monitors"]
        items = [(f"monitors.{number}", body) for number, body in enumerate(asked)]
        made = bulk.each(items, self.make)
        return Response({"results": self.made(request, made)}, status=201)

    @describe.call(
        "Change many monitors", body=BulkChange, partial=True, answer=BulkRows,
        problems=["NOT_FOUND", "MONITOR_NAME_DUPLICATE", "PLAN_INTERVAL_TOO_LOW", "ALERT_URL_INVALID",
                  "ALERT_URL_BLOCKED"],
    )  # fmt: skip
    def patch(self, request: Request) -> Response:
        """Change up to 100 monitors, all of them or none: the same changes for all `ids`, or each with its own."""
        place, changes = _changes(self.body(request, BulkChange, partial=True))
        ids = [change["id"] for change in changes]
        found = self._found(place, ids)
        items = [(f"{place}.{number}", (found[change["id"]], change)) for number, change in enumerate(changes)]
        bulk.each(sorted(items, key=lambda item: item[1][0].id), self._change)
        return Response({"results": rows.monitors(self._found(place, ids).values(), self.now)})

    @describe.call("Delete many monitors", body=BulkDeletion, answer=DeletedRows, problems=["NOT_FOUND"])
    def delete(self, request: Request) -> Response:
        """Delete up to 100 monitors, all of them or none."""
        ids = self.body(request, BulkDeletion)["ids"]
        found = self._found("ids", ids)
        items = [(f"ids.{number}", found[monitor_id]) for number, monitor_id in enumerate(ids)]
        bulk.each(sorted(items, key=lambda item: item[1].id), self._delete)
        return Response({"results": [DeletedRow(one).data for one in found.values()]})

    def _found(self, place: str, ids: Sequence[int]) -> dict[int, Monitor]:
        """The monitors of this organisation, in the order of `ids`. Raises ItemFailed for the first that is not there,
        and ValidationError if one is named twice."""
        for number, monitor_id in enumerate(ids):
            if monitor_id in ids[:number]:
                raise _invalid(f"{place}.{number}", "This monitor is there twice.")
        found = {row.id: row for row in queries.live(self.organization).filter(id__in=ids)}
        for number, monitor_id in enumerate(ids):
            if monitor_id not in found:
                raise bulk.ItemFailed(f"{place}.{number}") from Http404()
        for row in found.values():
            row.organization = self.organization  # it is the same row; the plan is loaded with it
        return {monitor_id: found[monitor_id] for monitor_id in ids}

    def _change(self, item: tuple[Monitor, dict[str, Any]]) -> None:
        monitor, body = item
        wanted = requests.change(body, monitor)
        subscriptions.edit_monitor(
            monitor=monitor, changes=wanted.changes, channel_ids=wanted.channel_ids, contacts=wanted.contacts,
            by=self.access.actor, now=self.now,
        )  # fmt: skip

    def _delete(self, monitor: Monitor) -> None:
        operations.delete(monitor=monitor, by=self.access.actor, now=self.now)


def _changes(asked: dict[str, Any]) -> tuple[str, list[dict[str, Any]]]:
    """Where the monitors are named in the body, and what is to change in each."""
    if "monitors" in asked:
        return "monitors", asked["monitors"]
    return "ids", [{**asked["changes"], "id": monitor_id} for monitor_id in asked["ids"]]


def _invalid(path: str, message: str) -> ValidationError:
    return ValidationError({path: [ErrorDetail(message, code="invalid")]})

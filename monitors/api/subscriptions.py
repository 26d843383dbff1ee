"""What each channel is told of a monitor, over HTTP."""

from typing import Any, ClassVar

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import describe, parameters, shown
from accounts.api.body import Body
from accounts.domain.roles import Scope
from alerts import subscriptions
from alerts.domain import routing
from monitors.api.views import MonitorEndpoint
from monitors.domain.status import Severity
from monitors.models import Monitor

_EXAMPLE = {"channelId": 3, "events": ["opened", "resolved"], "minSeverity": "critical"}


class SubscriptionBody(Body):
    """What one channel is told."""

    example: ClassVar = _EXAMPLE
    words: ClassVar = {
        "channelId": {"description": "The channel."},
        "events": {"description": "What it is told of; null: what its kind usually tells."},
        "minSeverity": {"description": "Nothing less severe is told; `warning` without it."},
    }

    channelId = serializers.IntegerField(source="channel_id", min_value=1, max_value=parameters.LARGEST_ID)
    events = serializers.ListField(
        child=serializers.ChoiceField(choices=[kind.value for kind in routing.CHOICES]),
        allow_null=True,
        allow_empty=False,
        required=False,
        max_length=20,
    )
    minSeverity = serializers.ChoiceField(
        source="min_severity", choices=[severity.value for severity in Severity], required=False
    )


class SubscriptionsBody(Body):
    """The body of PUT /monitors/{id}/subscriptions."""

    example: ClassVar = {"subscriptions": [_EXAMPLE]}

    subscriptions: serializers.ListSerializer[Any] = serializers.ListSerializer(
        child=SubscriptionBody(), max_length=1000
    )


class SubscriptionRow(serializers.Serializer[subscriptions.Choice]):
    """What one channel is told of a monitor."""

    example: ClassVar = _EXAMPLE

    channelId = shown.whole("The channel.", "channel_id")
    events = shown.Shown(
        {
            "type": ["array", "null"],
            "items": {"type": "string", "enum": [kind.value for kind in routing.CHOICES]},
            "description": "What it is told of; null: what its kind usually tells.",
        }
    )
    minSeverity = shown.choice("Nothing less severe is told.", list(Severity), "min_severity")


class SubscriptionsRow(serializers.Serializer[Any]):
    """What each channel is told of a monitor."""

    example: ClassVar = {"subscriptions": [_EXAMPLE, {"channelId": 4, "events": None, "minSeverity": "warning"}]}

    subscriptions = SubscriptionRow(many=True, read_only=True)


class MonitorSubscriptions(MonitorEndpoint):
    """`/monitors/{id}/subscriptions`."""

    needs: ClassVar = {"GET": (Scope.MONITORS_READ,), "PUT": (Scope.MONITORS_WRITE,)}

    @describe.call("List what each channel is told", name="listSubscriptions", answer=SubscriptionsRow)
    def get(self, request: Request, monitor_id: int) -> Response:
        """In the order of the channels."""
        return self._shown(self.monitor(monitor_id))

    @describe.call(
        "Choose what each channel is told",
        name="setSubscriptions",
        body=SubscriptionsBody,
        answer=SubscriptionsRow,
    )
    def put(self, request: Request, monitor_id: int) -> Response:
        """Tells exactly these channels from now on, each what was chosen."""
        monitor = self.monitor(monitor_id)
        asked: dict[str, Any] = self.body(request, SubscriptionsBody)
        wanted = [subscriptions.Choice(**_tuple(each)) for each in asked["subscriptions"]]
        subscriptions.choose(monitor=monitor, wanted=wanted, by=self.access.actor, now=self.now)
        return self._shown(monitor)

    def _shown(self, monitor: Monitor) -> Response:
        return Response(SubscriptionsRow().to_representation({"subscriptions": subscriptions.choices(monitor)}))


def _tuple(asked: dict[str, Any]) -> dict[str, Any]:
    events = asked.get("events")
    return {**asked, "events": None if events is None else tuple(events)}

"""Channels over HTTP: parse, one call, render."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from django.shortcuts import get_object_or_404
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import describe
from accounts.api.body import Body
from accounts.api.endpoint import Endpoint, no_content
from accounts.api.paging import Pages
from accounts.domain.roles import Scope
from alerts import ledger, operations, queries, trials
from alerts.api import examples, rows
from alerts.channels import base
from alerts.domain.retry import DeliveryStatus
from alerts.models import Channel
from heartbeet.lib import ratelimit


class ChannelBody(Body):
    """The body of POST /channels; what belongs into `config` depends on the kind."""

    example: ClassVar = examples.NEW_CHANNEL

    kind = serializers.CharField(max_length=20)
    name = serializers.CharField(max_length=100)
    config = serializers.DictField()
    enabled = serializers.BooleanField(source="is_enabled", required=False)
    isDefault = serializers.BooleanField(source="is_default", required=False)
    isFallback = serializers.BooleanField(source="is_fallback", required=False)


class ChannelChange(Body):
    """The body of PATCH /channels/{id}. A channel keeps its kind."""

    example: ClassVar = {"name": "on call", "enabled": True}

    name = serializers.CharField(max_length=100, required=False)
    config = serializers.DictField(required=False)
    enabled = serializers.BooleanField(source="is_enabled", required=False)
    isDefault = serializers.BooleanField(source="is_default", required=False)
    isFallback = serializers.BooleanField(source="is_fallback", required=False)


@contextmanager
def _paths_of_the_body() -> Iterator[None]:
    """A channel names its own fields; in the body they are inside `config`."""
    try:
        yield
    except base.BadConfig as error:
        if error.path in ("kind", "name"):
            raise
        raise type(error)(f"config.{error.path}", str(error)) from error


class ChannelEndpoint(Endpoint):
    """The base of what concerns channels. A foreign one is as good as none: 404."""

    def channel(self, channel_id: int) -> Channel:
        """The channel of this organisation. Raises Http404."""
        return get_object_or_404(queries.channels(self.organization), id=channel_id)

    def rows(self, found: Iterable[Channel]) -> list[dict[str, Any]]:
        """The rows of channels, as this request may see them."""
        return rows.channels(found, may_edit=self.access.allows(Scope.CHANNELS_WRITE))


class Channels(ChannelEndpoint):
    """`/channels`."""

    needs: ClassVar = {"GET": (Scope.CHANNELS_READ,), "POST": (Scope.CHANNELS_WRITE,)}

    @describe.call("List channels", answer=rows.ChannelRow, paged=True)
    def get(self, request: Request) -> Response:
        """In the order in which they were made. Secrets of `config` go in and never come out."""
        pages = Pages(ordering=["id"])
        return pages.answer(self.rows(pages.rows(queries.channels(self.organization), request)))

    @describe.call(
        "Create a channel", body=ChannelBody, answer=rows.ChannelRow, status=201,
        problems=["ALERT_URL_INVALID", "ALERT_URL_BLOCKED"],
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """What belongs into `config` depends on `kind`, and is listed on the page of that kind in
        `docs/reference/channels`: `to` of e-mail, `url` of many others, `routing_key` of PagerDuty."""
        asked: dict[str, Any] = self.body(request, ChannelBody)
        with _paths_of_the_body():
            made = operations.create_channel(
                **asked, organization=self.organization, by=self.access.actor, now=self.now
            )
        return Response(self.rows([made])[0], status=201)


class ChannelDetail(ChannelEndpoint):
    """`/channels/{id}`."""

    needs: ClassVar = {
        "GET": (Scope.CHANNELS_READ,),
        "PATCH": (Scope.CHANNELS_WRITE,),
        "DELETE": (Scope.CHANNELS_WRITE,),
    }

    @describe.call("Get a channel", answer=rows.ChannelRow)
    def get(self, request: Request, channel_id: int) -> Response:
        return Response(self.rows([self.channel(channel_id)])[0])

    @describe.call(
        "Change a channel", body=ChannelChange, answer=rows.ChannelRow,
        problems=["ALERT_URL_INVALID", "ALERT_URL_BLOCKED"],
    )  # fmt: skip
    def patch(self, request: Request, channel_id: int) -> Response:
        """Changes what is sent. A secret of `config` that is left out stays as it is."""
        changes = self.body(request, ChannelChange)
        channel = self.channel(channel_id)
        with _paths_of_the_body():
            operations.edit_channel(channel=channel, changes=changes, by=self.access.actor, now=self.now)
        return Response(self.rows([channel])[0])

    @describe.call("Delete a channel")
    def delete(self, request: Request, channel_id: int) -> Response:
        """Nobody is told by it any more."""
        operations.delete_channel(channel=self.channel(channel_id), by=self.access.actor, now=self.now)
        return no_content()


class ChannelTest(ChannelEndpoint):
    """`/channels/{id}/test`: a real send, with the exact error."""

    needs: ClassVar = {"POST": (Scope.CHANNELS_WRITE,)}
    is_atomic: ClassVar = False

    @describe.call("Test a channel", answer=rows.TestRow)
    def post(self, request: Request, channel_id: int) -> Response:
        """Sends a real message now, with the exact error if it fails; 10 a minute for an organisation."""
        channel = self.channel(channel_id)
        ratelimit.check_test(request, organization_id=self.organization.id)
        return Response(rows.test(trials.of_channel(channel=channel, by=self.access.actor, now=self.now)))


class ChannelDeliveries(ChannelEndpoint):
    """`/channels/{id}/deliveries`."""

    needs: ClassVar = {"GET": (Scope.CHANNELS_READ,)}

    @describe.call(
        "List a channel's deliveries", name="listDeliveries", answer=rows.DeliveryRow, paged=True,
        query=[describe.choice("status", "Only those that stand like this.", list(DeliveryStatus))],
    )  # fmt: skip
    def get(self, request: Request, channel_id: int) -> Response:
        """The newest first, each with its attempts and what the receiver said."""
        pages = Pages(ordering=["-created_at", "-id"])
        status = request.query_params.get("status", "")
        if status and status not in list(DeliveryStatus):
            raise ValidationError({"status": [f"One of {', '.join(DeliveryStatus)}."]})
        found = ledger.of_channel(self.channel(channel_id), status)
        return pages.answer(rows.deliveries(ledger.entries(pages.rows(found, request))))


class ReplayBody(Body):
    """The body of POST /channels/{id}/replay."""

    example: ClassVar = {"since": "2026-11-23T00:00:00Z"}

    since = serializers.DateTimeField(required=False)


class ChannelReplay(ChannelEndpoint):
    """`/channels/{id}/replay`: all dead letters are tried again from the first try on."""

    needs: ClassVar = {"POST": (Scope.CHANNELS_WRITE,)}

    @describe.call(
        "Replay a channel's dead letters", name="replayDeadLetters", body=ReplayBody, answer=rows.ReplayedRow,
        problems=["CHANNEL_SWITCHED_OFF"],
    )  # fmt: skip
    def post(self, request: Request, channel_id: int) -> Response:
        """Tries all messages that were given up again, or those made at `since` or later. People are told of an
        incident that is over by now in one message; a program is told its end once more, after its beginning."""
        asked = self.body(request, ReplayBody)
        replayed = operations.replay_all(
            channel=self.channel(channel_id), since=asked.get("since"), by=self.access.actor, now=self.now
        )
        return Response({"replayed": replayed})


class DeliveryReplay(Endpoint):
    """`/deliveries/{id}/replay`: a dead letter is tried again from the first try on."""

    needs: ClassVar = {"POST": (Scope.CHANNELS_WRITE,)}

    @describe.call("Replay a delivery", answer=rows.DeliveryRow, problems=["DELIVERY_NOT_DEAD", "CHANNEL_SWITCHED_OFF"])
    def post(self, request: Request, delivery_id: int) -> Response:
        """Tries a message that was given up again, from the first try on."""
        delivery = get_object_or_404(ledger.of_organization(self.organization), id=delivery_id)
        operations.replay(delivery=delivery, by=self.access.actor, now=self.now)
        again = ledger.of_channel(delivery.channel).filter(id=delivery_id)
        return Response(rows.deliveries(ledger.entries(again))[0])

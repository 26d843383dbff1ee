"""Channels over HTTP: parse, one call, render."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from django.shortcuts import get_object_or_404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.body import Body
from accounts.api.endpoint import Endpoint, no_content
from accounts.api.paging import Pages
from accounts.domain.roles import Scope
from alerts import operations, queries
from alerts.api import rows
from alerts.channels import base
from alerts.models import Channel
from heartbeet.lib import ratelimit


class ChannelBody(Body):
    """The body of POST /channels; what belongs into `config` depends on the kind."""

    kind = serializers.CharField(max_length=20)
    name = serializers.CharField(max_length=100)
    config = serializers.DictField()
    enabled = serializers.BooleanField(source="is_enabled", required=False)
    isDefault = serializers.BooleanField(source="is_default", required=False)


class ChannelChange(Body):
    """The body of PATCH /channels/{id}. A channel keeps its kind."""

    name = serializers.CharField(max_length=100, required=False)
    config = serializers.DictField(required=False)
    enabled = serializers.BooleanField(source="is_enabled", required=False)
    isDefault = serializers.BooleanField(source="is_default", required=False)


@contextmanager
def _paths_of_the_body() -> Iterator[None]:
    """A channel names its own fields; in the body they are inside `config`."""
    try:
        yield
    except base.BadConfig as error:
        if error.path in ("kind", "name"):
            raise
        raise type(error)(f"config.{error.path}", str(error)) from error


class Channels(Endpoint):
    """`/channels`."""

    needs: ClassVar = {"GET": (Scope.CHANNELS_READ,), "POST": (Scope.CHANNELS_WRITE,)}

    def get(self, request: Request) -> Response:
        pages = Pages(ordering=["id"])
        return pages.answer(rows.channels(pages.rows(queries.channels(self.organization), request)))

    def post(self, request: Request) -> Response:
        asked: dict[str, Any] = self.body(request, ChannelBody)
        with _paths_of_the_body():
            made = operations.create_channel(
                **asked, organization=self.organization, by=self.access.actor, now=self.now
            )
        return Response(rows.channel(made), status=201)


class ChannelEndpoint(Endpoint):
    """The base of what concerns one channel. A foreign one is as good as none: 404."""

    def channel(self, channel_id: int) -> Channel:
        """The channel of this organisation. Raises Http404."""
        return get_object_or_404(queries.channels(self.organization), id=channel_id)


class ChannelDetail(ChannelEndpoint):
    """`/channels/{id}`."""

    needs: ClassVar = {
        "GET": (Scope.CHANNELS_READ,),
        "PATCH": (Scope.CHANNELS_WRITE,),
        "DELETE": (Scope.CHANNELS_WRITE,),
    }

    def get(self, request: Request, channel_id: int) -> Response:
        return Response(rows.channel(self.channel(channel_id)))

    def patch(self, request: Request, channel_id: int) -> Response:
        changes = self.body(request, ChannelChange)
        channel = self.channel(channel_id)
        with _paths_of_the_body():
            operations.edit_channel(channel=channel, changes=changes, by=self.access.actor, now=self.now)
        return Response(rows.channel(channel))

    def delete(self, request: Request, channel_id: int) -> Response:
        operations.delete_channel(channel=self.channel(channel_id), by=self.access.actor, now=self.now)
        return no_content()


class ChannelTest(ChannelEndpoint):
    """`/channels/{id}/test`: a real send, with the exact error."""

    needs: ClassVar = {"POST": (Scope.CHANNELS_WRITE,)}

    def post(self, request: Request, channel_id: int) -> Response:
        channel = self.channel(channel_id)
        ratelimit.check_test(request, organization_id=self.organization.id)
        return Response(rows.test(channel, operations.test_channel(channel=channel, now=self.now)))


class DeliveryReplay(Endpoint):
    """`/deliveries/{id}/replay`: a dead letter is tried again from the first try on."""

    needs: ClassVar = {"POST": (Scope.CHANNELS_WRITE,)}

    def post(self, request: Request, delivery_id: int) -> Response:
        found = queries.deliveries_of(self.organization)
        delivery = get_object_or_404(found, id=delivery_id)
        operations.replay(delivery=delivery, by=self.access.actor, now=self.now)
        return Response(rows.deliveries(found.filter(id=delivery_id))[0])

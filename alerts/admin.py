"""The operators' pages of channels and deliveries: look everything up, change through operations only."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts import access
from alerts import operations
from alerts.models import Attempt, Channel, Delivery, DispatchMark, Notice, Receiver, Storm, Subscription
from heartbeet.lib import clock
from heartbeet.lib.admin import ReadOnlyPage


@admin.register(Channel)
class ChannelPage(ReadOnlyPage):
    """Channels, without their sealed secrets."""

    list_display = ("name", "kind", "organization", "is_enabled", "is_fallback", "flagged_at", "deleted_at")
    list_select_related = ("organization",)
    list_filter = ("kind", "is_enabled")
    search_fields = ("name", "=id", "organization__name")
    exclude = ("secrets",)


@admin.register(Subscription)
class SubscriptionPage(ReadOnlyPage):
    """Which channel is told about which monitor."""

    list_display = ("monitor", "channel", "events", "min_severity")
    list_select_related = ("monitor", "channel")
    search_fields = ("monitor__name", "channel__name")


@admin.register(Delivery)
class DeliveryPage(ReadOnlyPage):
    """The ledger."""

    list_display = ("id", "incident", "channel", "status", "tries", "created_at", "delivered_at", "last_error")
    list_select_related = ("incident", "channel")
    list_filter = ("status", "channel__kind")
    search_fields = ("=id", "incident__title", "channel__name", "last_error")
    actions = ("replay",)

    @admin.action(description="Send dead letters again", permissions=["operate"])
    def replay(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        replayed = 0
        for delivery in queryset.select_related("channel__organization"):
            try:
                operations.replay(delivery=delivery, by=access.operator(request), now=clock.now())
                replayed += 1
            except (operations.NotDead, operations.SwitchedOff):
                continue  # it has arrived, is still being tried, or may not be sent
        others = "the others are not dead letters, or their channel is switched off"
        messages.success(request, f"{replayed} of {len(queryset)} will be sent again; {others}.")


@admin.register(Attempt)
class AttemptPage(ReadOnlyPage):
    """Every try."""

    list_display = ("at", "delivery", "is_ok", "status_code", "duration_ms", "error")
    list_select_related = ("delivery",)
    list_filter = ("is_ok",)
    search_fields = ("=delivery__id", "error")


@admin.register(Storm)
class StormPage(ReadOnlyPage):
    """Many incidents at once, as channels were told of them."""

    list_display = ("channel", "started_at", "grew_at", "told_at", "ended_at")
    list_select_related = ("channel",)
    search_fields = ("=id", "channel__name", "organization__name")


@admin.register(Notice)
class NoticePage(ReadOnlyPage):
    """What was told that is no event of one incident."""

    list_display = ("id", "kind", "organization", "storm", "about", "created_at")
    list_select_related = ("organization", "storm", "about")
    list_filter = ("kind",)
    search_fields = ("=id", "organization__name", "about__name")


@admin.register(Receiver)
class ReceiverPage(ReadOnlyPage):
    """Hosts that did not answer lately, and until when they are left alone."""

    list_display = ("host", "failures", "only_channel", "open_until", "updated_at")
    search_fields = ("host",)


@admin.register(DispatchMark)
class DispatchMarkPage(ReadOnlyPage):
    """When the dispatcher last came to its end."""

    search_fields = ("=pk",)

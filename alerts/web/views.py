"""The list of channels, a channel's page, and the buttons on it."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import access
from accounts.access import Access
from accounts.domain.roles import Scope
from accounts.web.components import Ask
from alerts import ledger, operations, queries, trials
from alerts.domain.retry import DeliveryStatus
from alerts.models import Channel
from alerts.web import present, present_ledger
from heartbeet.lib import clock, durations, ratelimit, words

DELIVERIES = 20


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """All channels, each with what became of the last message to it."""
    who = access.require(request, Scope.CHANNELS_READ)
    tell, can_edit = words.Teller.for_zone(clock.now(), who.zone), who.allows(Scope.CHANNELS_WRITE)
    channels = list(queries.channels(who.organization))
    last, monitors = ledger.last_of(channels), queries.monitor_counts(who.organization)
    rows = [
        (present.row(each, may_edit=can_edit), present.use(last.get(each.id), monitors.get(each.id, 0), tell))
        for each in channels
    ]
    return render(request, "alerts/list.html", {"rows": rows, "can_edit": can_edit})


@require_safe
def detail(request: HttpRequest, channel_id: int) -> HttpResponse:
    """A channel: where it leads, what was sent there, and each try of it; `?status=dead` narrows the ledger."""
    who, channel = find(request, channel_id, Scope.CHANNELS_READ)
    tell = words.Teller.for_zone(clock.now(), who.zone)
    can_edit, status = who.allows(Scope.CHANNELS_WRITE), request.GET.get("status", "")
    sent = ledger.of_channel(channel, status if status in list(DeliveryStatus) else "")
    page = Paginator(sent.order_by("-created_at", "-id"), DELIVERIES).get_page(request.GET.get("page"))
    shown = {
        "channel": present.row(channel, may_edit=can_edit),
        "flag": present.flag(channel, tell),
        "signs_for_organization": queries.signs_for_organization(channel),
        "can_read_secret": who.allows(Scope.WEBHOOKS_READ),
        "deliveries": [present_ledger.delivery(each, tell) for each in ledger.entries(page.object_list)],
        "page": page,
        "choices": present_ledger.choices(status),
        "dead": ledger.dead_letters(channel),
        "can_edit": can_edit,
        "can_replay": can_edit,
    }
    return render(request, "alerts/detail.html", shown)


@require_POST
def test(request: HttpRequest, channel_id: int) -> HttpResponse:
    """Sends a test alert and says exactly what came of it."""
    who, channel = find(request, channel_id, Scope.CHANNELS_WRITE)
    try:
        ratelimit.check_test(request, organization_id=who.organization.id)
    except ratelimit.TooManyRequests as refusal:
        messages.error(request, f"Too many tests: wait {durations.short(refusal.retry_after_sec)}, then try again.")
        return redirect(channel)
    result = trials.of_channel(channel=channel, by=who.actor, now=clock.now())
    took = durations.short(result.duration_ms / 1000, units=2)
    if result.ok:
        messages.success(request, f"The test arrived, in {took}.")
    else:
        messages.error(request, f"The test did not arrive: {result.error} (after {took})")
    return redirect(channel)


@require_POST
def enable(request: HttpRequest, channel_id: int) -> HttpResponse:
    """Tells it again."""
    return _switch(request, channel_id, is_enabled=True)


@require_POST
def disable(request: HttpRequest, channel_id: int) -> HttpResponse:
    """Tells it nothing, until it is switched on again."""
    return _switch(request, channel_id, is_enabled=False)


@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, channel_id: int) -> HttpResponse:
    """Asks, then deletes a channel."""
    who, channel = find(request, channel_id, Scope.CHANNELS_WRITE)
    if request.method != "POST":
        return render(request, "components/confirm.html", {"ask": _question(channel)})
    operations.delete_channel(channel=channel, by=who.actor, now=clock.now())
    messages.success(request, f"“{channel.name}” is deleted.")
    return redirect("alerts:channels")


@require_POST
def replay(request: HttpRequest, delivery_id: int) -> HttpResponse:
    """Sends a dead letter again."""
    who = access.of(request)
    delivery = get_object_or_404(ledger.of_organization(who.organization), id=delivery_id)
    who.demand(Scope.CHANNELS_WRITE)
    try:
        operations.replay(delivery=delivery, by=who.actor, now=clock.now())
        messages.success(request, "It is being sent again.")
    except (operations.NotDead, operations.SwitchedOff) as refusal:
        messages.warning(request, str(refusal))
    return redirect(delivery.channel)


@require_http_methods(["GET", "HEAD", "POST"])
def replay_all(request: HttpRequest, channel_id: int) -> HttpResponse:
    """Asks, then sends all dead letters of a channel again."""
    who, channel = find(request, channel_id, Scope.CHANNELS_WRITE)
    if request.method != "POST":
        return render(request, "components/confirm.html", {"ask": _question_of_all(channel)})
    try:
        replayed = operations.replay_all(channel=channel, by=who.actor, now=clock.now())
        messages.success(request, f"{_messages(replayed)} {'is' if replayed == 1 else 'are'} being sent again.")
    except operations.SwitchedOff as refusal:
        messages.warning(request, str(refusal))
    return redirect(channel)


def find(request: HttpRequest, channel_id: int, scope: Scope) -> tuple[Access, Channel]:
    """Who asks, and the channel; a foreign one is as good as none, whatever the role."""
    who = access.of(request)
    channel = get_object_or_404(queries.channels(who.organization).select_related("organization"), id=channel_id)
    who.demand(scope)
    return who, channel


def _switch(request: HttpRequest, channel_id: int, *, is_enabled: bool) -> HttpResponse:
    who, channel = find(request, channel_id, Scope.CHANNELS_WRITE)
    operations.edit_channel(channel=channel, changes={"is_enabled": is_enabled}, by=who.actor, now=clock.now())
    messages.success(request, f"“{channel.name}” is switched {'on' if is_enabled else 'off'}.")
    return redirect(channel)


def _question(channel: Channel) -> Ask:
    monitors = channel.subscriptions.filter(monitor__deleted_at=None).count()
    return Ask(
        title="Delete “{}”?",
        lead="This cannot be undone. If it should only be quiet for a while, switch it off instead.",
        losses=(
            f"{monitors} monitor{' tells' if monitors == 1 else 's tell'} it now; they will not any more.",
            "Its address and its secret are removed. What was sent stays in the ledger of the incidents.",
        ),
        button="Delete the channel",
    ).about(channel.name, channel.get_absolute_url())


def _question_of_all(channel: Channel) -> Ask:
    count = ledger.dead_letters(channel)
    return Ask(
        title=f"Send {_messages(count)} again?",
        lead=f"Everything that “{channel.name}” could not be told is sent there now, the oldest first.",
        losses=(
            "An incident that is over by now is told in one message that says so; a program is told of its end again.",
            "Send a test first: what fails again is tried for a day, as any message is.",
        ),
        button="Send again",
        back=channel.get_absolute_url(),
        back_label=channel.name,
        is_destructive=False,
    )


def _messages(count: int) -> str:
    return f"{count} message{'' if count == 1 else 's'}"

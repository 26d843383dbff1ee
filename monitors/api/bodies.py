"""What clients send: the shapes of request bodies. The rules about values are in `monitors.domain.fields`."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.api import parameters
from accounts.api.body import Body
from monitors.api import examples
from monitors.domain import fields, policy

_CHANNEL_ID = "Give the id of a channel, a whole number."
_DELAY = "Give the delay as whole seconds, such as 300."
_REMINDERS = "Give the time between reminders as whole seconds, such as 14400."
_BUDGET = f"Give the weeks per allowed false alarm as a whole number, such as {policy.BUDGET_WEEKS}."
_LIMIT = "Give a finite number, such as 1."
_RECOVERY = "Give a whole number of good pings, such as 2."


def _text(source: str | None = None, **options: Any) -> serializers.CharField:
    """Any text; its length and its characters are the domain's business. null is the same as leaving it empty."""
    return serializers.CharField(source=source, required=False, allow_blank=True, allow_null=True, **options)


@extend_schema_field({"type": ["string", "integer"]})
class _ChatId(serializers.Field[str, Any, str, Any]):
    """A chat of Telegram, whose own API knows it as a number or as a name."""

    def to_internal_value(self, data: Any) -> str:
        if isinstance(data, str) or (type(data) is int and abs(data) <= parameters.LARGEST_ID):
            return str(data)
        raise serializers.ValidationError("Give the chat's number or name.", code="invalid")


def _whole(source: str, says: str, *, null: bool = True) -> serializers.IntegerField:
    """A whole number; null, where it may be, is the same as the default."""
    return serializers.IntegerField(
        source=source,
        required=False,
        allow_null=null,
        min_value=-fields.MAX_INT,
        max_value=fields.MAX_INT,
        error_messages=dict.fromkeys(("invalid", "min_value", "max_value", "max_string_length"), says),
    )


class _Number(serializers.FloatField):
    """A number as JSON has them; neither text nor a truth value. null is the same as the default."""

    def __init__(self, source: str | None, says: str) -> None:
        super().__init__(source=source, required=False, allow_null=True, error_messages={"invalid": says})

    def to_internal_value(self, data: Any) -> float:
        if type(data) not in (int, float):
            self.fail("invalid")
        try:
            return float(data)
        except OverflowError:
            self.fail("invalid")


class MonitorBody(Body):
    """The body of POST /monitors; with `partial=True`, of PATCH."""

    example: ClassVar = examples.NEW_MONITOR
    words: ClassVar = {
        "name": {"minLength": 1, "maxLength": fields.MAX_NAME, "description": "Once in its project."},
        "type": {"enum": list(fields.TYPES), "description": "It cannot change."},
        "project": {"description": "A project's slug; the first one without it."},
        "intervalSec": {"minimum": 1, "maximum": fields.YEAR_SEC, "description": "Seconds between two pings."},
        "cron": {"description": "Or five fields that say when pings are due."},
        "timezone": {
            "description": "The zone of `cron`, and of a beet's hours, such as `Europe/Berlin`; `UTC` without it."
        },
        "heartbeatGraceSec": {"minimum": 0, "maximum": fields.YEAR_SEC, "description": "How late a ping may be; 60."},
        "alertThreshold": {"minimum": 1, "maximum": 1000, "description": "Failures in a row that alert; 1."},
        "maxRuntimeSec": {"minimum": 1, "maximum": fields.YEAR_SEC, "description": "How long a run may take."},
        "alertDelaySec": {
            "minimum": 0,
            "maximum": policy.MAX_DELAY_SEC,
            "description": "Tell only what is still open after so long; null: the organisation's policy counts.",
        },
        "remindEverySec": {
            "minimum": 0,
            "maximum": policy.MAX_REMINDER_SEC,
            "description": "Tell again while nobody has acknowledged, 0: never; null: as the organisation.",
        },
        "recoveryThreshold": {
            "minimum": 1,
            "maximum": policy.MAX_RECOVERY,
            "description": "Good pings in a row until it is up again; null: as the organisation.",
        },
        "rho": {
            "minimum": fields.MIN_RHO,
            "maximum": fields.MAX_RHO,
            "description": f"Beets: the share of the usual rate below which a drop alerts; {fields.RHO}.",
        },
        "budgetWeeks": {
            "minimum": 1,
            "maximum": policy.MAX_BUDGET_WEEKS,
            "description": "Beets: weeks per allowed false alarm; null: as the organisation, else "
            f"{policy.BUDGET_WEEKS}.",
        },
        "learningSilenceSec": {
            "minimum": fields.MIN_SILENCE_SEC,
            "maximum": fields.YEAR_SEC,
            "description": "Beets: the silence that alerts until it has learned; null: none.",
        },
        "valueBelow": {"description": "A value below it is a failure."},
        "valueAbove": {"description": "A value above it is a failure."},
        "valuePer": {
            "enum": list(fields.VALUE_PER),
            "description": "What is judged: the value of each ping, or the sum or the mean of each hour; `ping`.",
        },
        "valueBand": {"description": "Whether a value outside of what is usual for its hour is a failure too."},
        "postOnly": {"description": "Note GET and HEAD only, so that a link preview is no ping."},
        "url": {"maxLength": fields.MAX_URL, "description": "Kept as it is, for scripts that send it."},
        "timeoutMs": {"minimum": 0, "description": "Kept as it is, for scripts that send it."},
        "description": {"maxLength": fields.MAX_DESCRIPTION, "description": "What it watches, for people."},
        "tags": {"maxItems": fields.MAX_TAGS, "description": "Slugs to find it by."},
        "channelIds": {"description": "The channels that are told; the default ones without it."},
        "alertEmail": {"description": "An address to tell: a channel is found or made for it."},
        "alertWebhookUrl": {"description": "The same for a webhook."},
        "alertSlackUrl": {"description": "The same for Slack."},
        "alertDiscordUrl": {"description": "The same for Discord."},
        "alertMsteamsUrl": {"description": "The same for Microsoft Teams."},
        "alertTelegramBotToken": {"description": "The same for Telegram, together with the chat."},
        "alertTelegramChatId": {"description": "The chat in which the bot tells."},
    }
    """What `monitors.domain.fields` checks, for the document of the API."""

    name = serializers.CharField(trim_whitespace=True, error_messages={"blank": "Give the monitor a name."})
    type = serializers.CharField(required=False)
    project = serializers.CharField(required=False, allow_null=True)
    intervalSec = _whole("interval_sec", "Give the interval as whole seconds, such as 300.")
    cron = _text()
    timezone = _text()
    heartbeatGraceSec = _whole("grace_sec", "Give the grace as whole seconds, such as 60.")
    alertThreshold = _whole("alert_threshold", "Give a whole number of failures, such as 1.")
    maxRuntimeSec = _whole("max_runtime_sec", "Give the longest run as whole seconds, such as 3600.")
    alertDelaySec = _whole("alert_delay_sec", _DELAY)
    remindEverySec = _whole("remind_every_sec", _REMINDERS)
    recoveryThreshold = _whole("recovery_threshold", _RECOVERY)
    rho = _Number(None, f"Give a share of the usual rate, such as {fields.RHO}.")
    budgetWeeks = _whole("budget_weeks", _BUDGET)
    learningSilenceSec = _whole("learning_silence_sec", "Give the silence as whole seconds, such as 21600.")
    valueBelow = _Number("value_below", _LIMIT)
    valueAbove = _Number("value_above", _LIMIT)
    valuePer = serializers.CharField(source="value_per", required=False, allow_null=True)
    valueBand = serializers.BooleanField(source="value_band", required=False, allow_null=True)
    postOnly = serializers.BooleanField(source="post_only", required=False)
    url = _text(trim_whitespace=False)
    timeoutMs = _whole("timeout_ms", "Give the timeout as whole milliseconds, such as 10000.")
    description = _text()
    tags = serializers.ListField(child=serializers.CharField(), required=False, allow_null=True, max_length=1000)
    channelIds = serializers.ListField(
        source="channel_ids",
        child=serializers.IntegerField(
            min_value=1,
            max_value=parameters.LARGEST_ID,
            error_messages=dict.fromkeys(("invalid", "min_value", "max_value", "max_string_length"), _CHANNEL_ID),
        ),
        required=False,
        allow_null=True,
        max_length=1000,
    )
    alertEmail = _text("alert_email")
    alertWebhookUrl = _text("alert_webhook_url")
    alertSlackUrl = _text("alert_slack_url")
    alertDiscordUrl = _text("alert_discord_url")
    alertMsteamsUrl = _text("alert_msteams_url")
    alertTelegramBotToken = _text("alert_telegram_bot_token")
    alertTelegramChatId = _ChatId(source="alert_telegram_chat_id", required=False, allow_null=True)


class PolicyBody(Body):
    """The body of PATCH /alert-policy."""

    example: ClassVar = {"alertDelaySec": 300, "remindEverySec": 14_400}
    words: ClassVar = {
        "alertDelaySec": {"minimum": 0, "maximum": policy.MAX_DELAY_SEC, "description": "0: tell at once."},
        "remindEverySec": {"minimum": 0, "maximum": policy.MAX_REMINDER_SEC, "description": "0: never remind."},
        "recoveryThreshold": {"minimum": 1, "maximum": policy.MAX_RECOVERY, "description": "1: the first good ping."},
        "beetBudgetWeeks": {
            "minimum": 1,
            "maximum": policy.MAX_BUDGET_WEEKS,
            "description": "One budget that all beets share; null: each has its own.",
        },
    }

    alertDelaySec = _whole("alert_delay_sec", _DELAY, null=False)
    remindEverySec = _whole("remind_every_sec", _REMINDERS, null=False)
    recoveryThreshold = _whole("recovery_threshold", _RECOVERY, null=False)
    beetBudgetWeeks = _whole("beet_budget_weeks", _BUDGET)


class SnoozeBody(Body):
    """The body of POST /monitors/{id}/snooze."""

    example: ClassVar = {"until": None}  # an instant would be in the past one day, and refused
    words: ClassVar = {
        "until": {
            "description": "An instant such as 2026-11-23T07:00:00Z, at most a year from now. Without it, or null, the "
            "snooze ends with the next healthy ping."
        }
    }

    until = serializers.DateTimeField(
        required=False,
        allow_null=True,
        error_messages={"invalid": "Give an instant such as 2026-11-23T07:00:00Z."},
    )


class NoteBody(Body):
    """The body of POST /incidents/{id}/updates."""

    example: ClassVar = {"message": "The disk of the backup server was full; copying again."}

    message = serializers.CharField(max_length=fields.MAX_NOTE)

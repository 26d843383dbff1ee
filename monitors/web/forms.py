"""The form of a monitor, for making one and for changing one."""

import contextlib
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django import forms

from accounts.web import components
from heartbeet.lib import durations
from monitors import operations
from monitors.domain import fields, policy, schedule
from monitors.models import Monitor

_PRESETS = (30, 60, 300, 900, 1800, 3600, 21_600, 86_400, 604_800)
_BOXES = {
    "interval_sec": "every",
    "grace_sec": "grace",
    "max_runtime_sec": "max_runtime",
    "alert_delay_sec": "alert_delay",
    "remind_every_sec": "remind_every",
}


class DurationField(forms.CharField):
    """A duration as people write it (`5 min`); its value is in seconds, None if left empty."""

    def __init__(self, **kwargs: Any) -> None:
        placeholder = kwargs.pop("placeholder", "")
        widget = forms.TextInput({"class": "input", "placeholder": placeholder, "autocomplete": "off"})
        super().__init__(max_length=50, widget=widget, **kwargs)

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        try:
            return durations.parse(text)
        except durations.BadDuration as bad:
            raise forms.ValidationError(components.marked(str(bad))) from bad

    def prepare_value(self, value: Any) -> Any:
        return durations.short(value) if isinstance(value, int) else value


class MonitorForm(forms.Form):
    """All that a person decides about a heartbeat monitor."""

    name = forms.CharField(
        max_length=fields.MAX_NAME,
        widget=forms.TextInput({"class": "input", "placeholder": "Nightly backup", "autocomplete": "off"}),
        error_messages={"required": "Give the monitor a name, such as “Nightly backup”."},
    )
    schedule = forms.ChoiceField(
        label="When are pings expected?",
        choices=[("interval", "At an interval"), ("cron", "On a cron schedule")],
        widget=forms.RadioSelect,
        initial="interval",
    )
    every = forms.ChoiceField(
        choices=[*((str(sec), durations.short(sec)) for sec in _PRESETS), ("custom", "Custom")],
        widget=forms.RadioSelect,
        required=False,
        initial="300",
    )
    every_custom = DurationField(
        label="Custom interval", required=False, placeholder="45 min", help_text="From 5 s to 366 days."
    )
    cron = forms.CharField(
        label="Cron expression",
        required=False,
        max_length=255,
        widget=forms.TextInput(
            {"class": "input input-mono", "placeholder": "30 3 * * *", "autocomplete": "off", "spellcheck": "false"}
        ),
        help_text="Five fields: minute, hour, day of month, month, day of week.",
    )
    timezone = forms.CharField(
        label="Time zone",
        required=False,
        max_length=64,
        initial="UTC",
        widget=forms.TextInput({"class": "input", "list": "zones", "autocomplete": "off"}),
        help_text="The zone the cron line is written in, such as Europe/Berlin.",
    )
    grace = DurationField(
        initial=60,
        placeholder="1 min",
        help_text="How late a ping may be before it counts as missed.",
        error_messages={"required": "Write how late a ping may be, such as 5 min; 0 for not at all."},
    )
    alert_threshold = forms.IntegerField(
        label="Alert after",
        initial=1,
        min_value=1,
        max_value=1000,
        widget=forms.NumberInput({"class": "input", "inputmode": "numeric"}),
        help_text="Failures in a row before an incident opens.",
        error_messages=dict.fromkeys(
            ("invalid", "min_value", "max_value", "required"), "Write a whole number from 1 to 1,000."
        ),
    )
    max_runtime = DurationField(
        label="Longest run", required=False, placeholder="2 h", help_text="For jobs that also ping /start."
    )
    alert_delay = DurationField(
        label="Tell only what is still down after",
        required=False,
        placeholder="as the organisation",
        help_text="0 for at once.",
    )
    remind_every = DurationField(
        label="Remind every", required=False, placeholder="as the organisation", help_text="0 for never."
    )
    recovery_threshold = forms.IntegerField(
        label="Up again after",
        required=False,
        min_value=1,
        max_value=policy.MAX_RECOVERY,
        widget=forms.NumberInput({"class": "input", "inputmode": "numeric", "placeholder": "as the organisation"}),
        help_text="Good pings in a row.",
        error_messages=dict.fromkeys(
            ("invalid", "min_value", "max_value"), f"Write a whole number from 1 to {policy.MAX_RECOVERY}."
        ),
    )
    tags = forms.CharField(
        required=False,
        max_length=1100,
        widget=forms.TextInput({"class": "input", "placeholder": "backup nightly", "autocomplete": "off"}),
        help_text="Lower-case words, separated by spaces or commas.",
    )
    description = forms.CharField(
        required=False,
        max_length=fields.MAX_DESCRIPTION,
        widget=forms.Textarea({"class": "input", "rows": 3, "placeholder": "What runs, where, and what to do."}),
    )
    post_only = forms.BooleanField(
        label="Only POST counts",
        required=False,
        help_text="GET and HEAD are kept as log lines, so that a link preview cannot fake a success.",
    )
    project = forms.TypedChoiceField(
        required=False, coerce=int, empty_value=None, widget=forms.Select({"class": "input"})
    )
    channels = forms.TypedMultipleChoiceField(
        label="Who is told?", required=False, coerce=int, widget=forms.CheckboxSelectMultiple
    )

    def __init__(
        self, *args: Any, channels: Iterable[tuple[int, str]], projects: Sequence[tuple[int, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        for name, choices in (("channels", channels), ("project", projects)):
            chosen = self.fields[name]
            assert isinstance(chosen, forms.ChoiceField)
            chosen.choices = list(choices)
        if len(projects) < 2:
            del self.fields["project"]  # there is nothing to choose

    def clean_tags(self) -> list[str]:
        return [tag for tag in re.split(r"[\s,]+", self.cleaned_data["tags"]) if tag]

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if given.get("schedule") == "interval" and given.get("every") == "custom":
            self._require("every_custom", durations.BadDuration.__doc__ or "")
        if given.get("schedule") == "cron":
            self._require("cron", "Write a cron line such as `30 3 * * *`: every day at 03:30.")
            self._check_cron()
        return given

    def changes(self) -> dict[str, Any]:
        """The form's answers by their names in MonitorFields."""
        given = self.cleaned_data
        is_cron = given["schedule"] == "cron"
        return {
            "name": given["name"],
            "interval_sec": None if is_cron else self._interval(),
            "cron": given["cron"] if is_cron else "",
            "timezone": given["timezone"] or "UTC",
            "grace_sec": given["grace"],
            "alert_threshold": given["alert_threshold"],
            "max_runtime_sec": given["max_runtime"],
            "alert_delay_sec": given["alert_delay"],
            "remind_every_sec": given["remind_every"],
            "recovery_threshold": given["recovery_threshold"],
            "tags": given["tags"],
            "description": given["description"],
            "post_only": given["post_only"],
        }

    @contextlib.contextmanager
    def refusals(self) -> Iterator[None]:
        """What an operation refuses inside this block becomes errors beside the fields."""
        try:
            yield
        except fields.Invalid as invalid:
            for problem in invalid.problems:
                self._add(problem.path, problem.message)
        except operations.IntervalTooLow as refusal:
            self._add("cron" if self.cleaned_data["schedule"] == "cron" else "interval_sec", str(refusal))
        except operations.NameTaken as refusal:
            self._add("name", str(refusal))
        except operations.MonitorLimitReached as refusal:
            self.add_error(None, str(refusal))

    def _interval(self) -> int:
        every = self.cleaned_data["every"]
        chosen: int = self.cleaned_data["every_custom"] if every == "custom" else int(every)
        return chosen

    def _check_cron(self) -> None:
        """The operation checks it too, but only once nothing else is wrong."""
        try:
            if cron := self.cleaned_data.get("cron"):
                schedule.check_cron(" ".join(cron.split()))
            schedule.check_zone(self.cleaned_data.get("timezone") or "UTC")
        except schedule.BadSchedule as bad:
            self._add(bad.field, str(bad))

    def _require(self, name: str, message: str) -> None:
        if not self.cleaned_data.get(name) and name not in self.errors:
            self.add_error(name, components.marked(message))

    def _add(self, path: str, message: str) -> None:
        box = _BOXES.get(path, path)
        if box == "every" and self.cleaned_data.get("every") == "custom":
            box = "every_custom"
        self.add_error(box if box in self.fields else None, components.marked(message))


class Note(forms.Form):
    """A line for the timeline of an incident."""

    message = forms.CharField(max_length=fields.MAX_NOTE)


def initial(monitor: Monitor, channel_ids: Iterable[int]) -> dict[str, Any]:
    """What the form shows for a monitor that exists."""
    is_preset = monitor.interval_sec in _PRESETS
    return {
        "name": monitor.name,
        "schedule": "cron" if monitor.cron else "interval",
        "every": str(monitor.interval_sec) if is_preset else ("300" if monitor.cron else "custom"),
        "every_custom": None if is_preset else monitor.interval_sec,
        "cron": monitor.cron,
        "timezone": monitor.timezone,
        "grace": monitor.grace_sec,
        "alert_threshold": monitor.alert_threshold,
        "max_runtime": monitor.max_runtime_sec,
        "alert_delay": monitor.alert_delay_sec,
        "remind_every": monitor.remind_every_sec,
        "recovery_threshold": monitor.recovery_threshold,
        "tags": " ".join(monitor.tags),
        "description": monitor.description,
        "post_only": monitor.post_only,
        "channels": list(channel_ids),
        "project": monitor.project_id,
    }

"""The part of a monitor's form that says when pings are expected and when somebody is told, which the preview reads."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django import forms

from accounts.web import components
from heartbeet.lib import durations
from monitors.domain import fields, policy, schedule
from monitors.domain.policy import Policy
from monitors.domain.preview import Plan

PRESETS = (30, 60, 300, 900, 1800, 3600, 21_600, 86_400, 604_800)
_BOXES = {
    "interval_sec": "every",
    "grace_sec": "grace",
    "max_runtime_sec": "max_runtime",
    "alert_delay_sec": "alert_delay",
    "remind_every_sec": "remind_every",
}
_CHOOSE = "Choose how often a ping is expected."


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


class WholeField(forms.IntegerField):
    """A whole number from 1 to `most`, `of` what if the mistake should say so; None if left empty."""

    def __init__(self, most: int, *, of: str = "", **kwargs: Any) -> None:
        says = f"Write a whole number{f' of {of}' if of else ''} from 1 to {most:,}."
        super().__init__(
            min_value=1,
            max_value=most,
            widget=forms.NumberInput({"class": "input", "inputmode": "numeric"}),
            error_messages=dict.fromkeys(("invalid", "min_value", "max_value", "required"), says),
            **kwargs,
        )


class TimingForm(forms.Form):
    """When pings are expected, and when somebody is told that they do not come."""

    schedule = forms.ChoiceField(
        label="When are pings expected?",
        choices=[("interval", "At an interval"), ("cron", "On a cron schedule")],
        widget=forms.RadioSelect,
        initial="interval",
    )
    every = forms.ChoiceField(
        choices=[*((str(sec), durations.short(sec)) for sec in PRESETS), ("custom", "Custom")],
        widget=forms.RadioSelect,
        required=False,
        initial="300",
        error_messages={"invalid_choice": _CHOOSE},
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
    max_runtime = DurationField(
        label="Longest run", required=False, placeholder="2 h", help_text="For jobs that also ping /start."
    )
    alert_threshold = WholeField(
        1000, label="Alert after", initial=1, help_text="Failures in a row before an incident opens."
    )
    recovery_threshold = WholeField(
        policy.MAX_RECOVERY, label="Up again after", required=False, help_text="Good pings in a row."
    )
    alert_delay = DurationField(label="Tell only what is still down after", required=False, help_text="0 for at once.")
    remind_every = DurationField(label="Remind every", required=False, help_text="0 for never.")

    @classmethod
    def typed(cls, given: Mapping[str, Any]) -> "TimingForm":
        """The form with what was typed into it so far; what is not there is as in a new one."""
        return cls({name: given.get(name, field.initial) for name, field in cls.base_fields.items()})

    def show_usual(self, usual: Policy) -> None:
        """Show in the empty fields what counts there: the organisation's policy."""
        delay, remind = usual.alert_delay_sec, usual.remind_every_sec
        shown = {
            "alert_delay": durations.short(delay) if delay else "at once",
            "remind_every": durations.short(remind) if remind else "never",
            "recovery_threshold": str(usual.recovery_threshold),
        }
        for name in shown.keys() & self.fields.keys():
            self.fields[name].widget.attrs["placeholder"] = shown[name]

    def clean(self) -> dict[str, Any]:
        """Check what was chosen; what belongs to another choice is nobody's mistake."""
        given = self.cleaned_data
        if given.get("schedule") == "interval":
            self._clean_interval()
        if given.get("schedule") == "cron":
            self._clean_cron()
        return given

    def timing(self) -> dict[str, Any]:
        """The valid form's answers by their names in MonitorFields."""
        given = self.cleaned_data
        is_cron = given["schedule"] == "cron"
        return {
            "interval_sec": None if is_cron else self._interval(),
            "cron": given["cron"] if is_cron else "",
            "timezone": given["timezone"] or "UTC",
            "grace_sec": given["grace"],
            "alert_threshold": given["alert_threshold"],
            "max_runtime_sec": given["max_runtime"],
            "recovery_threshold": given["recovery_threshold"],
        }

    def telling(self) -> dict[str, Any]:
        """When somebody is told, of whatever kind it is, by the names in MonitorFields."""
        given = self.cleaned_data
        return {"alert_delay_sec": given["alert_delay"], "remind_every_sec": given["remind_every"]}

    def plan(self, usual: Policy, floor_sec: int) -> Plan:
        """The valid form as a plan to look at, where `usual` is the organisation's policy. Raises fields.Invalid."""
        wanted = fields.tidy(fields.MonitorFields(name="preview", **self.timing(), **self.telling()))
        fields.check(wanted)
        return Plan(
            schedule=schedule.build(interval_sec=wanted.interval_sec, cron=wanted.cron, zone=wanted.timezone),
            grace=timedelta(seconds=wanted.grace_sec),
            max_runtime=timedelta(seconds=wanted.max_runtime_sec) if wanted.max_runtime_sec else None,
            alert_threshold=wanted.alert_threshold,
            policy=usual.but({name: getattr(wanted, name) for name in policy.NAMES}),
            floor=timedelta(seconds=floor_sec),
        )

    def add_problem(self, path: str, message: str) -> None:
        """Put what is wrong with a field of MonitorFields beside the box in which it was written."""
        box = _BOXES.get(path, path)
        if box == "every" and self.cleaned_data.get("every") == "custom":
            box = "every_custom"
        self.add_error(box if box in self.fields else None, components.marked(message))

    def forget(self, *names: str) -> None:
        """Drop the mistakes in fields that do not count."""
        for name in names:
            self.errors.pop(name, None)

    def _clean_interval(self) -> None:
        self.forget("cron", "timezone")
        zone = self.cleaned_data.get("timezone")
        try:
            schedule.check_zone(zone or "UTC")
        except schedule.BadSchedule:
            zone = "UTC"
        self.cleaned_data["timezone"] = zone
        if self.cleaned_data.get("every") == "custom":
            self._require("every_custom", durations.BadDuration.__doc__ or "")
        else:
            self.forget("every_custom")
            self._require("every", _CHOOSE)

    def _clean_cron(self) -> None:
        """The operation checks it too, but only once nothing else is wrong."""
        self.forget("every", "every_custom")
        self._require("cron", "Write a cron line such as `30 3 * * *`: every day at 03:30.")
        try:
            if cron := self.cleaned_data.get("cron"):
                schedule.check_cron(" ".join(cron.split()))
            schedule.check_zone(self.cleaned_data.get("timezone") or "UTC")
        except schedule.BadSchedule as bad:
            self.add_problem(bad.field, str(bad))

    def _interval(self) -> int:
        every = self.cleaned_data["every"]
        chosen: int = self.cleaned_data["every_custom"] if every == "custom" else int(every)
        return chosen

    def _require(self, name: str, message: str) -> None:
        if not self.cleaned_data.get(name) and name not in self.errors:
            self.add_error(name, components.marked(message))

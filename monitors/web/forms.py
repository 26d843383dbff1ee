"""The form of a monitor, for making one, for changing one and for copying one."""

import contextlib
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django import forms

from monitors import operations
from monitors.domain import fields
from monitors.domain.policy import Policy
from monitors.models import Monitor
from monitors.web import rhythm_form, value_form
from monitors.web.rhythm_form import RhythmForm
from monitors.web.timing import PRESETS, TimingForm
from monitors.web.value_form import ValueForm

_TELLING = ("alert_delay", "remind_every")
_ONLY = {
    fields.HEARTBEAT: [name for name in TimingForm.base_fields if name not in _TELLING],
    fields.BEET: list(RhythmForm.base_fields),
}
"""The fields that only one kind has; a beet has no timing."""
_OTHER = {fields.HEARTBEAT: fields.BEET, fields.BEET: fields.HEARTBEAT}


class MonitorForm(TimingForm, RhythmForm, ValueForm):
    """All that a person decides about a monitor. What is written in the fields of the other kind does not count."""

    kind = forms.ChoiceField(
        label="What do you watch?",
        choices=[
            (fields.HEARTBEAT, "Heartbeat: a job that should run"),
            (fields.BEET, "Beet: a stream of events"),
        ],
        widget=forms.RadioSelect,
        required=False,
        initial=fields.HEARTBEAT,
    )
    name = forms.CharField(
        max_length=fields.MAX_NAME,
        widget=forms.TextInput({"class": "input", "placeholder": "Nightly backup", "autocomplete": "off"}),
        error_messages={"required": "Give the monitor a name, such as “Nightly backup”."},
    )
    tags = forms.CharField(
        required=False,
        max_length=1100,
        widget=forms.TextInput(
            {
                "class": "input",
                "placeholder": "backup nightly",
                "autocomplete": "off",
                "list": "tags-in-use",
                "data-words": True,
            }
        ),
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
        self,
        *args: Any,
        channels: Iterable[tuple[int, str]],
        projects: Sequence[tuple[int, str]],
        kind: str = "",
        **kwargs: Any,
    ) -> None:
        """`kind` is that of a monitor which exists, for it keeps it; without one there is a choice."""
        super().__init__(*args, **kwargs)
        self._kind = kind
        for name, choices in (("channels", channels), ("project", projects)):
            chosen = self.fields[name]
            assert isinstance(chosen, forms.ChoiceField)
            chosen.choices = list(choices)
        if len(projects) < 2:
            del self.fields["project"]  # there is nothing to choose
        if "rho" in self.fields:
            self.keep_own_drop()
        for name in ("kind", *_ONLY[_OTHER[kind]]) if kind else ():
            del self.fields[name]

    @property
    def kind_chosen(self) -> str:
        """What is watched: the monitor's own kind, or the one that was chosen."""
        return self._kind or self.cleaned_data.get("kind") or fields.HEARTBEAT

    def typed_so_far(self) -> dict[str, Any]:
        """What the fields show, as the `initial` of a form that does not complain yet."""
        return {name: self[name].value() for name in self.fields}

    def clean_tags(self) -> list[str]:
        return [tag for tag in re.split(r"[\s,]+", self.cleaned_data["tags"]) if tag]

    def clean(self) -> dict[str, Any]:
        self.forget(*_ONLY[_OTHER[self.kind_chosen]])
        return self.cleaned_data if self.kind_chosen == fields.BEET else super().clean()

    def changes(self) -> dict[str, Any]:
        """The form's answers by their names in MonitorFields, without the kind."""
        given = self.cleaned_data
        own = {name: given[name] for name in ("name", "tags", "description", "post_only")}
        is_beet = self.kind_chosen == fields.BEET
        return {**own, **self.telling(), **(self.rhythm() if is_beet else self.timing()), **self.values()}

    def show_usual(self, usual: Policy) -> None:
        super().show_usual(usual)
        if "budget" in self.fields:
            self.show_usual_budget(usual)

    def add_problem(self, path: str, message: str) -> None:
        own = rhythm_form.BOXES if self.kind_chosen == fields.BEET else {}
        super().add_problem(own.get(path, path), message)

    @contextlib.contextmanager
    def refusals(self) -> Iterator[None]:
        """What an operation refuses inside this block becomes errors beside the fields."""
        try:
            yield
        except fields.Invalid as invalid:
            for problem in invalid.problems:
                self.add_problem(problem.path, problem.message)
        except operations.IntervalTooLow as refusal:
            self.add_problem("cron" if self.cleaned_data["schedule"] == "cron" else "interval_sec", str(refusal))
        except operations.NameTaken as refusal:
            self.add_problem("name", str(refusal))
        except operations.MonitorLimitReached as refusal:
            self.add_error(None, str(refusal))


class Note(forms.Form):
    """A line for the timeline of an incident."""

    message = forms.CharField(max_length=fields.MAX_NOTE)


def initial(monitor: Monitor, channel_ids: Iterable[int]) -> dict[str, Any]:
    """What the form shows for a monitor that exists."""
    is_preset = monitor.interval_sec in PRESETS
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
        **rhythm_form.initial(monitor),
        **value_form.initial(monitor),
    }

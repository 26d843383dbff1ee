"""The part of a monitor's form that says which values are good."""

from typing import Any

from django import forms

from monitors.domain import fields
from monitors.models import Monitor

_NUMBER = "Write a number, such as 1 or 0.5."


def _limit(label: str) -> forms.FloatField:
    return forms.FloatField(
        label=label,
        required=False,
        widget=forms.NumberInput({"class": "input", "step": "any", "inputmode": "decimal"}),
        error_messages={"invalid": _NUMBER},
    )


class ValueForm(forms.Form):
    """Which values are good."""

    value_below = _limit("Alert below")
    value_above = _limit("Alert above")
    value_per = forms.ChoiceField(
        label="What is judged",
        choices=[
            (fields.PING, "The value of each ping"),
            (fields.HOUR_SUM, "The sum of each hour"),
            (fields.HOUR_MEAN, "The mean of each hour"),
        ],
        widget=forms.RadioSelect,
        required=False,
        initial=fields.PING,
    )
    value_band = forms.BooleanField(
        label="Alert when it is unusual for its hour",
        required=False,
        help_text="What is usual is learned from 14 days and 50 values.",
    )

    @property
    def has_values(self) -> bool:
        """Whether something stands in these fields, so that they are not folded."""
        shown = [self[name].value() for name in ("value_below", "value_above", "value_band")]
        given = [value for value in shown if value not in (None, "") and value is not False]  # 0.0 is a limit
        return bool(given) or any(self[name].errors for name in ValueForm.base_fields)

    def values(self) -> dict[str, Any]:
        """The valid form's answers by their names in MonitorFields."""
        given = {name: self.cleaned_data[name] for name in ValueForm.base_fields}
        return {**given, "value_per": given["value_per"] or fields.PING}


def initial(monitor: Monitor) -> dict[str, Any]:
    """What the form shows for a monitor that exists."""
    return {name: getattr(monitor, name) for name in ValueForm.base_fields}

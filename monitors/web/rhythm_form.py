"""The part of a monitor's form that says when a beet alerts, which the replay reads."""

from typing import Any

from django import forms

from monitors.domain import fields, policy
from monitors.domain.policy import Policy
from monitors.models import Monitor
from monitors.web.timing import DurationField, WholeField

DROPS = (0.2, 0.4, 0.6, 0.8)
BOXES = {"timezone": "beet_zone", "budget_weeks": "budget", "learning_silence_sec": "learning_silence"}
"""Where the fields of MonitorFields are written that are called otherwise here."""


def _choice(rho: float) -> tuple[str, str]:
    return str(rho), f"Below {round(100 * rho, 1):g} %"


class RhythmForm(forms.Form):
    """When a beet alerts."""

    rho = forms.TypedChoiceField(
        label="The smallest drop worth waking me for",
        choices=[_choice(rho) for rho in DROPS],
        coerce=float,
        widget=forms.RadioSelect,
        required=False,
        initial=fields.RHO,
        error_messages={"invalid_choice": "Choose how far it has to fall."},
    )
    budget = WholeField(
        policy.MAX_BUDGET_WEEKS,
        of="weeks",
        label="Weeks per false alarm",
        required=False,
        help_text="At most one false alarm in so many weeks. Fewer weeks alert sooner.",
    )
    beet_zone = forms.CharField(
        label="Local time",
        required=False,
        max_length=64,
        initial="UTC",
        widget=forms.TextInput({"class": "input", "list": "zones", "autocomplete": "off"}),
        help_text="The time zone of the people who make the events, such as Europe/Berlin.",
    )
    learning_silence = DurationField(
        label="Until it has learned: alert when nothing came for",
        required=False,
        placeholder="never",
        help_text="It learns for 14 days and 50 events. Leave it empty to hear nothing before.",
    )

    def keep_own_drop(self) -> None:
        """Let the form show a share that was set by the API and is not among its choices."""
        own, field = self.initial.get("rho"), self.fields["rho"]
        assert isinstance(field, forms.TypedChoiceField)
        if isinstance(own, float) and own not in DROPS:
            field.choices = [_choice(rho) for rho in sorted((*DROPS, own))]

    def show_usual_budget(self, usual: Policy) -> None:
        """Show in the empty field what counts there: the organisation's budget."""
        shared = usual.beet_budget_weeks
        self.fields["budget"].widget.attrs["placeholder"] = (
            f"{shared}, shared by all" if shared else str(policy.BUDGET_WEEKS)
        )

    def rhythm(self) -> dict[str, Any]:
        """The valid form's answers by their names in MonitorFields."""
        given = self.cleaned_data
        return {
            "timezone": given["beet_zone"] or "UTC",
            "rho": given["rho"] or fields.RHO,
            "budget_weeks": given["budget"],
            "learning_silence_sec": given["learning_silence"],
        }


def initial(monitor: Monitor) -> dict[str, Any]:
    """What the form shows for a monitor that exists."""
    return {
        "rho": monitor.rho,
        "budget": monitor.budget_weeks,
        "beet_zone": monitor.timezone,
        "learning_silence": monitor.learning_silence_sec,
    }

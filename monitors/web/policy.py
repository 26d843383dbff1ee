"""The organisation's policy of alerts, in plain words."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts import access
from accounts.domain import roles
from accounts.domain.roles import Scope
from accounts.web.organization import tabs
from heartbeet.lib import clock, durations
from monitors import policies
from monitors.domain import fields, policy
from monitors.domain.policy import Policy
from monitors.web import present
from monitors.web.timing import DurationField, WholeField

_DELAYS = (60, 300, 900, 3600)
_REMINDERS = (3600, 14_400, 43_200, 86_400)
_BOXES = {"alert_delay_sec": "delay_custom", "remind_every_sec": "remind_custom", "beet_budget_weeks": "beet_budget"}
_page = require_http_methods(["GET", "HEAD", "POST"])


def _choices(first: str, words: str, presets: tuple[int, ...]) -> list[tuple[str, str]]:
    timed = [(str(sec), words.format(durations.short(sec))) for sec in presets]
    return [("0", first), *timed, ("custom", "Another time")]


class PolicyForm(forms.Form):
    """How an organisation is alerted."""

    delay = forms.ChoiceField(
        label="When are you told?",
        choices=_choices("At once", "Only what is still down after {}", _DELAYS),
        widget=forms.RadioSelect,
    )
    delay_custom = DurationField(label="Only what is still down after", required=False, placeholder="10 min")
    remind = forms.ChoiceField(
        label="While nobody has acknowledged it",
        choices=_choices("Tell us once, no reminders", "Remind us every {}", _REMINDERS),
        widget=forms.RadioSelect,
    )
    remind_custom = DurationField(label="Remind us every", required=False, placeholder="2 h")
    recovery = WholeField(
        policy.MAX_RECOVERY,
        label="Good pings in a row",
        help_text="More than one for jobs that flap between good and bad.",
    )
    beet_budget = WholeField(
        policy.MAX_BUDGET_WEEKS,
        of="weeks",
        label="Weeks per false alarm of all beets together",
        required=False,
        help_text=f"Empty: each beet has {policy.BUDGET_WEEKS} weeks, or what it says itself.",
    )

    def clean(self) -> dict[str, Any]:
        for name in ("delay", "remind"):
            box = f"{name}_custom"
            if self.cleaned_data.get(name) == "custom" and not self.cleaned_data.get(box) and box not in self.errors:
                self.add_error(box, durations.BadDuration.__doc__ or "")
        return self.cleaned_data

    def changes(self) -> dict[str, int | None]:
        """The form's answers by their names in Policy."""
        return {
            "alert_delay_sec": self._seconds("delay"),
            "remind_every_sec": self._seconds("remind"),
            "recovery_threshold": self.cleaned_data["recovery"],
            "beet_budget_weeks": self.cleaned_data["beet_budget"],
        }

    def refuse(self, problems: list[fields.Problem]) -> None:
        """What the operation refuses becomes errors beside the fields."""
        for problem in problems:
            self.add_error(_BOXES.get(problem.path, "recovery"), problem.message)

    def _seconds(self, name: str) -> int:
        chosen = self.cleaned_data[name]
        return int(self.cleaned_data[f"{name}_custom"] if chosen == "custom" else chosen)


@_page
def index(request: HttpRequest) -> HttpResponse:
    """Everybody sees it; owners and admins change it."""
    who = access.require(request, Scope.MONITORS_READ)
    can_edit = roles.manages(who.role)
    if request.method == "POST" and not can_edit:
        raise access.RoleInsufficient(access.RoleInsufficient.__doc__)
    found = policies.of(who.organization)
    form = PolicyForm(request.POST or None, initial=_initial(found))
    if form.is_valid():
        try:
            policies.edit(organization=who.organization, changes=form.changes(), by=who.actor, now=clock.now())
            messages.success(request, "Saved. What is open follows it from now on.")
            return redirect("monitors:alert-policy")
        except fields.Invalid as invalid:
            form.refuse(invalid.problems)
    shown = {"form": form, "can_edit": can_edit, "facts": present.policy(found)}
    return render(request, "organization/alerts.html", {**shown, "tabs": tabs.of(who, "monitors:alert-policy")})


def _initial(found: Policy) -> dict[str, Any]:
    delay, remind = found.alert_delay_sec, found.remind_every_sec
    return {
        "delay": str(delay) if delay in (0, *_DELAYS) else "custom",
        "delay_custom": None if delay in (0, *_DELAYS) else delay,
        "remind": str(remind) if remind in (0, *_REMINDERS) else "custom",
        "remind_custom": None if remind in (0, *_REMINDERS) else remind,
        "recovery": found.recovery_threshold,
        "beet_budget": found.beet_budget_weeks,
    }

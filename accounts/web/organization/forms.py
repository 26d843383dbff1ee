"""The forms of an organisation's settings."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator

from accounts.domain import roles, tokens
from accounts.domain.roles import Role, Scope
from accounts.web.forms import text_input

_WHAT_ROLES_DO = {
    Role.OWNER: "Owner: everything, owners too",
    Role.ADMIN: "Admin: everything but owners",
    Role.MEMBER: "Member: edits, sees no secrets",
    Role.VIEWER: "Viewer: looks on",
}
SCOPES = {
    Scope.MONITORS_READ: "See monitors and their pings",
    Scope.MONITORS_WRITE: "Create, change and delete monitors",
    Scope.SECRETS_READ: "Read ping URLs",
    Scope.INCIDENTS_READ: "See incidents",
    Scope.INCIDENTS_WRITE: "Acknowledge and resolve incidents",
    Scope.CHANNELS_READ: "See alert channels",
    Scope.CHANNELS_WRITE: "Create, change and test alert channels",
    Scope.MEMBERS_READ: "See members and invitations",
    Scope.MEMBERS_WRITE: "Invite, change and remove members",
    Scope.TOKENS_WRITE: "Make and revoke access tokens",
    Scope.WEBHOOKS_READ: "Read the webhook secret",
    Scope.WEBHOOKS_WRITE: "Rotate the webhook secret",
    Scope.AUDIT_READ: "Read the audit log",
}
PRESETS = {
    "ci": (
        "CI",
        "Create monitors and read their ping URLs",
        (Scope.MONITORS_READ, Scope.MONITORS_WRITE, Scope.SECRETS_READ),
    ),
    "read": (
        "Read only",
        "See monitors, incidents and channels, no secrets",
        (Scope.MONITORS_READ, Scope.INCIDENTS_READ, Scope.CHANNELS_READ),
    ),
    "all": ("Everything", "All that your role allows, now and later", ("*",)),
    "own": ("Choose", "Exactly what is ticked below", ()),
}
_DAYS = {"30": "30 days", "90": "90 days", "365": "1 year", "": "Never"}


class General(forms.Form):
    """The organisation's name and rules."""

    name = forms.CharField(
        max_length=100,
        widget=text_input(autocomplete="organization"),
        help_text="Links keep their address when the name changes.",
        error_messages={"required": "Give your organisation a name; any will do."},
    )
    members_may_reveal = forms.BooleanField(
        required=False,
        label="Members may reveal ping URLs",
        help_text="Otherwise only owners and admins see and replace them.",
    )


class ChangeRole(forms.Form):
    """A role."""

    role = forms.ChoiceField(choices=[(role.value, role.value) for role in Role])


class Invite(forms.Form):
    """Whom to invite, as what."""

    email = forms.CharField(
        label="E-mail",
        max_length=254,
        widget=forms.EmailInput({"class": "input", "autocomplete": "off", "placeholder": "grace@example.com"}),
        error_messages={"required": "Write the e-mail address of the person."},
    )
    role = forms.ChoiceField(widget=forms.Select({"class": "input"}), initial=Role.MEMBER.value)

    def __init__(self, *args: Any, own: Role, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = [(role.value, _WHAT_ROLES_DO[role]) for role in roles.at_most(own)]
        self.fields["role"].choices = offered  # type: ignore[attr-defined]  # it is a ChoiceField


class NewToken(forms.Form):
    """A new access token: what it is for, what it may do, how long."""

    name = forms.CharField(
        max_length=tokens.MAX_NAME,
        widget=text_input(autocomplete="off", placeholder="GitHub Actions"),
        help_text="What it is for, so that you know it again.",
        error_messages={"required": "Give the token a name, such as “GitHub Actions”."},
    )
    preset = forms.ChoiceField(
        label="It may",
        choices=[(key, label) for key, (label, _, _) in PRESETS.items()],
        widget=forms.RadioSelect,
        initial="ci",
    )
    scopes = forms.MultipleChoiceField(
        label="Only these", required=False, choices=[], widget=forms.CheckboxSelectMultiple
    )
    expires = forms.ChoiceField(
        label="Expires after", required=False, choices=list(_DAYS.items()), widget=forms.RadioSelect, initial="90"
    )
    daily_limit = forms.IntegerField(
        label="Changes per day",
        required=False,
        min_value=1,
        max_value=tokens.DEFAULT_DAILY_MUTATIONS,
        widget=forms.NumberInput({"class": "input", "placeholder": f"{tokens.DEFAULT_DAILY_MUTATIONS}"}),
        help_text="How many changes it may make in a UTC day. Reading is not counted.",
    )

    def __init__(self, *args: Any, own: Role, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._own = own
        offered = [(scope.value, says) for scope, says in SCOPES.items() if roles.role_allows(own, scope)]
        self.fields["scopes"].choices = offered  # type: ignore[attr-defined]  # it is a MultipleChoiceField

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("preset") == "own" and not cleaned.get("scopes"):
            self.add_error("scopes", "Tick at least one, or choose one of the ready-made sets.")
        return cleaned

    def about(self, preset: str) -> str:
        """What a ready-made set means, and whether it is more than one's role allows."""
        _, says, scopes = PRESETS[preset]
        is_too_much = any(isinstance(scope, Scope) and not roles.role_allows(self._own, scope) for scope in scopes)
        return f"{says}; your role does not allow all of it" if is_too_much else says

    def granted(self) -> Sequence[str]:
        """The scopes that were asked for."""
        preset = self.cleaned_data["preset"]
        return self.cleaned_data["scopes"] if preset == "own" else [str(scope) for scope in PRESETS[preset][2]]

    def expires_at(self, now: datetime) -> datetime | None:
        """When it ends; None is never."""
        days = self.cleaned_data["expires"]
        return now + timedelta(days=int(days)) if days else None


_FIRST_DAY, _LAST_DAY = date(1970, 1, 2), date(2999, 12, 30)
"""Near the ends of the calendar a day has no beginning in every zone."""


def _day(label: str) -> forms.DateField:
    limits = [MinValueValidator(_FIRST_DAY), MaxValueValidator(_LAST_DAY)]
    widget = forms.DateInput({"class": "input", "type": "date"})
    return forms.DateField(label=label, required=False, validators=limits, widget=widget)


class AuditFilter(forms.Form):
    """Which events to show."""

    action = forms.ChoiceField(required=False, choices=[], widget=forms.Select({"class": "input"}))
    actor = forms.CharField(
        label="Who", required=False, max_length=254, widget=text_input(placeholder="e-mail", autocomplete="off")
    )
    since = _day("From")
    until = _day("To")

    def __init__(self, *args: Any, actions: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        words = [(action, action.replace("_", " ").capitalize()) for action in actions]
        self.fields["action"].choices = [("", "Everything"), *words]  # type: ignore[attr-defined]

"""The form of a channel: a name, the fields of its kind, and whether new monitors tell it."""

import contextlib
from collections.abc import Iterator
from typing import Any

from django import forms

from alerts.channels import base
from alerts.models import Channel

_NAME, _DEFAULT, _FALLBACK = "name", "is_default", "is_fallback"


class ChannelForm(forms.Form):
    """The fields are those that the kind of channel declares; it checks them itself."""

    name = forms.CharField(
        max_length=100,
        widget=forms.TextInput({"class": "input", "placeholder": "On-call", "autocomplete": "off"}),
        error_messages={"required": "Give the channel a name, such as “On-call”."},
    )
    is_default = forms.BooleanField(
        label="Tell it about new monitors",
        required=False,
        help_text="It is ticked when someone creates a monitor.",
    )
    is_fallback = forms.BooleanField(
        label="Tell it what another channel could not be told",
        required=False,
        help_text="When a “down” cannot be delivered elsewhere. One channel of the organisation is this; choosing "
        "another moves it.",
    )

    def __init__(self, *args: Any, kind: type[base.Channel], is_new: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.steps = kind.steps
        self._own = [f"config-{field.name}" for field in kind.fields]
        for field in kind.fields:
            self.fields[f"config-{field.name}"] = _box(field, is_new)
        self.order_fields([_NAME, *self._own, _DEFAULT, _FALLBACK])

    def own_fields(self) -> list[forms.BoundField]:
        """The fields of this kind."""
        return [self[name] for name in self._own]

    def config(self) -> dict[str, str]:
        """What was filled in for this kind; a secret left empty is left out, so that it stays as it is."""
        given = {name.removeprefix("config-"): self.cleaned_data[name] for name in self._own}
        return {name: value for name, value in given.items() if value}

    @contextlib.contextmanager
    def refusals(self) -> Iterator[None]:
        """What an operation refuses inside this block becomes an error beside its field."""
        try:
            yield
        except base.BadConfig as refusal:
            own = f"config-{refusal.path}"
            known = [name for name in (own, refusal.path) if name in self.fields]
            self.add_error(known[0] if known else None, str(refusal))


def initial(channel: Channel) -> dict[str, Any]:
    """What the form shows for a channel that exists; no secret is ever in it."""
    shown = {f"config-{name}": value for name, value in channel.config.items()}
    return {_NAME: channel.name, _DEFAULT: channel.is_default, _FALLBACK: channel.is_fallback, **shown}


def _box(field: base.Field, is_new: bool) -> forms.Field:
    return _list(field) if isinstance(field, base.Choice) else _line(field, is_new)


def _list(field: base.Choice) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=field.label[:1].upper() + field.label[1:],
        choices=field.choices,
        initial=field.default(),
        widget=forms.Select({"class": "input"}),
        help_text=field.where,
    )


def _line(field: base.Field, is_new: bool) -> forms.CharField:
    is_needed = field.is_required and not field.is_secret
    is_asked = field.is_required and is_new and not field.default()
    hint = "Left empty, it stays as it is. It is never shown again." if field.is_secret and not is_new else ""
    widget = forms.TextInput({
        "class": "input input-mono",
        "autocomplete": "off",
        "spellcheck": "false",
        "placeholder": field.hint if not field.default() else "",
    })  # fmt: skip
    return forms.CharField(
        label=field.label[:1].upper() + field.label[1:],
        required=is_asked or (is_needed and not is_new),
        max_length=field.max_length,
        widget=widget,
        help_text=hint or field.where or (field.hint if field.default() else ""),
        error_messages={"required": f"Give the {field.label}, such as {field.hint}."},
    )

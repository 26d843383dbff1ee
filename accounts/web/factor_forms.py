"""The forms of second factors."""

from typing import Any

from django import forms

from accounts import factors
from accounts.web.forms import text_input


class Code(forms.Form):
    """A code of an authenticator app, or a recovery code."""

    code = forms.CharField(
        max_length=40,
        widget=text_input(
            autocomplete="one-time-code", autocapitalize="none", spellcheck="false", autofocus=True, inputmode="numeric"
        ),
        error_messages={"required": "Type the code."},
    )

    def __init__(self, *args: Any, label: str = "Code", help_text: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].label = label
        self.fields["code"].help_text = help_text


class PasskeyName(forms.Form):
    """What somebody calls a passkey."""

    name = forms.CharField(
        max_length=factors.MAX_NAME,
        widget=text_input(placeholder="My laptop", autocomplete="off"),
        help_text="So that you can tell your passkeys apart.",
        error_messages={"required": "Give the passkey a name, such as the device it is on."},
    )

"""The forms of signing in and setting up."""

from typing import Any

from django import forms
from django.contrib.auth import password_validation

from accounts.models import User


def text_input(**attrs: Any) -> forms.TextInput:
    """A text box in our style."""
    return forms.TextInput({"class": "input", **attrs})


class SignIn(forms.Form):
    """E-mail and password."""

    email = forms.CharField(
        label="E-mail", max_length=254, widget=forms.EmailInput({"class": "input", "autocomplete": "username"})
    )
    password = forms.CharField(
        max_length=1024,
        strip=False,
        widget=forms.PasswordInput({"class": "input", "autocomplete": "current-password"}),
    )
    next = forms.CharField(required=False, widget=forms.HiddenInput)


class SetUp(forms.Form):
    """The first owner and the name of their organisation."""

    code = forms.CharField(max_length=200, widget=forms.HiddenInput)
    organization = forms.CharField(
        label="Organisation",
        max_length=100,
        widget=text_input(autocomplete="organization", placeholder="Acme Ltd"),
        help_text="Your company, team or household.",
        error_messages={"required": "Give your organisation a name; any will do."},
    )
    email = forms.EmailField(
        label="Your e-mail",
        widget=forms.EmailInput({"class": "input", "autocomplete": "username"}),
        help_text="You sign in with it, and the first alerts go there.",
        error_messages={"invalid": "Write an e-mail address such as ada@example.com."},
    )
    password = forms.CharField(
        strip=False,
        max_length=1024,
        widget=forms.PasswordInput({"class": "input", "autocomplete": "new-password"}),
        help_text="At least 10 characters; a few words in a row are good.",
    )

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        password_validation.validate_password(password, User(email=self.cleaned_data.get("email", "")))
        return password

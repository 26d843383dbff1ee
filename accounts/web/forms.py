"""The forms of setting up, of signing in and up, and of one's own account."""

from typing import Any

from allauth.account import forms as allauth
from allauth.account.adapter import get_adapter
from django import forms
from django.contrib.auth import hashers, password_validation
from django.core import validators
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse

from accounts import access, invitations
from accounts.models import Invitation, User
from accounts.web import devices, pending_invitation
from heartbeet.lib import clock, durations, ratelimit, zones

MAX_PASSWORD = 1024
_ASCII = validators.RegexValidator(r"\A[!-~]*\Z")
"""Few mail servers take other addresses, and Django's own check knows letters that only look like ASCII."""


def text_input(**attrs: Any) -> forms.TextInput:
    """A text box in our style."""
    return forms.TextInput({"class": "input", **attrs})


def email_field(label: str = "E-mail", **given: Any) -> forms.EmailField:
    """A box for one's own address."""
    return forms.EmailField(
        label=label,
        max_length=254,
        validators=[_ASCII],
        widget=forms.EmailInput({"class": "input", "autocomplete": "username"}),
        error_messages={"invalid": "Write an e-mail address such as ada@example.com."},
        **given,
    )


def password_field(label: str = "Password", *, is_new: bool = False) -> forms.CharField:
    """A box for a password that exists, or for a new one. It is asked for once: browsers can show what was typed."""
    return forms.CharField(
        label=label,
        strip=False,
        max_length=MAX_PASSWORD,
        widget=forms.PasswordInput(
            {"class": "input", "autocomplete": "new-password" if is_new else "current-password"}
        ),
        help_text="At least 10 characters; a few words in a row are good." if is_new else "",
    )


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
    email = email_field("Your e-mail", help_text="You sign in with it, and the first alerts go there.")
    password = password_field(is_new=True)

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        password_validation.validate_password(password, User(email=self.cleaned_data.get("email", "")))
        return password


class SignIn(allauth.LoginForm):  # type: ignore[misc]  # allauth is not typed
    """E-mail and password. `wait_sec` is over 0 when there were too many tries."""

    wait_sec = 0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"] = email_field()
        self.fields["password"] = password_field()

    def clean(self) -> dict[str, Any]:
        if not self.errors:
            self._count()
        cleaned: dict[str, Any] = super().clean()
        return cleaned

    def _count(self) -> None:
        email = self.cleaned_data["login"]
        address = access.client_address(self.request)
        device = devices.known_to(self.request, email)
        try:
            ratelimit.check_sign_in(self.request, address=address, email=email, device=device)
        except ratelimit.TooManyRequests as refusal:
            self.wait_sec = refusal.retry_after_sec
            raise forms.ValidationError(
                f"Too many tries. Wait {durations.short(self.wait_sec)}, then try again. If you have forgotten the "
                "password, you can set a new one by e-mail at once."
            ) from None


class SignUp(allauth.SignupForm):  # type: ignore[misc]
    """E-mail and password of a new person; for someone invited the address is the invited one. `wait_sec` is over 0
    when there were too many from one address."""

    wait_sec = 0

    def __init__(self, *args: Any, request: HttpRequest, invitation: Invitation | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request, self.invitation = request, invitation
        self.fields["email"] = email_field(help_text="We send a letter there to make sure that it is yours.")
        self.fields["password1"] = password_field(is_new=True)
        if invitation:
            self.fields["email"] = email_field(initial=invitation.email, disabled=True)

    def clean(self) -> dict[str, Any]:
        if not self.errors:
            self._count()
        cleaned: dict[str, Any] = super().clean()
        return cleaned

    def validate_unique_email(self, value: str) -> str:
        """Whether the address is taken. An account that only wants it, and has not confirmed it, keeps nobody out."""
        self.account_already_exists = User.objects.filter(email=value).exists()
        return value

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        """Make the person. For an address that has an account the answer is the same, takes the same time, and a letter
        tells its owner; also if the account was made by another request a moment ago."""
        try:
            with transaction.atomic():
                user, response = super().try_save(request)
        except IntegrityError:
            self.account_already_exists = True
            user, response = super().try_save(request)
        if self.account_already_exists:
            hashers.make_password(self.cleaned_data["password1"])
        return user, response

    def signup(self, request: HttpRequest, user: User) -> None:
        """Take the seat that the person was invited to, in the transaction that makes them. The link came by e-mail, so
        the address is proved."""
        if self.invitation:
            by = access.actor_for(request, user)
            invitations.accept(code=pending_invitation.code(request), user=user, by=by, now=clock.now())
            get_adapter().stash_verified_email(request, user.email)

    def _count(self) -> None:
        try:
            ratelimit.check_sign_up(self.request, address=access.client_address(self.request))
        except ratelimit.TooManyRequests as refusal:
            self.wait_sec = refusal.retry_after_sec
            refused = f"Too many people signed up from here. Wait {durations.short(self.wait_sec)}, then try again."
            raise forms.ValidationError(refused) from None


class ConfirmPassword(allauth.ReauthenticateForm):  # type: ignore[misc]
    """The password, to prove that it is still you."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"] = password_field()


class NewPassword(allauth.SetPasswordForm):  # type: ignore[misc]
    """A new password for someone who has just proved who they are, so the old one is not asked for once more."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _ask_once(self)


class ResetPassword(allauth.ResetPasswordForm):  # type: ignore[misc]
    """The address that a letter with a link goes to."""

    users: list[User]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"] = email_field()

    def clean_email(self) -> str:
        """A link goes to the address of an account only, not to one that it has not confirmed yet."""
        email: str = super().clean_email()
        self.users = [user for user in self.users if user.email == email.lower()]
        return email


class ResetPasswordByLink(allauth.ResetPasswordKeyForm):  # type: ignore[misc]
    """A new password for someone who came by the link of a letter."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _ask_once(self)


class NewEmail(allauth.AddEmailForm):  # type: ignore[misc]
    """The address that is to replace the present one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"] = email_field("New e-mail")


class Profile(forms.Form):
    """How a person is called, and in which zone they read times."""

    name = forms.CharField(required=False, max_length=150, widget=text_input(autocomplete="name"))
    timezone = forms.ChoiceField(
        label="Time zone",
        required=False,
        choices=lambda: [("", "As my browser"), *((name, name.replace("_", " ")) for name in zones.names())],
        widget=forms.Select({"class": "input"}),
        help_text="Exact times on all pages are told in this zone.",
    )


class NewOrganization(forms.Form):
    """The name of an organisation of one's own."""

    name = forms.CharField(
        label="Organisation",
        max_length=100,
        widget=text_input(autocomplete="organization", placeholder="Acme Ltd"),
        help_text="Your company, team or household.",
        error_messages={"required": "Give your organisation a name; any will do."},
    )


def _ask_once(form: forms.Form) -> None:
    """Make `password1` of one of allauth's forms look like ours, and drop the box that repeats it."""
    strict, ours = form.fields["password1"], password_field("New password", is_new=True)
    strict.label, strict.widget, strict.help_text = ours.label, ours.widget, ours.help_text
    strict.validators = ours.validators
    del form.fields["password2"]

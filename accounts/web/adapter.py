"""What django-allauth asks of us: who may sign up, where links lead, which limits hold, what is written down.

Its own hooks are used, never its signals. Second factors and single sign-on have adapters of their own.
"""

from typing import Any

from allauth.account import authentication
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import record_authentication
from allauth.core import context
from django.conf import settings
from django.contrib import auth, messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from accounts import access, identity
from accounts.models import User
from accounts.web import devices, pending_invitation, recent
from heartbeet.lib import clock, ratelimit

WRONG = "The e-mail or the password is not right. Check both; passwords are case-sensitive."
CAPPED = (
    "account/email/account_already_exists",
    "account/email/email_confirmation",
    "account/email/email_confirmation_signup",
    "account/email/password_reset_key",
    "account/email/unknown_account",
)
"""Letters that a stranger can make us send to somebody."""


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth is not typed
    """django-allauth in our voice, with our limits and our audit log."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": WRONG,
        "incorrect_password": "This is not your password. Passwords are case-sensitive.",
        "duplicate_email": "This is your address already.",
        "invalid_password_reset": "This link does not work any more.",
        "too_many_login_attempts": "Too many tries. Wait a few minutes, then try again.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """For everybody where the operator says so, else with an invitation only."""
        is_open: bool = settings.HEARTBEET_REGISTRATION == "open"
        return is_open or pending_invitation.find(request, now=clock.now()) is not None

    def is_ajax(self, request: HttpRequest) -> bool:
        """Never: our pages are pages."""
        return False

    def is_safe_url(self, url: str | None) -> bool:
        """Whether someone may be sent to `url`: a path of this site, and nothing else."""
        if not url or not url.startswith("/"):
            return False
        return url_has_allowed_host_and_scheme(url, allowed_hosts=None)

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Signing in counts as proof for as long as proving it again does."""
        return not recent.is_recent(context.request, now=clock.now())

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, str]]:
        """The password first; codes and passkeys have one page together."""
        ways = {way["id"].partition(":")[0]: way for way in reversed(super().get_reauthentication_methods(user))}
        if "mfa_reauthenticate" in ways:
            factor = {"description": "Use a code or a passkey", "url": reverse("mfa_reauthenticate")}
            ways["mfa_reauthenticate"] = {"id": "mfa_reauthenticate", **factor}
        return sorted(ways.values(), key=lambda way: way["id"] != "reauthenticate")

    def get_client_ip(self, request: HttpRequest) -> str:
        """As far as our own proxies can vouch for it; '' if unknown."""
        return access.client_address(request)

    def get_from_email(self) -> str:
        """The sender of all our e-mails."""
        return str(settings.HEARTBEET_MAIL_FROM)

    def get_reset_password_from_key_url(self, key: str) -> str:
        """Links are built from HEARTBEET_SITE_URL: a request's Host header is its sender's word."""
        uidb36, _, secret = key.partition("-")
        return _absolute(reverse("account_reset_password_from_key", args=[uidb36, secret]))

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: Any) -> str:
        """The same for the link that confirms an address."""
        return _absolute(reverse("account_confirm_email", args=[emailconfirmation.key]))

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """Back to where one came from."""
        return reverse("accounts:security")

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Write a letter, unless a stranger has made us write too many of them."""
        if template_prefix in CAPPED and not self._may_write_to(email):
            return
        words = {**context, "email": email, "site": settings.HEARTBEET_SITE_URL}
        self.render_mail(template_prefix, email, words).send()

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """The person with this address and password, or None. An inactive one is as good as none."""
        user = auth.authenticate(request, **credentials)
        if user is None:
            self.authentication_failed(request, **credentials)
        return user if isinstance(user, User) else None

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Write it down once the answer is out: it must not tell by its time that the account is known."""
        request.failed_sign_in = credentials.get("email", "")  # type: ignore[attr-defined]

    @transaction.atomic
    def post_login(self, request: HttpRequest, user: User, **hook: Any) -> HttpResponse:
        """Write it down, and know this browser the next time. Signing up is as good a proof as signing in."""
        if not authentication.get_authentication_records(request, user):
            record_authentication(request, user, method="sign_up")
        response: HttpResponse = super().post_login(request, user, **hook)
        identity.record(user=user, by=access.actor_for(request, user), action="SIGN_IN", now=clock.now())
        devices.remember(request, response, user)
        return response

    @transaction.atomic
    def logout(self, request: HttpRequest) -> None:
        """Write it down, then end the session."""
        if isinstance(request.user, User):
            actor = access.actor_for(request, request.user)
            identity.record(user=request.user, by=actor, action="SIGN_OUT", now=clock.now())
        super().logout(request)

    @transaction.atomic
    def confirm_email(self, request: HttpRequest, email_address: Any) -> bool:
        """Confirm an address, and let it replace the one before. False if it has become someone else's meanwhile."""
        user = email_address.user
        if User.objects.filter(email=email_address.email).exclude(id=user.id).exists():
            messages.error(request, f"{email_address.email} belongs to another account, so it cannot be yours.")
            return False
        before = user.email
        is_confirmed: bool = super().confirm_email(request, email_address)
        if is_confirmed and before != email_address.email:
            change = {"diff": {"email": {"from": before, "to": email_address.email}}}
            by = access.actor_for(request, user)
            identity.record(user=user, by=by, action="EMAIL_CHANGED", meta=change, now=clock.now())
        return is_confirmed

    def _may_write_to(self, email: str) -> bool:
        try:
            ratelimit.check_letter(context.request, address=access.client_address(context.request), email=email)
        except ratelimit.TooManyRequests:
            return False
        return True


def _absolute(path: str) -> str:
    return f"{settings.HEARTBEET_SITE_URL}{path}"

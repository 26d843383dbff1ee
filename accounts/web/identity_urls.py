"""The pages of signing in and up, under the names by which django-allauth looks for its own."""

from allauth.account import views as allauth
from django.urls import path, re_path
from django.views.decorators.http import require_http_methods, require_safe

from accounts.web import entrance

_form = require_http_methods(["GET", "HEAD", "POST"])  # allauth's views take PUT for POST, and some take anything

urlpatterns = [
    path("sign-in", _form(entrance.SignIn.as_view()), name="account_login"),
    path("sign-in/inactive", require_safe(allauth.account_inactive), name="account_inactive"),
    path("sign-up", _form(entrance.SignUp.as_view()), name="account_signup"),
    path(
        "sign-up/confirm",
        require_safe(allauth.EmailVerificationSentView.as_view()),
        name="account_email_verification_sent",
    ),
    path("sign-out", entrance.SignOut.as_view(), name="account_logout"),
    re_path(r"^confirm-e-mail/(?P<key>[-:\w]+)$", _form(allauth.confirm_email), name="account_confirm_email"),
    path("forgot-password", _form(entrance.ForgotPassword.as_view()), name="account_reset_password"),
    path("forgot-password/sent", require_safe(allauth.password_reset_done), name="account_reset_password_done"),
    path(
        "forgot-password/done",
        require_safe(allauth.password_reset_from_key_done),
        name="account_reset_password_from_key_done",
    ),
    re_path(
        r"^forgot-password/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)$",
        _form(entrance.PasswordByLink.as_view()),
        name="account_reset_password_from_key",
    ),
    path("account/confirm", _form(entrance.ConfirmPassword.as_view()), name="account_reauthenticate"),
    path("account/password", _form(entrance.ChangePassword.as_view()), name="account_change_password"),
    path("account/password/new", _form(entrance.SetPassword.as_view()), name="account_set_password"),
    path("account/e-mail", _form(entrance.Email.as_view()), name="account_email"),
]

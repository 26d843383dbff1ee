"""The pages of signing in and up, under the names by which django-allauth looks for its own."""

from allauth.account import views as allauth
from django.urls import path, re_path

from accounts.web import entrance

urlpatterns = [
    path("sign-in", entrance.SignIn.as_view(), name="account_login"),
    path("sign-in/inactive", allauth.account_inactive, name="account_inactive"),
    path("sign-up", entrance.SignUp.as_view(), name="account_signup"),
    path("sign-up/confirm", allauth.EmailVerificationSentView.as_view(), name="account_email_verification_sent"),
    path("sign-out", entrance.SignOut.as_view(), name="account_logout"),
    re_path(r"^confirm-e-mail/(?P<key>[-:\w]+)$", allauth.confirm_email, name="account_confirm_email"),
    path("forgot-password", entrance.ForgotPassword.as_view(), name="account_reset_password"),
    path("forgot-password/sent", allauth.password_reset_done, name="account_reset_password_done"),
    path("forgot-password/done", allauth.password_reset_from_key_done, name="account_reset_password_from_key_done"),
    re_path(
        r"^forgot-password/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)$",
        entrance.PasswordByLink.as_view(),
        name="account_reset_password_from_key",
    ),
    path("account/confirm", entrance.ConfirmPassword.as_view(), name="account_reauthenticate"),
    path("account/password", entrance.ChangePassword.as_view(), name="account_change_password"),
    path("account/password/new", entrance.SetPassword.as_view(), name="account_set_password"),
    path("account/e-mail", entrance.Email.as_view(), name="account_email"),
]

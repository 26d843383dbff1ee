"""The pages of accounts."""

from django.urls import path

from accounts.web import account, invitation, setup

app_name = "accounts"
urlpatterns = [
    path("setup", setup.set_up, name="setup"),
    path("account/", account.index, name="account"),
    path("account/profile", account.profile, name="profile"),
    path("account/security", account.security, name="security"),
    path("account/sessions", account.browsers, name="sessions"),
    path("account/sessions/end-others", account.end_other_browsers, name="end-other-sessions"),
    path("account/sessions/<str:digest>/end", account.end_browser, name="end-session"),
    path("invitations/<str:code>", invitation.open_link, name="invitation"),
    path("invitations/<str:code>/sign-up", invitation.sign_up, name="invitation-sign-up"),
    path("invitations/<str:code>/switch", invitation.switch, name="invitation-switch"),
    path("account/organisation", account.found, name="found"),
]

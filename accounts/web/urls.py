"""The pages of accounts."""

from django.urls import path

from accounts.web import views

app_name = "accounts"
urlpatterns = [
    path("setup", views.set_up, name="setup"),
    path("sign-in", views.sign_in, name="sign-in"),
    path("sign-out", views.sign_out, name="sign-out"),
]

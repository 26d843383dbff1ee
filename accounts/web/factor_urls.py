"""The pages of second factors and single sign-on, under the names by which django-allauth looks for its own."""

from django.urls import path

from accounts.web import second_step, single_sign_on, two_factor

urlpatterns = [
    path("sign-in/second-step", second_step.authenticate, name="mfa_authenticate"),
    path("sign-in/second-step/options", second_step.authenticate_options, name="mfa_authenticate_options"),
    path("sign-in/passkey", second_step.sign_in, name="mfa_login_webauthn"),
    path("sign-in/passkey/options", second_step.sign_in_options, name="mfa_login_webauthn_options"),
    path("sign-in/oidc", single_sign_on.start, name="sso_start"),
    path("sign-in/oidc/callback", single_sign_on.callback, name="sso_callback"),
    path("account/confirm/factor", second_step.reauthenticate, name="mfa_reauthenticate"),
    path("account/confirm/passkey", second_step.reauthenticate, name="mfa_reauthenticate_webauthn"),
    path("account/confirm/options", second_step.reauthenticate_options, name="mfa_reauthenticate_options"),
    path("account/two-factor", two_factor.index, name="mfa_index"),
    path("account/two-factor/app", two_factor.app, name="mfa_activate_totp"),
    path("account/two-factor/app/remove", two_factor.remove_app, name="mfa_deactivate_totp"),
    path("account/two-factor/codes", two_factor.codes, name="mfa_view_recovery_codes"),
    path("account/two-factor/codes/new", two_factor.make_codes, name="mfa_generate_recovery_codes"),
    path("account/two-factor/passkeys/new", two_factor.add_passkey, name="mfa_add_webauthn"),
    path("account/two-factor/passkeys/options", two_factor.passkey_options, name="mfa_add_webauthn_options"),
    path("account/two-factor/passkeys/<int:pk>/rename", two_factor.rename_passkey, name="mfa_edit_webauthn"),
    path("account/two-factor/passkeys/<int:pk>/remove", two_factor.remove_passkey, name="mfa_remove_webauthn"),
]

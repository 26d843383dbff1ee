"""The pages of an organisation's settings; `/o/<organisation>` may stand before each (`accounts.web.prefix`)."""

from django.urls import path

from accounts.web.organization import audit_log, general, people, tokens, webhook_secret

app_name = "organization"
urlpatterns = [
    path("settings", general.index, name="general"),
    path("settings/leave", general.leave, name="leave"),
    path("settings/members", people.index, name="members"),
    path("settings/members/<int:member_id>/role", people.change_role, name="change-role"),
    path("settings/members/<int:member_id>/remove", people.remove, name="remove-member"),
    path("settings/invitations", people.invite, name="invite"),
    path("settings/invitations/<int:invitation_id>/resend", people.resend, name="resend"),
    path("settings/invitations/<int:invitation_id>/revoke", people.revoke, name="revoke-invitation"),
    path("settings/tokens", tokens.index, name="tokens"),
    path("settings/tokens/new", tokens.create, name="new-token"),
    path("settings/tokens/<int:token_id>/revoke", tokens.revoke, name="revoke-token"),
    path("settings/webhook-secret", webhook_secret.index, name="webhook-secret"),
    path("settings/webhook-secret/show", webhook_secret.show, name="show-webhook-secret"),
    path("settings/webhook-secret/rotate", webhook_secret.rotate, name="rotate-webhook-secret"),
    path("settings/audit-log", audit_log.index, name="audit-log"),
    path("settings/audit-log.csv", audit_log.download, name="audit-csv"),
]

"""The API's routes of the account."""

from accounts.api import audit, members, views, webhooks
from heartbeet.lib.routes import either

urlpatterns = [
    *either("me/tokens", views.Tokens.as_view()),
    *either("me/tokens/<int:token_id>", views.TokenDetail.as_view()),
    *either("me/members", members.Members.as_view()),
    *either("me/members/<int:member_id>", members.MemberDetail.as_view()),
    *either("me/invites", members.Invites.as_view()),
    *either("me/invites/<int:invite_id>", members.InviteDetail.as_view()),
    *either("me/invites/<int:invite_id>/resend", members.InviteResending.as_view()),
    *either("me/webhook-secret", webhooks.WebhookSecret.as_view()),
    *either("me/webhook-secret/rotate", webhooks.WebhookSecretRotation.as_view()),
    *either("audit-logs", audit.AuditLogs.as_view()),
]

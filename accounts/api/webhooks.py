"""The secret that signs the organisation's webhooks, over HTTP."""

from typing import ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from accounts import webhooks
from accounts.api import describe
from accounts.api import organization_rows as rows
from accounts.api.endpoint import Endpoint
from accounts.domain.roles import Scope


class WebhookSecret(Endpoint):
    """`/me/webhook-secret`."""

    needs: ClassVar = {"GET": (Scope.WEBHOOKS_READ,)}

    @describe.call("Read the webhook secret", answer=rows.WebhookSecretRow, problems=["SECRET_UNREADABLE"])
    def get(self, request: Request) -> Response:
        """What signs the webhooks of channels without a secret of their own; made when first asked for. Each reading
        is audited."""
        found = webhooks.read(organization=self.organization, by=self.access.actor, now=self.now)
        return Response(rows.webhook_secret(found))


class WebhookSecretRotation(Endpoint):
    """`/me/webhook-secret/rotate`. It answers with the secret, so it asks for both rights."""

    needs: ClassVar = {"POST": (Scope.WEBHOOKS_WRITE, Scope.WEBHOOKS_READ)}

    @describe.call("Rotate the webhook secret", answer=rows.WebhookSecretRow)
    def post(self, request: Request) -> Response:
        """Makes a new secret. The old one signs beside it for 24 hours, so that receivers can be moved over."""
        found = webhooks.rotate(organization=self.organization, by=self.access.actor, now=self.now)
        return Response(rows.webhook_secret(found))

"""A program of the user's own: JSON, signed by the Standard Webhooks specification."""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime

from alerts.channels.base import URL, BadConfig, Field, HTTPChannel, Receipt, as_json
from alerts.domain.message import EVERY_EVENT, Message, Telling, payload

PREFIX = "whsec_"


@dataclass(frozen=True, slots=True)
class SigningSecret(Field):
    """The key of the signature. Several, separated by spaces, all sign: that is how a key is replaced."""

    def clean(self, value: str) -> str:
        text = Field.clean(self, value)
        for secret in text.split():
            if not 24 <= len(_key(secret)) <= 64:
                raise BadConfig(self.name, f"Give {PREFIX} followed by 24 to 64 bytes in base64, or leave it out.")
        return text


class Webhook(HTTPChannel):
    """Every event, in order, each with a stable id to deduplicate on."""

    kind = "webhook"
    label = "Webhook"
    fields = (
        URL("url", "URL", hint="https://example.com/heartbeet"),
        SigningSecret(
            "secret", "signing secret", is_secret=True, is_required=False, hint="Left empty: that of the organisation."
        ),
    )
    tells = EVERY_EVENT
    collapses = False
    is_signed = True

    def send(self, message: Telling, delivery_id: str, *, now: datetime) -> Receipt:
        assert isinstance(message, Message), "bulletins are for people"
        body = as_json(payload(message))
        return self.post(self.config["url"], body, signed_headers(self.config["secret"], delivery_id, now, body))


def signed_headers(secret: str, delivery_id: str, now: datetime, body: bytes) -> dict[str, str]:
    """The headers of https://www.standardwebhooks.com: HMAC-SHA256 over id, timestamp and body."""
    timestamp = str(int(now.timestamp()))
    signed = b".".join([delivery_id.encode(), timestamp.encode(), body])
    signatures = [hmac.new(_key(each), signed, hashlib.sha256).digest() for each in secret.split()]
    return {
        "webhook-id": delivery_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join("v1," + base64.b64encode(each).decode() for each in signatures),
    }


def _key(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True) if secret.startswith(PREFIX) else b""
    except ValueError:
        return b""

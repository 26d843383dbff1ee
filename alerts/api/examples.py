"""What the document of the API shows as examples: a channel, and a message by it."""

from typing import Any

NEW_CHANNEL: dict[str, Any] = {"kind": "email", "name": "ada", "config": {"to": "ada@example.com"}, "isDefault": True}

CHANNEL: dict[str, Any] = {
    "id": 3,
    "kind": "email",
    "name": "ada",
    "config": {"to": "ada@example.com"},
    "enabled": True,
    "isDefault": True,
    "isFallback": False,
    "flaggedAt": None,
    "flagReason": None,
    "lastDelivery": {"status": "delivered", "at": "2026-11-23T02:45:01.020000Z"},
    "createdAt": "2026-01-05T09:10:00Z",
    "updatedAt": "2026-01-05T09:10:00Z",
}

DELIVERY: dict[str, Any] = {
    "id": 88,
    "event": "opened",
    "notice": None,
    "incidentId": 5,
    "channelId": 3,
    "channelName": "ada",
    "kind": "email",
    "status": "delivered",
    "tries": 1,
    "lastError": "",
    "nextTryAt": None,
    "createdAt": "2026-11-23T02:45:00.410000Z",
    "deliveredAt": "2026-11-23T02:45:01.020000Z",
    "toldIn": None,
    "fellBackAt": None,
    "insteadOf": [],
}

ATTEMPT: dict[str, Any] = {
    "at": "2026-11-23T02:45:00.800000Z",
    "ok": True,
    "durationMs": 184,
    "statusCode": 250,
    "error": "",
    "excerpt": "",
}

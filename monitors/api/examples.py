"""What the document of the API shows as examples: one monitor, its secrets, and an incident of it."""

from typing import Any

_TOKEN = "5f2c" * 16

MONITOR: dict[str, Any] = {
    "id": 17,
    "name": "shop database backup",
    "type": "heartbeat",
    "project": "main",
    "status": "up",
    "intervalSec": None,
    "cron": "30 3 * * *",
    "timezone": "Europe/Berlin",
    "heartbeatGraceSec": 900,
    "alertThreshold": 1,
    "maxRuntimeSec": 3600,
    "alertDelaySec": None,
    "remindEverySec": None,
    "recoveryThreshold": None,
    "rho": None,
    "budgetWeeks": None,
    "learningSilenceSec": None,
    "valueBelow": None,
    "valueAbove": None,
    "valuePer": "ping",
    "valueBand": False,
    "postOnly": False,
    "url": "",
    "timeoutMs": None,
    "description": "Dumps the shop's database and copies it off site.",
    "tags": ["backup", "database"],
    "paused": False,
    "locked": False,
    "snoozed": False,
    "snoozedUntil": None,
    "lastPingAt": "2026-11-22T02:34:10.120000Z",
    "nextDueAt": "2026-11-23T02:30:00Z",
    "deadlineAt": "2026-11-23T02:45:00Z",
    "pingCount": 412,
    "openIncidentId": None,
    "channelIds": [3],
    "hasAlertEmail": True,
    "hasAlertWebhook": False,
    "hasAlertSlack": False,
    "hasAlertDiscord": False,
    "hasAlertMsteams": False,
    "hasAlertTelegram": False,
    "heartbeatToken": '{"v":2,"kid":"default","iv":"q83v…","ct":"7Yx0…"}',
    "createdAt": "2026-01-05T09:12:00Z",
    "updatedAt": "2026-03-01T16:40:00Z",
}

SECRETS: dict[str, Any] = {
    "id": 17,
    "name": "shop database backup",
    "heartbeatToken": _TOKEN,
    "pingUrl": f"https://beet.example.com/api/v1/heartbeats/{_TOKEN}",
    "beetUrl": f"https://beet.example.com/api/v1/beet/{_TOKEN}",
}

NEW_MONITOR: dict[str, Any] = {
    "name": "shop database backup",
    "cron": "30 3 * * *",
    "timezone": "Europe/Berlin",
    "heartbeatGraceSec": 900,
    "tags": ["backup", "database"],
    "alertEmail": "ada@example.com",
}

INCIDENT: dict[str, Any] = {
    "id": 5,
    "monitorId": 17,
    "monitorName": "shop database backup",
    "status": "acknowledged",
    "severity": "critical",
    "cause": "missed",
    "title": "shop database backup missed its ping",
    "openedAt": "2026-11-23T02:45:00Z",
    "acknowledgedAt": "2026-11-23T06:58:12.300000Z",
    "acknowledgedBy": "ada@example.com",
    "resolvedAt": None,
    "durationSec": None,
    "autoResolved": False,
}

TIMELINE: list[dict[str, Any]] = [
    {"seq": 1, "kind": "opened", "at": "2026-11-23T02:45:00Z", "actor": None, "message": ""},
    {
        "seq": 2,
        "kind": "acknowledged",
        "at": "2026-11-23T06:58:12.300000Z",
        "actor": "ada@example.com",
        "message": "",
    },
]

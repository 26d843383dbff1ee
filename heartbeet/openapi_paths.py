"""The part of the API's document that is written by hand: the ping URLs, which Django never sees, and the pages for
whoever operates Heartbeet, which are not of Django REST Framework."""

from typing import Any

Spec = dict[str, Any]

PINGS, OPERATION = "Pings", "Operation"
TAGS = [
    "Monitors",
    PINGS,
    "Incidents",
    "Channels",
    "Account",
    "Access tokens",
    "Members",
    "Webhook secret",
    "Audit log",
    OPERATION,
]
"""The headings, in this order."""

_RETRY: Spec = {"Retry-After": {"$ref": "#/components/headers/Retry-After"}}
_CORS: Spec = {
    "Access-Control-Allow-Origin": {"description": "Any page may ping.", "schema": {"type": "string", "const": "*"}},
    "Cache-Control": {"description": "Answers are never kept.", "schema": {"type": "string", "const": "no-store"}},
}
_TOKEN: Spec = {
    "in": "path",
    "name": "token",
    "required": True,
    "description": "The monitor's token: 64 lower-case hex characters.",
    "schema": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
}
_SIGNAL: Spec = {
    "in": "path",
    "name": "signal",
    "required": True,
    "description": "`start`, `fail`, `log`, or an exit code: 0 is a success, any other number a failure.",
    "schema": {"anyOf": [{"enum": ["start", "fail", "log"]}, {"type": "string", "pattern": "^-?[0-9]{1,10}$"}]},
}
_RUN: Spec = {
    "in": "query",
    "name": "rid",
    "description": "Names a run, so that its start and its end pair up.",
    "schema": {"type": "string"},
}
_BODY: Spec = {
    "description": 'A value, `{"value": 42}`, or the log of the job, of which head and tail are kept.',
    "required": False,
    "content": {
        "application/json": {"schema": {}, "example": {"value": 42}},
        "text/plain": {"schema": {"type": "string"}, "example": "backed up 1,204 files"},
    },
}
_GIF: Spec = {"image/gif": {"schema": {"type": "string", "contentMediaType": "image/gif"}}}
_RECORDED: Spec = {
    "X-Heartbeet-Recorded": {"description": "Whether it was stored.", "schema": {"enum": ["true", "false"]}}
}


def _heartbeat_answers() -> Spec:
    return {
        "204": {"description": "Stored for good.", "headers": _CORS},
        "404": {"description": "There is no such token.", "headers": _CORS},
        "429": {"description": "More than 60 pings in 10 seconds.", "headers": _CORS | _RETRY},
        "503": {"description": "It could not be stored: send it again.", "headers": _CORS | _RETRY},
    }


def _beet_answers() -> Spec:
    headers = _CORS | _RECORDED
    return {
        "200": {
            "description": "A transparent GIF, whatever happened.",
            "headers": headers,
            "content": _GIF,
        },
        "429": {"description": "More than 60 in 10 seconds.", "headers": headers | _RETRY, "content": _GIF},
    }


def _ping(name: str, summary: str, parameters: list[Spec], answers: Spec, said: str) -> Spec:
    """A path that takes pings by GET, POST and HEAD, and answers OPTIONS for pages of other sites."""
    common = {"tags": [PINGS], "security": [], "parameters": parameters}
    call = {**common, "description": said, "responses": answers}
    asked = {"operationId": f"{name}Preflight", "summary": f"{summary}: may a page?", **common}
    return {
        "get": {"operationId": name, "summary": summary, **call},
        "post": {"operationId": f"{name}WithBody", "summary": f"{summary}, with a body", "requestBody": _BODY, **call},
        "head": {"operationId": f"{name}Quietly", "summary": f"{summary}, by HEAD", **call},
        "options": {**asked, "responses": {"204": {"description": "Any page may, with any headers."}}},
    }


_HEARTBEAT_SAID = (
    "Answers when the ping is stored for good. No access token: the token in the path is the secret. With `postOnly`, "
    "GET and HEAD are only noted."
)
_BEET_SAID = "For events of a business, from a page or a mail: an image that never breaks the page it is on."


def _page(name: str, summary: str, said: str, answers: Spec) -> Spec:
    call = {"summary": summary, "description": said, "tags": [OPERATION], "security": [], "responses": answers}
    return {"get": {"operationId": name, **call}}


def _json(description: str, schema: Spec) -> Spec:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _state(*words: str, **more: Spec) -> Spec:
    properties = {"status": {"type": "string", "enum": list(words)}, **more}
    return {"type": "object", "properties": properties, "required": ["status"]}


_REASONS: Spec = {"type": "array", "items": {"type": "string"}, "description": "One sentence for each thing."}
_LAG: Spec = {"type": ["number", "null"], "minimum": 0}
_COUNT: Spec = {"type": "integer", "minimum": 0}
_SYSTEM = _state(
    "ok",
    "failing",
    reasons=_REASONS,
    sweepLagSec=_LAG,
    watermarkLagSec=_LAG,
    oldestUndeliveredSec={"type": "number", "minimum": 0},
    undelivered=_COUNT,
    deadLetters=_COUNT,
    flaggedChannels=_COUNT,
    deadNodes=_COUNT,
    monitorsPutOff=_COUNT,
    hoursLagSec=_LAG,
)
_READY = _state("ok", "unavailable", reasons=_REASONS)

PATHS: Spec = {
    "/api/v1/heartbeats/{token}": _ping(
        "ping", "Say that a job succeeded", [_TOKEN, _RUN], _heartbeat_answers(), _HEARTBEAT_SAID
    ),
    "/api/v1/heartbeats/{token}/{signal}": _ping(
        "signal", "Say how a job is doing", [_TOKEN, _SIGNAL, _RUN], _heartbeat_answers(), _HEARTBEAT_SAID
    ),
    "/api/v1/beet/{token}": _ping("beet", "Count an event", [_TOKEN], _beet_answers(), _BEET_SAID),
    "/api/v1/openapi.json": _page(
        "getDocument", "Get this document", "OpenAPI 3.1.", {"200": _json("The document.", {"type": "object"})}
    ),
    "/health/live": _page("isAlive", "Is this process alive?", "Asks nobody.", {"200": _json("Yes.", _state("ok"))}),
    "/health/ready": _page(
        "isReady",
        "Can this process serve?",
        "For whoever routes requests to it.",
        {"200": _json("Yes.", _READY), "503": _json("No, and why.", _READY)},
    ),
    "/health/system": _page(
        "isWell",
        "Does the whole system do its work?",
        "Sweep, watermark, alerts that wait, processes that are gone.",
        {"200": _json("Yes.", _SYSTEM), "503": _json("No, and why.", _SYSTEM)},
    ),
    "/metrics": _page(
        "getMetrics",
        "Get the metrics",
        "In the text format of Prometheus.",
        {"200": {"description": "The metrics.", "content": {"text/plain": {"schema": {"type": "string"}}}}},
    ),
}

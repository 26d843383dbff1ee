"""What the document of the API says in many places: headers, parameters, the envelopes of errors and pages."""

from typing import Any

from accounts.api.codes import CODES
from accounts.api.paging import Pages

Spec = dict[str, Any]


def _count(says: str) -> Spec:
    return {"description": says, "schema": {"type": "integer", "minimum": 0}}


QUOTA: dict[str, Spec] = {
    "X-RateLimit-Limit": _count("Requests that the access token may make in a minute."),
    "X-RateLimit-Remaining": _count("Requests that are left in this minute."),
    "X-PAT-Mut-Limit": _count("Changes that the access token may make in a UTC day."),
    "X-PAT-Mut-Remaining": _count("Changes that are left in this UTC day."),
    "X-PAT-Mut-Reset": _count("When the changes are counted anew, in Unix time."),
}
"""On every answer to a request whose token was accepted."""

HEADERS: dict[str, Spec] = {
    **QUOTA,
    "Retry-After": _count("Seconds to wait before trying again."),
    "WWW-Authenticate": {"description": "How to authenticate.", "schema": {"type": "string", "const": "Bearer"}},
    "Idempotent-Replayed": {
        "description": "Only if this is the kept answer to an earlier request with the same `Idempotency-Key`.",
        "schema": {"type": "string", "const": "true"},
    },
}

IDEMPOTENCY_KEY: Spec = {
    "in": "header",
    "name": "Idempotency-Key",
    "description": (
        "A name that you give to this change, such as a UUID. A request that is sent again with the same name within "
        "24 hours gets the first one's answer, and changes nothing."
    ),
    "schema": {"type": "string", "maxLength": 255, "pattern": "^[!-~]([ -~]*[!-~])?$"},
}
PAGING: dict[str, Spec] = {
    "Limit": {
        "in": "query",
        "name": "limit",
        "description": "Rows of a page.",
        "schema": {"type": "integer", "minimum": 1, "maximum": Pages.max_page_size, "default": Pages.page_size},
    },
    "Cursor": {
        "in": "query",
        "name": "cursor",
        "description": "Where the page begins: taken from `next` or `previous` of an answer to the same question.",
        "schema": {"type": "string"},
    },
}

ERROR: Spec = {
    "type": "object",
    "description": "What every error looks like.",
    "properties": {
        "error": {"type": "string", "description": "A sentence for people; it may change."},
        "code": {"type": "string", "enum": sorted(CODES), "description": "The error's name, for programs."},
        "fields": {
            "type": "array",
            "description": "What is wrong with which field of the body or parameter of the query.",
            "items": {
                "type": "object",
                "properties": {
                    "path": {"type": "string", "description": "Such as `name` or `tags.2`; empty for the body itself."},
                    "code": {"type": "string"},
                    "message": {"type": "string"},
                },
                "required": ["path", "code", "message"],
            },
        },
    },
    "required": ["error", "code"],
}


def headers_of(status: int) -> list[str]:
    """The headers that an error of this status has."""
    own = {401: ["WWW-Authenticate"], 409: ["Retry-After"], 429: ["Retry-After"], 503: ["Retry-After"]}
    return own.get(status, [])


def page(row: Spec) -> Spec:
    """The schema of a page of rows."""
    link = {"type": ["string", "null"], "format": "uri"}
    return {
        "type": "object",
        "properties": {
            "results": {"type": "array", "items": row},
            "next": {**link, "description": "The next page; null on the last one."},
            "previous": {**link, "description": "The page before; null on the first one."},
        },
        "required": ["results", "next", "previous"],
    }


def error_example(code: str) -> Spec:
    """How an error of this code looks."""
    said = CODES[code].says.replace("`", "")
    shown: Spec = {"error": f"{said[:1].upper()}{said[1:]}.", "code": code}
    if code == "VALIDATION_FAILED":
        field = {"path": "name", "code": "required", "message": "This field is required."}
        shown = {"error": "name: This field is required.", "code": code, "fields": [field]}
    return shown

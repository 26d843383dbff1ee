"""Structured logs, as JSON or for people, in which no secret ever shows.

Two nets hold: values under a telling name are replaced before a line is rendered, and the rendered line, tracebacks
included, is searched for anything shaped like one of our tokens or for a password in a URL.
"""

import re
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

REDACTED = "[redacted]"

_TELLING_NAME = re.compile(
    r"token|secret|password|passwd|authorization|cookie|api_?key|encryption_key|setup_code", re.I
)
_SECRET_SHAPES: list[tuple[re.Pattern[str], str]] = [
    (re.compile(r"(/api/v1/(?:beet|heartbeats)/)[^\s\"'<>?#]+"), rf"\1{REDACTED}"),
    (re.compile(r"(/(?:invitations|forgot-password|confirm-e-mail|feed)/)[^\s\"'<>?#]+"), rf"\1{REDACTED}"),
    (re.compile(r"\bhb_[A-Za-z0-9_-]{20,}"), REDACTED),
    (re.compile(r"(?<![0-9A-Za-z])[0-9a-fA-F]{64}(?![0-9A-Za-z])"), REDACTED),
    (re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}"), rf"\1 {REDACTED}"),
    # Only from the first letter of a word on: begun anew at each letter, a long path costs the square of its length.
    (re.compile(r"(?<![a-z0-9+.-])([a-z][a-z0-9+.-]*://[^\s:/@\"']*):[^\s@/\"']+@"), rf"\1:{REDACTED}@"),
    (re.compile(r"([?&](?:code|token|key|secret|password)=)[^\s&\"'<>]+"), rf"\1{REDACTED}"),
    (re.compile(r"(hooks\.slack\.com/(?:services|workflows|triggers)/)[^\s\"'<>]+"), rf"\1{REDACTED}"),
]


def redact_text(text: str) -> str:
    """The text without anything shaped like a secret."""
    for shape, replacement in _SECRET_SHAPES:
        text = shape.sub(replacement, text)
    return text


def redact_names(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Replace the values that stand under a telling name; what is about tokens, such as a count, is not text."""
    return {name: _redact_value(name, value) for name, value in event.items()}


def _redact_value(name: str, value: Any) -> Any:
    if isinstance(value, dict):
        return {inner: _redact_value(str(inner), held) for inner, held in value.items()}
    return REDACTED if isinstance(value, str | bytes) and value and _TELLING_NAME.search(name) else value


class RedactingFormatter(structlog.stdlib.ProcessorFormatter):
    """Renders structlog's and the standard library's lines alike, then redacts the whole line."""

    def format(self, record: Any) -> str:
        return redact_text(super().format(record))


def configure(*, level: str, style: str) -> dict[str, Any]:
    """Set structlog up and return the matching `LOGGING`; `style` is `json` or `console`."""
    structlog.configure(
        processors=[*_shared(), structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,  # settings are loaded anew in tests
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"lines": {"()": RedactingFormatter, "processors": _last(style), "foreign_pre_chain": _shared()}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "lines"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django": {"handlers": [], "level": "INFO", "propagate": True},
            "django.request": {"handlers": [], "level": "ERROR", "propagate": True},  # a 4xx is the client's affair
            "django.security.DisallowedHost": {"handlers": [], "level": "CRITICAL", "propagate": True},  # so is this
            "django.server": {"handlers": [], "level": "WARNING", "propagate": True},
            "celery": {"handlers": [], "level": "WARNING", "propagate": True},
            "kombu": {"handlers": [], "level": "WARNING", "propagate": True},
        },
    }


def _shared() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.ExtraAdder(),
        redact_names,
    ]


def _last(style: str) -> list[Processor]:
    drop: Processor = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    if style == "json":
        return [drop, structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    return [drop, structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)]

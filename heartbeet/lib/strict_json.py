"""JSON as RFC 8259 has it: what Python also accepts (NaN, duplicate keys, lone surrogates) is refused."""

import json
from typing import Any


class BadJSON(ValueError):
    """The text is not valid JSON; the message says why."""


def loads(data: bytes) -> Any:
    """The value of a JSON text in UTF-8. Raises BadJSON."""
    try:
        text = data.decode("utf-8")
        return json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_unique)
    except UnicodeDecodeError as error:
        raise BadJSON("The body must be UTF-8.") from error
    except RecursionError as error:
        raise BadJSON("The body is nested too deeply.") from error
    except json.JSONDecodeError as error:
        raise BadJSON(f"{error.msg} at line {error.lineno}, column {error.colno}.") from error
    except ValueError as error:  # ours, and integers of thousands of digits
        raise BadJSON(str(error)) from error


def _refuse_constant(name: str) -> None:
    raise BadJSON(f"{name} is not JSON; leave the field out or use null.")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise BadJSON(f"The key {key!r} is there twice.")
        found[key] = value
    return found

"""JSON as RFC 8259 has it: what Python also accepts (NaN, duplicate keys, lone surrogates) is refused, and so is what
no program means: numbers without end, and nesting without end, which would end in other programs' recursion."""

import json
import math
import re
from typing import Any

MAX_DEPTH = 32
_SURROGATE = re.compile(r"[\ud800-\udfff]")


class BadJSON(ValueError):
    """The text is not valid JSON; the message says why."""


def loads(data: bytes) -> Any:
    """The value of a JSON text in UTF-8. Raises BadJSON."""
    try:
        text = data.decode("utf-8")
        value = json.loads(text, parse_constant=_refuse_constant, parse_float=_finite, object_pairs_hook=_unique)
        _check(value)
        return value
    except UnicodeDecodeError as error:
        raise BadJSON("The body must be UTF-8.") from error
    except RecursionError as error:
        raise BadJSON("The body is nested too deeply.") from error
    except json.JSONDecodeError as error:
        raise BadJSON(f"{error.msg} at line {error.lineno}, column {error.colno}.") from error
    except ValueError as error:  # ours, and integers of thousands of digits
        raise BadJSON(str(error)) from error


def _check(value: Any) -> None:
    """Raises BadJSON for half a character, which no encoding takes, and for too deep nesting."""
    waiting = [(value, 0)]
    while waiting:
        found, depth = waiting.pop()
        if depth > MAX_DEPTH:
            raise BadJSON("The body is nested too deeply.")
        if isinstance(found, dict):
            waiting += [(each, depth + 1) for each in (*found, *found.values())]
        elif isinstance(found, list):
            waiting += [(each, depth + 1) for each in found]
        elif isinstance(found, str) and _SURROGATE.search(found):
            raise BadJSON("A \\ud800 to \\udfff stands alone, which is half a character.")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise BadJSON(f"The number {text[:40]} is too large.")
    return number


def _refuse_constant(name: str) -> None:
    raise BadJSON(f"{name} is not JSON; leave the field out or use null.")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise BadJSON(f"The key {key!r} is there twice.")
        found[key] = value
    return found

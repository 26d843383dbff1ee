"""How the API calls what Python calls otherwise."""

_SPECIAL = {"grace_sec": "heartbeatGraceSec"}


def public(name: str) -> str:
    """The camelCase name of a field: `interval_sec` is `intervalSec`."""
    first, *rest = name.split("_")
    return _SPECIAL.get(name, first + "".join(part.capitalize() for part in rest))

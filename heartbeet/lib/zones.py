"""The time zones that people choose from."""

import functools
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones


@functools.cache
def names() -> list[str]:
    """The IANA zones, without the aliases nobody means."""
    return ["UTC", *sorted(name for name in available_timezones() if "/" in name and not name.startswith("Etc/"))]


@functools.lru_cache(maxsize=1024)
def is_known(name: str) -> bool:
    """Whether times can be told in this zone here."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a folder of zones, or a name too long for a file
        return False
    return True

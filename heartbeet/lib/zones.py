"""The time zones that people choose from."""

import functools
from zoneinfo import available_timezones


@functools.cache
def names() -> list[str]:
    """The IANA zones, without the aliases nobody means."""
    return ["UTC", *sorted(name for name in available_timezones() if "/" in name and not name.startswith("Etc/"))]

"""The production settings: all of `base`, only tighter. Start is refused on a missing secret (see `checks.py`)."""

from heartbeet.settings.base import *  # noqa: F403

"""What every process of ours does first: choose the settings, load Django, refuse to go on if something is wrong."""

import os

from heartbeet.settings import env


class CannotStart(Exception):
    """A start that cannot work. The message is one sentence for the person at the terminal."""


def choose_settings() -> None:
    """Leave Django the settings that this environment calls for, unless it has others already."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", env.settings_module())


def set_up() -> None:
    """Load Django. Raises CannotStart if the system checks find an error, ImproperlyConfigured for a wrong value."""
    choose_settings()
    import django
    from django.core.checks import run_checks

    django.setup()
    errors = [message for message in run_checks() if message.is_serious() and not message.is_silenced()]
    if errors:
        raise CannotStart("\n".join(f"{error.id}: {error.msg} {error.hint or ''}".rstrip() for error in errors))

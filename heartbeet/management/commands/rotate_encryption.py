"""`heartbeet rotate-encryption`: everything sealed is sealed again with the first key (`docs/howto/rotate-keys.md`)."""

import argparse
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from heartbeet import embedded, rotation, startup
from heartbeet.lib import clock
from heartbeet.settings import keyfile


class Command(BaseCommand):
    help = "Seal everything again with the first of HEARTBEET_ENCRYPTION_KEYS, while everything runs."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--check", action="store_true", help="only look: open everything, count what is left")
        what.add_argument("--new-key", action="store_true", help="embedded, stopped: make a new first key")
        what.add_argument("--drop-old-keys", action="store_true", help="embedded: re-seal, then forget the other keys")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["check"]:
            self._check()
        elif options["new_key"]:
            self._add_key()
        else:
            self._reseal()
            if options["drop_old_keys"]:
                self._drop_keys()

    def _check(self) -> None:
        problems = []
        for outcome in rotation.check():
            self.stdout.write(f"{outcome.left} {outcome.label} to seal again")
            problems += _unopened(outcome)
            if outcome.left:
                problems.append(f"{outcome.left} {outcome.label} need another key than the first.")
        if problems:
            raise CommandError(" ".join(problems))
        self.stdout.write("The first key opens everything; the others may go.")

    def _reseal(self) -> None:
        problems = []
        for outcome in rotation.run():
            self.stdout.write(f"{outcome.resealed} {outcome.label} sealed again")
            problems += _unopened(outcome)
            if outcome.left > 0:
                problems.append(f"{outcome.left} {outcome.label} were being changed: run it again.")
        if problems:
            raise CommandError(" ".join(problems))

    def _add_key(self) -> None:
        _require_generated_keys()
        try:
            with embedded.hold_folder(settings.HEARTBEET_DATA):
                kid = keyfile.add_key(settings.HEARTBEET_DATA, today=clock.now().date())
        except startup.CannotStart as error:  # what runs does not know the new key, and could not open what it seals
            raise CommandError(str(error)) from error
        self.stdout.write(f"The new key {kid} is the first one. Start Heartbeet, then `heartbeet rotate-encryption`.")

    def _drop_keys(self) -> None:
        _require_generated_keys()
        gone = keyfile.drop_keys(settings.HEARTBEET_DATA)
        self.stdout.write(f"Forgotten: {', '.join(gone) or 'nothing'}. Older backups need their own secrets file.")


def _unopened(outcome: rotation.Outcome) -> list[str]:
    return [
        f"{count} {outcome.label} of key {kid or '(none)'} cannot be opened." for kid, count in outcome.unopened.items()
    ]


def _require_generated_keys() -> None:
    if not settings.HEARTBEET_EMBEDDED or settings.ENV.encryption_keys:
        raise CommandError("The keys are in HEARTBEET_ENCRYPTION_KEYS: change them there (docs/howto/rotate-keys.md).")

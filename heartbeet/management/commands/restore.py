"""`heartbeet restore FILE`: a backup takes the place of the database."""

import argparse
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from heartbeet import backup, embedded, startup


class Command(BaseCommand):
    help = "Put the backup FILE in the place of the database. Everything must be stopped."
    requires_system_checks = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with embedded.hold_folder(settings.HEARTBEET_DATA):
                backup.load(options["file"])
        except (backup.BackupFailed, startup.CannotStart) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Restored {options['file']}; run `heartbeet migrate` if it comes from an older release.")

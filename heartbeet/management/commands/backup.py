"""`heartbeet backup FILE`: a copy of the database while everything runs."""

import argparse
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from heartbeet import backup


class Command(BaseCommand):
    help = "Copy the whole database into FILE, while everything runs."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            made = backup.save(options["file"])
        except backup.BackupFailed as error:
            raise CommandError(str(error)) from error
        self.stdout.write("Saved " + " and ".join(str(path) for path in made))

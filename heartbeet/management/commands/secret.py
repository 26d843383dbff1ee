"""`heartbeet secret`: new secrets, as lines for the environment."""

import argparse
from typing import Any

from django.core.management.base import BaseCommand

from heartbeet.settings import env


class Command(BaseCommand):
    help = "Print a new HEARTBEET_SECRET_KEY and HEARTBEET_ENCRYPTION_KEYS as lines for the environment."
    requires_system_checks = []  # it is what helps out of a failed check

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--key-id", default="default", metavar="ID", help="of the encryption key (default)")

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"HEARTBEET_SECRET_KEY={env.make_secret_key()}")
        self.stdout.write(f"HEARTBEET_ENCRYPTION_KEYS={env.make_encryption_key(options['key_id'])}")

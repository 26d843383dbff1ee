"""`heartbeet remove-factors`: for somebody who lost device and recovery codes (`docs/howto/two-factor.md`)."""

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts import factors
from accounts.domain.actor import SYSTEM
from accounts.models import User
from heartbeet.lib import clock


class Command(BaseCommand):
    help = "Take all second factors of a person away, so that the password alone signs them in again."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--email", required=True, help="whose factors")

    def handle(self, *args: Any, **options: Any) -> None:
        email = options["email"].strip().lower()
        user = User.objects.filter(email=email).first()
        if user is None:
            raise CommandError(f"Nobody has the address {email}.")
        if not factors.reset(user=user, by=SYSTEM, now=clock.now()):
            raise CommandError(f"{email} has no second factors.")
        self.stdout.write(f"The second factors of {email} are removed, and they are told by e-mail.")

"""`heartbeet setup`: the first owner of a production installation, whom `heartbeet up` makes by itself."""

from typing import Any

from django.core.management.base import BaseCommand

from heartbeet import bootstrap
from heartbeet.lib import clock


class Command(BaseCommand):
    help = "Make the owner that HEARTBEET_ADMIN_EMAIL and _PASSWORD name, or print a one-time link to do it by hand."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(bootstrap.first_start(now=clock.now()) or "Heartbeet has its owner: sign in.")

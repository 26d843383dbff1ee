"""`heartbeet prune`: the clearing that a worker does every hour, now."""

from typing import Any

from django.core.management.base import BaseCommand

from heartbeet import prune
from heartbeet.lib import clock


class Command(BaseCommand):
    help = "Delete pings older than the plan's retention, and whatever else nobody needs any more."

    def handle(self, *args: Any, **options: Any) -> None:
        gone = prune.run(now=clock.now())
        self.stdout.write(", ".join(f"{count} {kind.replace('_', ' ')}" for kind, count in gone.items()))

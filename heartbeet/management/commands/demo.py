"""`heartbeet demo`: a believable company with 90 days of history, to look around in."""

import argparse
import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from accounts.domain.actor import Actor
from accounts.models import Organization
from heartbeet.demo import company, fill, founding, keeper, owner
from heartbeet.lib import clock
from monitors import operations
from monitors.models import Monitor


class Command(BaseCommand):
    help = "Fill a fresh organisation with a believable company and 90 days of history; --ping keeps it alive."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--email", default="rosa@turnip.example", help="who owns it; made if there is nobody")
        parser.add_argument("--password", default="", help="of an owner who is made; else one is made up and printed")
        parser.add_argument("--seed", type=int, default=1, help="another number, another history (1)")
        parser.add_argument("--ping", action="store_true", help="stay, and ping the healthy monitors until interrupted")
        parser.add_argument("--url", default="", help="where to ping (HEARTBEET_SITE_URL)")
        parser.add_argument("--organization", default="", metavar="SLUG", help="ping this one that is there; fill none")

    def handle(self, *args: Any, **options: Any) -> None:
        slug = options["organization"] or self._fill(options)
        if options["ping"]:
            self._keep(slug, options["url"] or settings.HEARTBEET_SITE_URL)
        else:
            self.stdout.write(
                "Nobody pings these monitors, so they go down from the next minutes on. To keep them alive:\n"
                f"    heartbeet demo --ping --organization {slug}"
            )

    def _fill(self, options: dict[str, Any]) -> str:
        """Make the organisation, and say where it is. Returns its slug."""
        started = time.monotonic()
        if Organization._meta.db_table not in connection.introspection.table_names():
            raise CommandError("The database is empty: start Heartbeet first, or run `heartbeet migrate`.")
        try:
            founding.check_plan(company.TURNIP_AND_SONS)
            found = owner.find_or_make(email=options["email"], password=options["password"])
            made = fill.fill(company.TURNIP_AND_SONS, owner=found.user, seed=options["seed"], now=clock.now())
        except (owner.BadOwner, founding.PlanTooSmall) as error:
            raise CommandError(str(error)) from error
        organization = made.founded.organization
        self.stdout.write(
            f"{organization.name}: {len(made.founded.monitors)} monitors, {made.pings:,} pings, {made.incidents} "
            f"incidents of which {made.open_incidents} are open, made in {time.monotonic() - started:.1f} s."
        )
        if not made.has_gap:
            self.stdout.write(
                "The time in which nobody listened is left out: it would count for the other monitors too."
            )
        secret = f", password {found.password}" if found.password else ""
        self.stdout.write(f"See {settings.HEARTBEET_SITE_URL}{organization.home} as {found.user.email}{secret}")
        return organization.slug

    def _keep(self, slug: str, url: str) -> None:
        organization = Organization.objects.filter(slug=slug).first()
        if organization is None:
            raise CommandError(f"There is no organisation {slug}.")
        try:
            many = keeper.tended(organization, company.TURNIP_AND_SONS, _token)
        except keeper.NoDemo as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Pinging {len(many)} monitors at {url}. Stop with Ctrl+C.")
        self.stdout.flush()
        try:
            _work(keeper.Keeper(many, url=url, tell=self.stderr.write))
        except KeyboardInterrupt:
            self.stdout.write("Stopped: the monitors go down from the next minutes on.")


def _token(monitor: Monitor) -> str:
    """The monitor's token, read as a person would: the audit log says that a command did."""
    return operations.reveal(monitor=monitor, by=Actor(), now=clock.now()).token


def _work(found: keeper.Keeper) -> None:
    while True:
        time.sleep(found.wait_sec())
        found.work()

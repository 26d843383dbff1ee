"""`heartbeet token`: a personal access token for a script, and nothing else on standard output."""

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts import operations
from accounts.models import Membership
from heartbeet.lib import clock


class Command(BaseCommand):
    help = "Print a new personal access token of a person, and nothing else."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--email", required=True, help="whose token")
        parser.add_argument("--name", required=True, help="what it is for")
        parser.add_argument(
            "--scope", action="append", required=True, help="a scope, such as monitors:write; repeatable"
        )
        parser.add_argument("--organization", default="", metavar="SLUG", help="needed by a member of several")

    def handle(self, *args: Any, **options: Any) -> None:
        membership = _membership(options["email"].strip().lower(), options["organization"])
        try:
            minted = operations.mint_token(
                membership=membership,
                name=options["name"],
                scopes=options["scope"],
                by=operations.actor_of(membership),
                now=clock.now(),
            )
        except operations.BadGrant as error:
            raise CommandError(" ".join(error.fields.values())) from error
        self.stdout.write(minted.plaintext)


def _membership(email: str, organization: str) -> Membership:
    found = Membership.objects.filter(user__email=email, user__is_active=True).select_related("user", "organization")
    if organization:
        found = found.filter(organization__slug=organization)
    memberships = list(found[:2])
    if not memberships:
        raise CommandError(f"Nobody with the address {email} is a member here.")
    if len(memberships) > 1:
        raise CommandError(f"{email} is a member of several organisations; choose one with --organization.")
    return memberships[0]

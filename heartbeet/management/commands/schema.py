"""`heartbeet schema`: write what is made from the code: `schema.yml`, and the tables of `docs/reference/api.md`."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from heartbeet import openapi, reference


class Command(BaseCommand):
    help = "Write the API's document and its reference from the code."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="write nothing, and fail if something would change")

    def handle(self, *args: Any, **options: Any) -> None:
        stale = [path for path, text in generated().items() if not path.exists() or path.read_text("utf-8") != text]
        if options["check"] and stale:
            raise CommandError(f"Not up to date: {', '.join(path.name for path in stale)}. Run `make schema`.")
        for path in stale:
            path.write_text(generated()[path], "utf-8")


def generated() -> dict[Path, str]:
    """Each file that is made from the code, as it should be."""
    page = settings.BASE_DIR / "docs/reference/api.md"
    return {
        settings.BASE_DIR / openapi.FILE: openapi.as_yaml(),
        page: reference.fill(page.read_text("utf-8"), openapi.document()),
    }

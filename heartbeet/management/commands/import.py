"""`heartbeet import FILE.csv --monitor ID`: a beet's history from elsewhere."""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.domain.actor import SYSTEM
from heartbeet import replaying
from heartbeet.lib import clock, zones
from monitors import backfill
from monitors.domain import rhythm
from monitors.domain.imports import Stream
from monitors.models import Monitor


class Command(BaseCommand):
    help = "Load the history of a beet from a CSV with the columns stream,timestamp[,count], and learn from it at once."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="the CSV")
        parser.add_argument("--monitor", type=int, required=True, metavar="ID", help="the beet that gets it")
        parser.add_argument("--stream", default="", metavar="NAME", help="which one, if the file has several")
        parser.add_argument("--timezone", default="UTC", metavar="ZONE", help="of times without an offset (UTC)")

    def handle(self, *args: Any, **options: Any) -> None:
        now = clock.now()
        if not zones.is_known(options["timezone"]):
            raise CommandError(f"{options['timezone']} is not a time zone; give an IANA name such as Europe/Berlin.")
        monitor = Monitor.objects.filter(id=options["monitor"], deleted_at=None).select_related("organization").first()
        if monitor is None:
            raise CommandError(f"There is no monitor {options['monitor']}; its page's address ends in its id.")
        try:
            streams = replaying.read(options["file"], zone=options["timezone"], now=now)
            stream = _chosen(streams, options["stream"])
            found = backfill.load(monitor=monitor, stream=stream, by=SYSTEM, now=now)
        except (replaying.CannotReplay, backfill.NotABeet, backfill.TooOld) as error:
            raise CommandError(str(error)) from error
        for line in _told(monitor, found):
            self.stdout.write(line)


def _chosen(streams: Sequence[Stream], name: str) -> Stream:
    by_name = {stream.name: stream for stream in streams}
    if not name and len(streams) == 1:
        return streams[0]
    if name in by_name:
        return by_name[name]
    some = ", ".join(list(by_name)[:5]) + (" …" if len(by_name) > 5 else "")
    if name:
        raise CommandError(f"The file has no stream {name}; it has {some}.")
    raise CommandError(f"The file has {len(streams)} streams ({some}); choose one with --stream.")


def _told(monitor: Monitor, found: backfill.Imported) -> Iterator[str]:
    yield (
        f"{monitor.name}: {found.events:,} events in {found.hours:,} hours imported, "
        f"{found.since:%Y-%m-%d %H:%M} to {found.until:%Y-%m-%d %H:%M} UTC."
    )
    if found.kept:
        yield f"{found.kept:,} hours stay as the monitor itself counted them."
    if found.too_old:
        yield f"{found.too_old:,} hours are older than two years and were left out."
    known = found.rhythm
    if known.rates is None:
        yield (
            f"It has not learned yet: in the last {rhythm.WEEKS} weeks there are {known.events:,} events; it takes "
            f"{rhythm.READY_AFTER.days} days and {rhythm.READY_EVENTS} events."
        )
        return
    yield (
        f"It has learned from {known.events:,} events of {known.learned_from:%Y-%m-%d} to "
        f"{known.learned_to:%Y-%m-%d}, and alerts by that from now on."
    )

"""The command `heartbeet`: `up` for one machine; `serve`, `worker` and `beat` for production; `replay`, which needs
neither; and every command of manage.py (`token`, `secret`, `rotate-encryption`, `import`, `backup`, `restore`,
`migrate`, `check` …)."""

import argparse
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from importlib import metadata
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from heartbeet import startup
from heartbeet.settings import env

WRONG_USE = 2
MANIFEST = "staticfiles.json"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    _keep_private(given)
    try:
        if given and given[0] not in COMMANDS and not given[0].startswith("-"):
            return _manage(given)
        options = _parser().parse_args(given or ["--help"])
        _into_environment(options)
        return COMMANDS[options.command](options)
    except (ImproperlyConfigured, startup.CannotStart) as error:
        sys.stderr.write(f"heartbeet: {error}\n")
        return WRONG_USE


def _keep_private(arguments: Sequence[str]) -> None:
    """Databases and spools hold sessions and what jobs said: nobody else on this machine may read them. In production
    the other commands keep the usual modes, for another user may serve the collected styles."""
    is_embedded = env.settings_module() == "heartbeet.settings.base"
    if is_embedded or (arguments and arguments[0] in COMMANDS):
        os.umask(0o077)


def _manage(arguments: list[str]) -> int:
    startup.choose_settings()
    from django.core.management import execute_from_command_line

    command, *rest = arguments
    execute_from_command_line(["heartbeet", command.replace("-", "_"), *rest])  # Python names no module a-b
    return 0


def _up(options: argparse.Namespace) -> int:
    from heartbeet import embedded

    return embedded.up()


def _serve(options: argparse.Namespace) -> int:
    startup.set_up()
    from django.conf import settings

    from heartbeet import server

    if options.workers > 1 and settings.HEARTBEET_EMBEDDED:
        raise startup.CannotStart("SQLite has one writer, so --workers must be 1; set HEARTBEET_DATABASE_URL for more.")
    if options.only != "ingest":
        _require_styles(settings.STATIC_ROOT)
    return server.run(host=settings.ENV.host, port=settings.ENV.port, only=options.only, workers=options.workers)


def _require_styles(folder: str | os.PathLike[str] | None) -> None:
    """Production serves collected files; without them every page would fail. Elsewhere there is no such folder."""
    if folder and not (Path(folder) / MANIFEST).exists():
        raise startup.CannotStart("Styles and scripts are not collected yet; run `heartbeet collectstatic --noinput`.")


def _worker(options: argparse.Namespace) -> int:
    startup.set_up()
    from heartbeet import worker

    return worker.run(with_beat=options.beat)


def _beat(options: argparse.Namespace) -> int:
    startup.set_up()
    from heartbeet import worker

    return worker.run_beat()


def _replay(options: argparse.Namespace) -> int:
    from heartbeet import replaying
    from heartbeet.lib import clock
    from monitors.domain.rhythm import Tuning

    try:
        streams = replaying.read(options.file, zone=options.timezone, now=clock.now())
    except replaying.CannotReplay as error:
        raise startup.CannotStart(str(error)) from error
    for doubt in replaying.doubts(streams, learn_weeks=options.learn_weeks):
        sys.stderr.write(f"heartbeet: {doubt}\n")
    tuning = Tuning(rho=options.rho, budget_weeks=options.budget_weeks)
    given = {"learn_weeks": options.learn_weeks, "zone": options.timezone, "as_json": options.json}
    return _print(replaying.run(streams, tuning=tuning, **given))


def _print(lines: Iterable[str]) -> int:
    """Write lines until whoever reads them (`head`) has seen enough."""
    try:
        for line in lines:
            sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the interpreter complains when it ends
    return 0


COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "up": _up,
    "serve": _serve,
    "worker": _worker,
    "beat": _beat,
    "replay": _replay,
}


def _into_environment(options: argparse.Namespace) -> None:
    """What was given on the command line goes before the environment, and reaches child processes the same way."""
    for name in ("host", "port", "data"):
        if getattr(options, name, None) is not None:
            os.environ[f"{env.PREFIX}{name.upper()}"] = str(getattr(options, name))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="heartbeet",
        description="Heartbeat monitoring: tells people that something stopped happening.",
        epilog="Also: setup, demo, import, token, secret, remove-factors, rotate-encryption, backup, restore, migrate "
        "and the rest of `heartbeet help`.",
    )
    parser.add_argument("--version", action="version", version=f"heartbeet {metadata.version('heartbeet')}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    up = commands.add_parser("up", help="run everything on this machine, on SQLite")
    _add_address(up)
    up.add_argument("--data", metavar="FOLDER", help="the data folder (HEARTBEET_DATA, ./var in a checkout)")
    serve = commands.add_parser("serve", help="run web and ingest processes")
    _add_address(serve)
    serve.add_argument("--only", choices=["ingest", "web", "all"], default="all", help="which part (all)")
    serve.add_argument("--workers", type=_count, default=1, metavar="N", help="how many processes (1)")
    worker = commands.add_parser("worker", help="run the miss detector and the senders")
    worker.add_argument("--beat", action="store_true", help="with the beat inside; the only worker then needs no Redis")
    commands.add_parser("beat", help="knock for the workers; run two, so that one may die")
    _add_replay(commands.add_parser("replay", help="say when beets would have alerted, from a CSV alone"))
    return parser


def _add_replay(parser: argparse.ArgumentParser) -> None:
    from monitors.domain import fields, policy

    parser.description = "Learn the first weeks of each stream in FILE and say when the rest would have alerted."
    parser.add_argument("file", type=Path, metavar="FILE", help="a CSV with the columns stream,timestamp[,count]")
    parser.add_argument("--learn-weeks", type=_number(2, 520, int), default=8, metavar="N", help="learn so many (8)")
    weeks, most_weeks = policy.BUDGET_WEEKS, policy.MAX_BUDGET_WEEKS
    said = f"weeks per false alarm ({weeks})"
    parser.add_argument("--budget-weeks", type=_number(1, most_weeks, float), default=weeks, metavar="N", help=said)
    share, said = _number(fields.MIN_RHO, fields.MAX_RHO, float), f"the share of the usual that is low ({fields.RHO})"
    parser.add_argument("--rho", type=share, default=fields.RHO, help=said)
    parser.add_argument("--timezone", type=_zone, default="UTC", metavar="ZONE", help="whose hours are learned (UTC)")
    parser.add_argument("--json", action="store_true", help="one object a line")


def _number(low: float, high: float, kind: type[int] | type[float]) -> Callable[[str], float]:
    """What reads a number within bounds."""

    def read(text: str) -> float:
        try:
            number = kind(text)
        except ValueError:
            number = kind(-1)
        if not low <= number <= high:
            whole = "a whole number" if kind is int else "a number"
            raise argparse.ArgumentTypeError(f"{text} is not {whole} from {low} to {high}")
        return number

    return read


def _zone(text: str) -> str:
    from heartbeet.lib import zones

    if not zones.is_known(text):
        raise argparse.ArgumentTypeError(f"{text} is not a time zone; give an IANA name such as Europe/Berlin")
    return text


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a number of processes; give 1 or more")
    return int(text)


def _add_address(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", help="the address to listen on (HEARTBEET_HOST, 127.0.0.1)")
    parser.add_argument("--port", help="the port to listen on (HEARTBEET_PORT, 8000)")


if __name__ == "__main__":
    sys.exit(main())

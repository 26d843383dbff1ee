"""The command `heartbeet`: `up` for one machine; `serve`, `worker` and `beat` for production; and every command of
manage.py (`token`, `secret`, `rotate-encryption`, `backup`, `restore`, `migrate`, `check` …)."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
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


COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "up": _up,
    "serve": _serve,
    "worker": _worker,
    "beat": _beat,
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
        epilog="Also: setup, demo, token, secret, remove-factors, rotate-encryption, backup, restore, migrate and the "
        "rest of `heartbeet help`.",
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
    return parser


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a number of processes; give 1 or more")
    return int(text)


def _add_address(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", help="the address to listen on (HEARTBEET_HOST, 127.0.0.1)")
    parser.add_argument("--port", help="the port to listen on (HEARTBEET_PORT, 8000)")


if __name__ == "__main__":
    sys.exit(main())

"""`heartbeet up`: the whole product on one machine, from an empty folder to a running installation."""

import errno
import fcntl
import os
import socket
import sys
from pathlib import Path
from typing import IO

from heartbeet import startup
from heartbeet.settings import env


def up() -> int:
    """Make what is missing, then run one web+ingest process and one worker process until SIGTERM or SIGINT."""
    if env.settings_module() != "heartbeet.settings.base":
        raise startup.CannotStart(
            "`heartbeet up` runs on SQLite; with HEARTBEET_DATABASE_URL use serve, worker and beat."
        )
    startup.set_up()
    from django.conf import settings

    from heartbeet.supervisor import Supervisor

    with hold_folder(settings.HEARTBEET_DATA):
        require_free_port(settings.ENV.host, settings.ENV.port)
        _prepare()
        _say(f"Heartbeet is at {settings.HEARTBEET_SITE_URL} and keeps its data in {settings.HEARTBEET_DATA}")
        return Supervisor({"web": _command("serve"), "worker": _command("worker", "--beat")}).run()


def hold_folder(folder: Path) -> IO[str]:
    """Lock the data folder for as long as the returned file is open. Raises CannotStart if another `up` holds it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "up.lock").open("w")
    except OSError as error:
        raise startup.CannotStart(f"The data folder {folder} is not writable ({error.strerror}).") from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        problem = f"Another heartbeet runs on the data folder {folder}; stop it, or choose another by HEARTBEET_DATA."
        raise startup.CannotStart(problem) from None
    return lock


def require_free_port(host: str, port: int) -> None:
    """Raises CannotStart if we could not listen there; granian itself would share the port with whoever has it."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise startup.CannotStart(_why_not(error, host, port)) from None


def _why_not(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} of {host} is taken; choose another with --port or HEARTBEET_PORT."
    if error.errno == errno.EACCES:
        return (
            f"Port {port} needs more rights than this user has; choose one from 1024 up with --port or HEARTBEET_PORT."
        )
    return f"{host} is not an address of this machine ({error.strerror}); choose another with --host or HEARTBEET_HOST."


def _prepare() -> None:
    from django.core.management import call_command
    from django.db import connections

    from heartbeet import bootstrap
    from heartbeet.lib import clock

    call_command("migrate", verbosity=0, interactive=False)
    link = bootstrap.first_start(now=clock.now())
    if link:
        _say(f"Nobody can sign in yet. Set Heartbeet up here, once: {link}")
    connections.close_all()


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "heartbeet.cli", *arguments]


def _say(line: str) -> None:
    sys.stdout.write(line + os.linesep)
    sys.stdout.flush()

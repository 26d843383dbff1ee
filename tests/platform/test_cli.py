"""The command says in one sentence why it cannot start, and prints a token and nothing else."""

import os
import socket
import stat
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from accounts.models import AccessToken, Membership
from heartbeet import cli, embedded, startup
from heartbeet.settings import env
from tests import factories, servers


def _heartbeet(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("HEARTBEET_", "DJANGO_"))}
    command = [sys.executable, "-m", "heartbeet.cli", *arguments]
    return subprocess.run(
        command, env={**clean, **environ}, cwd=env.ROOT, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize("arguments", [("up", "--port", "abc"), ("migrate",)])
def test_a_wrong_value_is_a_sentence_and_no_traceback(arguments: tuple[str, ...], tmp_path: Path) -> None:
    done = _heartbeet(*arguments, HEARTBEET_PORT="abc", HEARTBEET_DATA=str(tmp_path))

    assert done.returncode == 2
    assert done.stderr.startswith("heartbeet: HEARTBEET_PORT=abc is wrong: ")
    assert done.stderr.count("\n") == 1


def test_an_address_that_is_none_is_told_in_our_words_only(tmp_path: Path) -> None:
    done = _heartbeet("up", HEARTBEET_SITE_URL="heartbeet.example.org", HEARTBEET_DATA=str(tmp_path))

    assert done.returncode == 2
    assert done.stderr.startswith("heartbeet: heartbeet.E004: HEARTBEET_SITE_URL is not an address.")
    assert done.stderr.count("\n") == 1


def test_production_without_secrets_is_refused(tmp_path: Path) -> None:
    done = _heartbeet("worker", HEARTBEET_DATABASE_URL="postgresql://u:p@127.0.0.1:1/x", HEARTBEET_DATA=str(tmp_path))

    assert done.returncode == 2
    assert "heartbeet.E001: HEARTBEET_SECRET_KEY is not set." in done.stderr
    assert "heartbeet secret" in done.stderr
    assert not (tmp_path / "secrets.json").exists()


def test_pages_without_collected_styles_are_refused(tmp_path: Path) -> None:
    done = _heartbeet(
        "serve",
        HEARTBEET_DATABASE_URL="postgresql://u:p@127.0.0.1:1/x",
        HEARTBEET_REDIS_URL="redis://127.0.0.1:1",
        HEARTBEET_SITE_URL="https://x.example",
        HEARTBEET_SECRET_KEY=env.make_secret_key(),
        HEARTBEET_ENCRYPTION_KEYS=env.make_encryption_key(),
        HEARTBEET_DATA=str(tmp_path),
    )

    assert (done.returncode, "run `heartbeet collectstatic" in done.stderr) == (2, True)


def test_sqlite_with_several_writers_is_refused(tmp_path: Path) -> None:
    done = _heartbeet("serve", "--workers", "2", HEARTBEET_DATA=str(tmp_path))

    assert (done.returncode, "--workers must be 1" in done.stderr) == (2, True)


def test_no_workers_at_all_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["serve", "--workers", "0"])

    assert "0 is not a number of processes; give 1 or more" in capsys.readouterr().err


def test_the_version_can_be_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        cli.main(["--version"])

    assert capsys.readouterr().out.startswith("heartbeet ")


def test_up_with_postgresql_says_what_to_run_instead(tmp_path: Path) -> None:
    done = _heartbeet("up", HEARTBEET_DATABASE_URL="postgresql://u:p@127.0.0.1:1/x", HEARTBEET_DATA=str(tmp_path))

    assert (done.returncode, "use serve, worker and beat" in done.stderr) == (2, True)


def test_secrets_can_be_made_where_nothing_is_set(tmp_path: Path) -> None:
    done = _heartbeet("secret", HEARTBEET_DATA=str(tmp_path))

    names = [line.partition("=")[0] for line in done.stdout.splitlines()]
    assert names == ["HEARTBEET_SECRET_KEY", "HEARTBEET_ENCRYPTION_KEYS"]


def test_a_taken_port_is_a_sentence() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]

        with pytest.raises(startup.CannotStart, match=f"Port {port} of 127.0.0.1 is taken"):
            embedded.require_free_port("127.0.0.1", port)


def test_a_free_port_is_fine() -> None:
    embedded.require_free_port("127.0.0.1", servers.free_port())


def test_a_foreign_address_is_a_sentence() -> None:
    with pytest.raises(startup.CannotStart, match=r"192\.0\.2\.1 is not an address of this machine"):
        embedded.require_free_port("192.0.2.1", 8000)


def test_a_data_folder_is_held_by_one(tmp_path: Path) -> None:
    with (
        embedded.hold_folder(tmp_path),
        pytest.raises(startup.CannotStart, match="Another heartbeet runs on the data folder"),
    ):
        embedded.hold_folder(tmp_path)


def test_a_data_folder_is_free_again_afterwards(tmp_path: Path) -> None:
    with embedded.hold_folder(tmp_path):
        pass

    embedded.hold_folder(tmp_path).close()


def test_a_data_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(startup.CannotStart, match="is not writable"):
        embedded.hold_folder(tmp_path / "file" / "data")


@pytest.mark.django_db
def test_token_prints_the_token_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    owner = factories.member(factories.organization())

    call_command("token", "--email", owner.email.upper(), "--name", "ci", "--scope", "monitors:write")

    printed = capsys.readouterr().out
    token = AccessToken.objects.get()
    assert printed.startswith("hb_")
    assert (printed.count("\n"), len(printed.strip())) == (1, 46)
    assert (token.name, token.scopes, token.membership.user) == ("ci", ["monitors:write"], owner)


@pytest.mark.django_db
def test_token_for_nobody_is_a_sentence() -> None:
    with pytest.raises(CommandError, match=r"Nobody with the address ghost@example\.com is a member here\."):
        call_command("token", "--email", "ghost@example.com", "--name", "ci", "--scope", "*")


@pytest.mark.django_db
def test_token_with_an_unknown_scope_is_a_sentence() -> None:
    owner = factories.member(factories.organization())

    with pytest.raises(CommandError, match="scope"):
        call_command("token", "--email", owner.email, "--name", "ci", "--scope", "monitors:explode")


@pytest.mark.django_db
def test_token_for_a_member_of_several_asks_which(now: datetime) -> None:
    owner = factories.member(factories.organization())
    other = factories.organization()
    Membership.objects.create(user=owner, organization=other, role="viewer", created_at=now)

    with pytest.raises(CommandError, match="--organization"):
        call_command("token", "--email", owner.email, "--name", "ci", "--scope", "*")
    call_command("token", "--email", owner.email, "--name", "ci", "--scope", "*", "--organization", other.slug)

    assert AccessToken.objects.get().membership.organization == other


def test_what_an_installation_keeps_is_for_the_eyes_of_its_user(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    _heartbeet("migrate", HEARTBEET_DATA=str(folder))

    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert set(modes) >= {"heartbeet.sqlite3", "secrets.json"}
    assert set(modes.values()) == {0o600}

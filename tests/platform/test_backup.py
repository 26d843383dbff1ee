"""A backup holds everything, and its restore brings it back."""

import stat
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.models import Plan
from heartbeet import backup
from tests import servers

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _client_of_the_same_release(monkeypatch: pytest.MonkeyPatch) -> None:
    """`pg_dump` refuses a server newer than itself; the wheel that has the server has the client too."""
    if connection.vendor == "postgresql":
        monkeypatch.setenv("PATH", str(servers.postgresql_programs()), prepend=":")


def test_a_restore_brings_back_what_was_there_and_nothing_else(tmp_path: Path) -> None:
    Plan.objects.create(name="before")
    call_command("backup", str(tmp_path / "copy"))
    Plan.objects.all().delete()
    Plan.objects.create(name="after")
    connection.close()

    call_command("restore", str(tmp_path / "copy"))

    assert list(Plan.objects.filter(name__in=["before", "after"]).values_list("name", flat=True)) == ["before"]


def test_a_backup_is_for_its_owners_eyes(tmp_path: Path) -> None:
    made = backup.save(tmp_path / "copy")

    assert {stat.S_IMODE(path.stat().st_mode) for path in made} == {0o600}


def test_a_backup_over_files_that_others_may_read_is_for_its_owners_eyes_too(tmp_path: Path) -> None:
    for name in ("copy", "copy.part", "copy.secrets.json"):
        (tmp_path / name).touch(mode=0o644)

    made = backup.save(tmp_path / "copy")

    assert {stat.S_IMODE(path.stat().st_mode) for path in made} == {0o600}


def test_a_backup_leaves_no_draft(tmp_path: Path) -> None:
    made = backup.save(tmp_path / "copy")

    assert sorted(tmp_path.iterdir()) == sorted(made)


def test_a_folder_that_is_not_there_is_said_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"cannot be written \(No such file or directory\)"):
        call_command("backup", str(tmp_path / "absent" / "copy"))


def test_something_that_is_no_backup_is_refused_and_harms_nothing(tmp_path: Path) -> None:
    Plan.objects.create(name="before")
    (tmp_path / "copy").write_text("hello")

    with pytest.raises(CommandError, match=r"not a database|pg_restore failed"):
        call_command("restore", str(tmp_path / "copy"))

    assert Plan.objects.filter(name="before").exists()


@pytest.mark.postgresql
def test_a_missing_client_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(backup.BackupFailed, match="apt-get install postgresql-client"):
        backup.save(tmp_path / "copy")

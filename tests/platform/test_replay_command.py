"""`heartbeet replay` says from a file alone when beets would have alerted."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from heartbeet import cli
from heartbeet.settings import env

START = datetime(2025, 9, 1, tzinfo=UTC)
SILENT = START + timedelta(weeks=10)


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """Twelve weeks of two streams, one of which is silent for two days in the eleventh; and one that is too short."""
    draw, lines = np.random.default_rng(1), ["stream,timestamp,count"]
    for hour in range(12 * 168):
        at = START + timedelta(hours=hour)
        for stream in ("checkout", "signup"):
            is_silent = stream == "checkout" and SILENT <= at < SILENT + timedelta(days=2)
            lines.append(f"{stream},{at:%Y-%m-%dT%H:%M:%SZ},{0 if is_silent else draw.poisson(30)}")
    lines.append(f"short,{START + timedelta(weeks=11):%Y-%m-%dT%H:%M:%SZ},1")
    path = tmp_path / "history.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8-sig")
    return path


def heartbeet(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("HEARTBEET_", "DJANGO_"))}
    command = [sys.executable, "-m", "heartbeet.cli", "replay", *arguments]
    return subprocess.run(
        command, env={**clean, **environ}, cwd=env.ROOT, capture_output=True, text=True, timeout=60, check=False
    )


def test_it_needs_no_database_and_makes_nothing(history: Path, tmp_path: Path) -> None:
    nowhere = {"HEARTBEET_DATABASE_URL": "postgresql://u:p@127.0.0.1:1/x", "HEARTBEET_DATA": str(tmp_path / "data")}

    done = heartbeet(str(history), "--json", **nowhere)

    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert (done.returncode, [each["stream"] for each in found]) == (0, ["checkout", "signup", "short"])
    (alarm,) = found[0]["alarms"]
    assert set(found[0]) == {"stream", "learnedFrom", "learnedTo", "alarms"}
    assert (found[0]["learnedFrom"], found[0]["learnedTo"]) == ("2025-09-01T00:00:00Z", "2025-10-27T00:00:00Z")
    assert (alarm["arm"], alarm["severity"], alarm["openedAt"][:10]) == ("silence", "critical", "2025-11-10")
    assert alarm["resolvedAt"].startswith("2025-11-12T0")
    assert "short: its 1.0 weeks end before 8 are learned: nothing is replayed." in done.stderr
    assert not (tmp_path / "data").exists()


def test_without_json_it_is_a_table(history: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status = cli.main(["replay", str(history)])

    told = capsys.readouterr().out.splitlines()
    assert status == 0
    assert told[0] == "checkout: learned from 2025-09-01 to 2025-10-27"
    assert told[1].startswith("  1 alert from then to 2025-11-23, of ")
    assert told[2].split() == ["opened", "(UTC)", "lasted", "arm", "severity", "expected", "seen", "log", "odds"]
    assert told[3].split()[0] == "2025-11-10"
    assert told[6].startswith("  no alert from then to 2025-11-23")


def test_of_a_stream_that_never_learned_there_is_no_table_but_a_word(
    history: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rare = [f"rare,{START + timedelta(weeks=week):%Y-%m-%dT%H:%M:%SZ},1" for week in range(12)]
    history.write_text(f"{history.read_text(encoding='utf-8-sig')}{chr(10).join(rare)}\n")

    cli.main(["replay", str(history)])

    told = capsys.readouterr()
    assert [line.split(":")[0] for line in told.out.splitlines() if "learned from" in line] == ["checkout", "signup"]
    assert not told.out.endswith("\n\n\n")
    assert "rare: 12 events are too few to learn from; it takes 50." in told.err
    assert "short: its 1.0 weeks end before 8 are learned: nothing is replayed." in told.err


def test_settings_change_what_is_found(history: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cli.main(["replay", str(history), "--json"])
    usual = json.loads(capsys.readouterr().out.splitlines()[0])

    options = ["--learn-weeks", "4", "--budget-weeks", "520", "--rho", "0.2", "--timezone", "Europe/Berlin"]
    cli.main(["replay", str(history), "--json", *options])
    other = json.loads(capsys.readouterr().out.splitlines()[0])

    assert other["learnedTo"] == "2025-09-29T00:00:00Z"
    assert other["alarms"][0]["openedAt"] > usual["alarms"][0]["openedAt"]
    assert other["alarms"][0]["logOdds"] > usual["alarms"][0]["logOdds"]


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--rho", "1"], "1 is not a number from 0.05 to 0.95"),
        (["--rho", "nan"], "nan is not a number"),
        (["--budget-weeks", "0"], "0 is not a number from 1 to 520"),
        (["--learn-weeks", "1"], "1 is not a whole number from 2 to 520"),
        (["--learn-weeks", "x"], "x is not a whole number"),
        (["--timezone", "Mars/Olympus"], "Mars/Olympus is not a time zone; give an IANA name such as Europe/Berlin"),
    ],
)
def test_an_option_that_cannot_be_says_what_can(
    options: list[str], why: str, history: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["replay", str(history), *options])

    assert ended.value.code == 2
    assert why in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("stream,timestamp\na,2025-01-01T00:00:00Z\na,2024-01-01T00:00:00Z\n", "Line 3: 2024-01-01T00:00:00Z comes"),
        ("stream,timestamp\na,9999-01-01T00:00:00Z\n", "Line 2: 9999-01-01T00:00:00Z is still to come"),
        ("time\n", "Line 1: the header must be stream,timestamp or stream,timestamp,count"),
    ],
)
def test_a_line_that_is_wrong_is_named(text: str, why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(text)

    status = cli.main(["replay", str(path), "--json"])

    told = capsys.readouterr()
    assert (status, told.out) == (2, "")
    assert told.err.startswith(f"heartbeet: {path}: {why}")


def test_bytes_that_are_no_text_are_named_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(b"stream,timestamp\n\xff,2025-01-01T00:00:00Z\n")

    cli.main(["replay", str(path)])

    assert "Line 2: the name of the stream is not plain UTF-8 text." in capsys.readouterr().err


def test_a_file_that_is_not_there_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status = cli.main(["replay", str(tmp_path / "none.csv")])

    assert status == 2
    assert "none.csv cannot be read (No such file or directory)." in capsys.readouterr().err


def test_django_is_not_even_loaded() -> None:
    program = "import sys; from heartbeet import replaying; print([name for name in sys.modules if 'django' in name])"

    done = subprocess.run([sys.executable, "-c", program], cwd=env.ROOT, capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"

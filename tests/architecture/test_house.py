"""The house stays as it was drawn: short functions and files, one-way imports, SQL in one place."""

import ast
import re
import statistics
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from heartbeet.settings import env

APPS = ("heartbeet", "accounts", "monitors", "alerts")
SQL_FILES = {
    "monitors/sql.py",
    "monitors/sweep_sql.py",
    "monitors/chart_sql.py",
    "monitors/rhythm_sql.py",
    "monitors/ingest/spool.py",
}
"""The spool is a SQLite file of its own, which no model describes."""
CODE = sorted(path for app in APPS for path in (env.ROOT / app).rglob("*.py") if "migrations" not in path.parts)
LONGEST_FUNCTION, LONGEST_FILE = 60, 400


def _name(path: Path) -> str:
    return path.relative_to(env.ROOT).as_posix()


def _functions(path: Path) -> list[tuple[str, int]]:
    """Each function of a file with its length in lines, decorators not counted."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [
        (f"{_name(path)}:{node.lineno} {node.name}", (node.end_lineno or node.lineno) - node.lineno + 1)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


LENGTHS = dict(found for path in CODE for found in _functions(path))


def test_no_function_is_longer_than_a_screen() -> None:
    assert {name: lines for name, lines in LENGTHS.items() if lines > LONGEST_FUNCTION} == {}


def test_functions_are_mostly_short() -> None:
    lengths = sorted(LENGTHS.values())

    median, ninetieth = statistics.median(lengths), lengths[int(len(lengths) * 0.9)]

    assert (median <= 9, ninetieth <= 35) == (True, True), f"p50 {median}, p90 {ninetieth}"


@pytest.mark.parametrize("path", CODE, ids=_name)
def test_a_file_fits_into_a_head(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_FILE


def test_sql_stands_in_its_own_files_only() -> None:
    statement = re.compile(r"[\"'](?:\s|\\n)*(?:SELECT|INSERT INTO|UPDATE|DELETE FROM|WITH|CREATE|ALTER)\s", re.S)

    found = {_name(path) for path in CODE if statement.search(path.read_text(encoding="utf-8"))}

    assert found <= SQL_FILES


def test_nobody_asks_the_clock_but_the_clock() -> None:
    asks = re.compile(r"datetime\.now\(|datetime\.utcnow\(|timezone\.now\(|time\.time\(\)")
    may = {"heartbeet/lib/clock.py", "monitors/ingest/anchor.py"}

    found = {_name(path) for path in CODE if asks.search(path.read_text(encoding="utf-8"))}

    assert found <= may


def test_below_the_interfaces_now_is_an_argument() -> None:
    """The composition root, tasks, commands, views and the operators' pages ask for the time; `sender` is given it, and
    Django itself calls `sessions` and `letters`."""
    modules = "admin|tasks|sender|sessions|letters"
    interfaces = re.compile(rf"heartbeet/|[a-z]+/(?:api|web)/|[a-z]+/(?:{modules})\.py|.*/commands/")

    asking = {_name(path) for path in CODE if re.search(r"\bclock\.now\b", path.read_text(encoding="utf-8"))}

    assert asking, "the measure looks for something that is there"
    assert {name for name in asking if not interfaces.match(name)} == set()


def test_channels_do_not_touch_the_database() -> None:
    channels = [path for path in CODE if "channels" in path.parts]

    assert channels
    assert [_name(path) for path in channels if "django.db" in path.read_text(encoding="utf-8")] == []


def test_every_module_has_its_place_between_the_apps() -> None:
    contracts = tomllib.loads((env.ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    placed = {name.strip() for layer in contracts[0]["layers"] for name in re.split(r"[:|]", layer)}

    parts = {f"{app}.{part.stem}" for app in APPS for part in (env.ROOT / app).iterdir() if _is_module(part)}

    assert parts - placed == {f"{app}.apps" for app in APPS}


def test_imports_run_one_way() -> None:
    linter = [sys.executable, "-c", "from importlinter.cli import lint_imports; raise SystemExit(lint_imports())"]
    done = subprocess.run(linter, cwd=env.ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout


def test_migrations_are_linear() -> None:
    for app in APPS[1:]:
        numbers = [path.name[:4] for path in sorted((env.ROOT / app / "migrations").glob("0*.py"))]
        assert numbers == [f"{number:04}" for number in range(1, len(numbers) + 1)], app


def _is_module(path: Path) -> bool:
    if path.name.startswith("_") or path.name == "migrations":
        return False
    return path.suffix == ".py" or (path / "__init__.py").exists()

"""The documents lead where they say, and name commands that exist."""

import re
from pathlib import Path

import pytest
from django.core.management import get_commands

from heartbeet import cli
from heartbeet.settings import env

PAGES = sorted([*env.ROOT.glob("*.md"), *(env.ROOT / "docs").rglob("*.md")])


def _name(path: Path) -> str:
    return path.relative_to(env.ROOT).as_posix()


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?://|mailto:|#)([^)#]+)", page.read_text(encoding="utf-8"))

    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_commands_exist(page: Path) -> None:
    named = re.findall(
        r"(?:`|^    (?:\S*/)?)heartbeet ([a-z]+(?:-[a-z]+)*)\b", page.read_text(encoding="utf-8"), re.MULTILINE
    )

    assert {name.replace("-", "_") for name in named} <= {*cli.COMMANDS, *get_commands(), "help"}


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_make_targets_exist(page: Path) -> None:
    named = re.findall(r"(?:`|^    )make ([a-z-]+)\b", page.read_text(encoding="utf-8"), re.MULTILINE)
    makefile = (env.ROOT / "Makefile").read_text(encoding="utf-8")

    assert [target for target in named if not re.search(rf"^{target}:", makefile, re.MULTILINE)] == []


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_settings_that_are_named_exist(page: Path) -> None:
    named = set(re.findall(r"\bHEARTBEET_([A-Z_]+[A-Z])\b", page.read_text(encoding="utf-8")))
    known = {name.upper() for name in env.Env.model_fields} | {"PARENT_PID", "TEST_DATABASE"}

    assert {name.removesuffix("_FILE") for name in named} - known == set()

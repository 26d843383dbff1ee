"""What holds for every channel."""

import ast
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from alerts import channels
from alerts.channels import base, registry
from alerts.domain.message import MessageType

KINDS = sorted(registry.CHANNELS)
FOLDER = Path(channels.__file__).parent


@pytest.mark.parametrize("kind", KINDS)
def test_a_field_it_does_not_know_is_refused_by_name(kind: str) -> None:
    with pytest.raises(base.BadConfig) as caught:
        registry.find(kind).clean({"colour": "beetroot"})

    assert caught.value.path == "colour"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("value", [7, None, ["x"], {"a": "b"}])
def test_only_text_is_accepted(kind: str, value: Any) -> None:
    field = registry.find(kind).fields[0].name

    with pytest.raises(base.BadConfig) as caught:
        registry.find(kind).clean({field: value})

    assert caught.value.path == field


@pytest.mark.parametrize("kind", KINDS)
def test_a_required_field_left_empty_is_named(kind: str) -> None:
    with pytest.raises(base.BadConfig) as caught:
        registry.find(kind).clean({})

    assert caught.value.path in {field.name for field in registry.find(kind).fields}


@pytest.mark.parametrize("kind", KINDS)
def test_it_tells_the_beginning_the_end_and_tests(kind: str) -> None:
    assert registry.find(kind).tells >= {MessageType.OPENED, MessageType.RESOLVED, MessageType.TEST}


@pytest.mark.parametrize("kind", KINDS)
def test_a_bug_in_it_is_a_failed_try_and_nothing_more(kind: str) -> None:
    broken = registry.build(kind, {})  # not one of its fields is there

    receipt, _ = base.timed(broken, None, "id", now=datetime.now(UTC))  # type: ignore[arg-type]

    assert not receipt.is_ok
    assert "The channel failed" in receipt.error


def test_an_unknown_kind_is_refused_with_the_known_ones() -> None:
    with pytest.raises(base.BadConfig, match="discord, email, msteams, slack, telegram, webhook") as caught:
        registry.find("pigeon")

    assert caught.value.path == "kind"


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.stem)
def test_channels_know_neither_each_other_nor_the_database(path: Path) -> None:
    imported = {
        node.module
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module
    }

    assert not {module for module in imported if module.startswith("django.db") or module == "alerts.models"}
    if path.stem != "registry":
        assert {module for module in imported if module.startswith("alerts.channels.")} <= {"alerts.channels.base"}

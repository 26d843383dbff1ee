"""The document of the API is whole, valid, and as it was committed."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from django.test import Client
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.validation import validate_schema

from accounts.api.codes import CODES
from heartbeet import openapi, problem
from heartbeet.management.commands import schema
from heartbeet.settings import env

ONLY_ON_PAGES = {"ALREADY_SET_UP", "FORBIDDEN", "INVITATION_CLOSED"}
DOCUMENT = openapi.document()
CALLS = {call["operationId"]: call for calls in DOCUMENT["paths"].values() for call in calls.values()}


@pytest.mark.parametrize("path", schema.generated(), ids=lambda path: path.name)
def test_what_is_generated_is_committed_as_it_is_now(path: Path) -> None:
    assert path.read_text("utf-8") == schema.generated()[path], "run `make schema`"


def test_it_is_valid_openapi_and_generated_without_a_warning() -> None:
    validate_schema(DOCUMENT)  # type: ignore[no-untyped-call]

    assert DOCUMENT["openapi"].startswith("3.1.")
    assert not GENERATOR_STATS


def test_every_call_has_a_name_of_its_own_and_words() -> None:
    names = Counter(call["operationId"] for calls in DOCUMENT["paths"].values() for call in calls.values())

    assert set(names.values()) == {1}
    assert [name for name in names if not re.fullmatch(r"[a-z][A-Za-z]+", name)] == []
    assert [name for name, call in CALLS.items() if not (call["summary"] and call["tags"])] == []


def test_every_code_of_an_error_is_documented_and_exists() -> None:
    source = Path(problem.__file__).read_text("utf-8") + (env.ROOT / "alerts/channels/base.py").read_text("utf-8")
    known = set(re.findall(r'"([A-Z]+(?:_[A-Z]+)+|INTERNAL|UNAVAILABLE)"', source)) - ONLY_ON_PAGES

    assert set(CODES) - ONLY_ON_PAGES == known


@pytest.mark.parametrize("name", [name for name, call in CALLS.items() if "requestBody" in call and call["security"]])
def test_every_body_is_closed_and_has_an_example(name: str) -> None:
    media = CALLS[name]["requestBody"]["content"]["application/json"]

    assert _component(media["schema"]["$ref"])["additionalProperties"] is False
    assert "example" in media


def test_every_example_fits_its_schema() -> None:
    wrong = {name: str(error) for name, media in _examples() if (error := _fault(media["schema"], media["example"]))}

    assert wrong == {}


def test_everyone_may_read_it(client: Client) -> None:
    answer = client.get("/api/v1/openapi.json")

    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")
    assert answer.json() == DOCUMENT


def _examples() -> Iterator[tuple[str, Any]]:
    for name, call in CALLS.items():
        for answer in [call.get("requestBody", {}), *call["responses"].values()]:
            for media in answer.get("content", {}).values():
                if "example" in media:
                    yield name, media


def _fault(shape: dict[str, Any], example: Any) -> Exception | None:
    whole = {**shape, "components": DOCUMENT["components"]}
    try:
        jsonschema_rs.Draft202012Validator(whole, validate_formats=True).validate(example)
    except jsonschema_rs.ValidationError as error:
        return error
    return None


def _component(reference: str) -> dict[str, Any]:
    found: dict[str, Any] = DOCUMENT["components"]["schemas"][reference.rpartition("/")[2]]
    return found

"""Each request that leaves, whole, as it was recorded: method, path, headers and body of everything that can be told.

The records are `examples/<kind>.json`; the pages of docs/reference/channels show one of them. After a change that is
meant, `RECORD_EXAMPLES=1 pytest tests/alerts/channels/test_examples.py` writes them anew: read the diff."""

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from alerts.channels import base, registry
from heartbeet.settings import env
from tests.alerts.channels import cast
from tests.alerts.messages import OPENED_AT, TELLINGS
from tests.receivers import HTTPReceiver, Received

EXAMPLES = Path(__file__).parent / "examples"
PAGES = env.ROOT / "docs" / "reference" / "channels"
OF_THE_CONNECTION = {"host", "connection", "accept-encoding", "content-length"}


def recorded(kind: str, told: dict[str, Any]) -> Any:
    """What the committed example says; written anew when that is asked for."""
    path = EXAMPLES / f"{kind}.json"
    if os.environ.get("RECORD_EXAMPLES"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    assert path.exists(), f"RECORD_EXAMPLES=1 pytest {Path(__file__).name} writes {path.name}"
    return json.loads(path.read_text(encoding="utf-8"))


def as_record(request: Received) -> dict[str, Any]:
    headers = {name: value for name, value in request.headers.items() if name not in OF_THE_CONNECTION}
    return {"method": request.method, "path": request.path, "headers": headers, "body": request.json()}


@pytest.mark.parametrize("kind", cast.HTTP_KINDS)
def test_what_leaves_is_what_was_recorded(
    kind: str, http_receiver: HTTPReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel = cast.ready(kind, http_receiver, monkeypatch)
    sent: dict[str, Any] = {}

    for name, make in cast.told_to(kind).items():
        before = len(http_receiver.requests)
        receipt, _ = base.timed(channel, make(), cast.DELIVERY, now=OPENED_AT)
        assert receipt.is_ok, receipt.error
        sent[name] = [as_record(request) for request in http_receiver.requests[before:]]

    assert sent == recorded(kind, sent)


@pytest.mark.parametrize("kind", cast.KINDS)
def test_its_page_shows_what_arrives(kind: str) -> None:
    """The first block of JSON is the whole body that tells of a beginning."""
    page = (PAGES / f"{kind}.md").read_text(encoding="utf-8")

    if kind in cast.HTTP_KINDS:
        [shown, *_] = re.findall(r"^```json\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
        example = json.loads((EXAMPLES / f"{kind}.json").read_text(encoding="utf-8"))
        assert json.loads(shown) == example["opened"][-1]["body"]
    for field in registry.find(kind).fields:
        assert f"`{field.name}`" in page, "a field that the page does not explain"


@pytest.mark.parametrize("kind", [kind for kind in cast.KINDS if registry.find(kind).steps])
def test_its_page_says_the_same_steps_as_the_form(kind: str) -> None:
    page = (PAGES / f"{kind}.md").read_text(encoding="utf-8")

    assert re.findall(r"^\d+\. (.*)$", page, re.MULTILINE) == list(registry.find(kind).steps)


@pytest.mark.parametrize("kind", cast.KINDS)
def test_the_index_leads_to_its_page(kind: str) -> None:
    assert f"]({kind}.md)" in (PAGES / "README.md").read_text(encoding="utf-8")


def test_everything_that_can_be_told_is_recorded() -> None:
    people, programs = cast.told_to("slack"), cast.told_to("webhook")

    assert people == TELLINGS
    assert set(TELLINGS) - set(programs) == {"storm", "notice"}

"""A model's text, against a real server on this machine: it comes piece by piece, and always to an end."""

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from heartbeet.lib import llm
from tests import servers
from tests.model_server import END, ModelServer, event


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer() as running:
        yield running


@pytest.fixture
def model(server: ModelServer) -> llm.Model:
    return llm.Model(server.url, "tiny", "secret-key", timeout_sec=10)


def told(model: llm.Model) -> tuple[str, str]:
    """What was said, and why it stopped; '' if it came to its own end."""
    said: list[str] = []
    try:
        said.extend(model.tell("Explain.", "It is silent."))
    except llm.Stopped as why:
        return "".join(said), str(why)
    return "".join(said), ""


def test_it_gets_the_text_and_what_to_do_with_it_and_nothing_else(server: ModelServer, model: llm.Model) -> None:
    assert told(model) == ("All is well.", "")

    assert server.paths == ["/v1/chat/completions"]
    assert server.requests == [
        {
            "model": "tiny",
            "stream": True,
            "messages": [{"role": "system", "content": "Explain."}, {"role": "user", "content": "It is silent."}],
        }
    ]
    [headers] = server.headers
    assert headers["authorization"] == "Bearer secret-key"
    usual = {"host", "content-type", "content-length", "accept", "accept-encoding", "user-agent"}
    assert set(headers) <= {"authorization", *usual}


def test_without_a_key_none_is_sent(server: ModelServer, model: llm.Model) -> None:
    told(replace(model, key=""))

    assert "authorization" not in server.headers[0]


def test_pieces_are_there_before_the_end(server: ModelServer, model: llm.Model) -> None:
    server.parts, server.is_endless, server.every_sec = [event("one "), event("two ")], True, 0.01

    pieces = model.tell("Explain.", "It is silent.")

    assert [next(pieces), next(pieces), next(pieces)] == ["one ", "two ", "two "]
    pieces.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("parts", "expected", "why"),
    [
        ([event("Grüße, "), event("世界"), END], ("Grüße, 世界", ""), "any script"),
        ([event("Grüße")[:60], event("Grüße")[60:], END], ("Grüße", ""), "a line comes in two pieces"),
        ([b": hello\n\nevent: x\n", event("a"), b"\r\n", END], ("a", ""), "comments, names, empty lines"),
        ([event("a", finish_reason="stop")], ("a", ""), "the last event says that it is"),
        ([event("a", finish_reason="stop"), b'data: {"choices":[],"usage":{}}\n\n'], ("a", ""), "costs come last"),
        ([b'data: {"choices":[]}\n\n', event("a"), END], ("a", ""), "filters come first"),
        ([b'{"choices":[{"message":{"content":"whole"},"finish_reason":"stop"}]}'], ("whole", ""), "no stream"),
        ([event("a\x1b[31m\x00b\u2028c"), END], ("a[31mb c", ""), "what a terminal would obey is left out"),
        ([event("a")], ("a", "The model's server ended before the text did."), "no end was said"),
        ([END], ("", "The model said nothing."), "an end at once"),
        ([event("  "), END], ("  ", "The model said nothing."), "blanks are nothing"),
        ([b'data: {"error":{"message":"key sk-1"}}\n\n'], ("", "The model's server reported an error."), "no detail"),
    ],
)
def test_streams_of_many_servers_are_read(
    server: ModelServer, model: llm.Model, parts: list[bytes], expected: tuple[str, str], why: str
) -> None:
    server.parts = parts

    assert told(model) == expected, why


@pytest.mark.parametrize(
    "parts",
    [
        [b"<html>hello</html>"],
        [b"data: {\n\n"],
        [b"data: []\n\n"],
        [b'data: {"choices": 3}\n\n'],
        [b'data: {"choices": ["x"]}\n\n'],
        [b"\xff\xfe\n"],
    ],
)
def test_garbage_is_told_plainly(server: ModelServer, model: llm.Model, parts: list[bytes]) -> None:
    server.parts = parts

    assert told(model) == (
        "",
        "What the model's server answered is not understood: HEARTBEET_LLM_URL should lead to an OpenAI API.",
    )


def test_a_line_without_end_is_not_kept(server: ModelServer, model: llm.Model) -> None:
    server.parts, server.is_endless = [b"x" * 10_000], True

    assert "not understood" in told(model)[1]


def test_an_endless_text_is_cut_by_its_size(server: ModelServer, model: llm.Model) -> None:
    server.parts, server.is_endless = [event("word " * 10)], True

    text, why = told(model)

    assert len(text) == 4000
    assert why == "Cut off here, after 4,000 characters."


def test_an_endless_stream_that_says_nothing_is_cut_by_its_size(
    server: ModelServer, model: llm.Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(llm, "MOST_BYTES", 50_000)
    server.parts, server.is_endless = [event("")], True

    assert told(model) == ("", "Cut off here: the model's server sent too much.")


def test_a_slow_text_is_cut_by_the_time_that_it_takes_in_all(server: ModelServer, model: llm.Model) -> None:
    """Each piece comes soon enough; all of them do not."""
    server.parts, server.is_endless, server.every_sec = [event("word ")], True, 0.05
    began = time.monotonic()

    text, why = told(replace(model, timeout_sec=0.5))

    assert text.startswith("word word")
    assert why == "Cut off here: the model took longer than 0.5 seconds."
    assert time.monotonic() - began < 5


def test_a_model_that_never_begins_is_not_waited_for(server: ModelServer, model: llm.Model) -> None:
    server.parts, server.every_sec = [b": thinking\n", END], 30

    assert told(replace(model, timeout_sec=0.3)) == ("", "Cut off here: the model took longer than 0.3 seconds.")


def test_a_connection_that_breaks_is_told(server: ModelServer, model: llm.Model) -> None:
    server.parts, server.is_cut = [event("half a ")], True

    assert told(model) == ("half a ", "The model's server could not be reached; what failed is in Heartbeet's log.")


@pytest.mark.parametrize("status", [302, 401, 429, 500])
def test_another_answer_than_200_is_told_without_what_it_says(
    server: ModelServer, model: llm.Model, status: int
) -> None:
    server.status, server.parts = status, [json.dumps({"error": "key sk-1234 is wrong"}).encode()]

    assert told(model) == ("", f"The model's server answered {status}.")
    assert len(server.requests) == 1


def test_nobody_there_is_told(model: llm.Model) -> None:
    nobody = replace(model, url=f"http://127.0.0.1:{servers.free_port()}/v1")

    assert told(nobody) == ("", "The model's server could not be reached; what failed is in Heartbeet's log.")


def test_the_metadata_of_a_cloud_stays_closed(model: llm.Model) -> None:
    assert "could not be reached" in told(replace(model, url="http://169.254.169.254/v1"))[1]


def test_a_few_ask_at_once_and_the_next_is_told_so(server: ModelServer, model: llm.Model) -> None:
    server.parts, server.is_endless, server.every_sec = [event("word ")], True, 0.01
    open_ones = [model.tell("Explain.", "x") for _ in range(llm.AT_ONCE)]
    for each in open_ones:
        next(each)

    refused = told(model)
    for each in open_ones:
        each.close()  # type: ignore[attr-defined]
    server.is_endless, server.parts = False, [event("free again"), END]

    assert refused == ("", "Others are asking the model just now: try again in a minute.")
    assert told(model) == ("free again", "")


def test_only_a_configured_model_exists(settings: Any) -> None:
    without = llm.configured()
    settings.HEARTBEET_LLM_URL, settings.HEARTBEET_LLM_MODEL = "http://localhost:1/v1", "tiny"

    assert without is None
    assert llm.configured() == llm.Model("http://localhost:1/v1", "tiny", "")

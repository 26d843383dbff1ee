"""The snippets of a beet: one call is one event, and nobody is harmed by a call that fails."""

import shlex
import sys
from typing import Any

import pytest

from tests.receivers import HTTPReceiver
from tests.snippets.conftest import NODE, TOKEN, job, run, texts


def beet(base: str = "https://heartbeet.example.com", **given: Any) -> dict[str, str]:
    return texts(job(base, is_beet=True, cron="", max_runtime_sec=None, **given))


def at(receiver: HTTPReceiver) -> str:
    return f"http://127.0.0.1:{receiver.port}"


def test_they_count_events_at_the_address_of_beets_and_know_no_runs() -> None:
    for text in beet().values():
        assert f"/api/v1/beet/{TOKEN}" in text
        assert "/heartbeats/" not in text
        assert "/start" not in text


def test_one_call_is_one_event(http_receiver: HTTPReceiver) -> None:
    made = beet(at(http_receiver))

    run(*shlex.split(made["curl"]))
    run(sys.executable, "-c", f"{made['python']}\ncount_event()")
    run(str(NODE), "-e", f"{made['javascript']}\ncountEvent();")

    assert [(each.method, each.path) for each in http_receiver.requests] == [("POST", f"/api/v1/beet/{TOKEN}")] * 3


def test_an_event_does_not_fail_because_it_could_not_be_counted() -> None:
    made = beet("http://127.0.0.1:9")

    python = run(sys.executable, "-c", f"{made['python']}\ncount_event()\nprint('sold')")
    node = run(str(NODE), "-e", f"{made['javascript']}\ncountEvent().then(() => console.log('sold'));")

    assert (python.stdout.strip(), node.stdout.strip()) == ("sold", "sold")


@pytest.mark.parametrize("name", ['"""\nimport os', "*/ alert(1)", "a\u2028b", "x\\"])
def test_a_name_does_not_break_out(name: str, http_receiver: HTTPReceiver) -> None:
    made = beet(at(http_receiver), name=name)

    python = run(sys.executable, "-c", f"{made['python']}\ncount_event()")
    node = run(str(NODE), "-e", f"{made['javascript']}\ncountEvent();")

    assert (python.returncode, node.returncode) == (0, 0), python.stderr + node.stderr
    assert len(http_receiver.requests) == 2


def test_where_only_post_counts_the_page_sends_a_beacon() -> None:
    assert "sendBeacon" in beet(is_post_only=True)["html-beacon"]
    assert beet()["html-beacon"].startswith("<img ")

"""What a library may do that was lent our `requests`."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_network
from types import ModuleType
from typing import Any

import pytest
import requests

from heartbeet.lib import borrowed, http
from tests import servers
from tests.receivers import Answer, HTTPReceiver, Received


@pytest.fixture
def library(settings: Any) -> Iterator[Any]:
    """A module as a library has it: it knows `requests` by that name."""
    settings.HEARTBEET_ALLOW_PRIVATE_TARGETS = [ip_network("127.0.0.0/8")]
    module = ModuleType("library")
    module.requests = requests  # type: ignore[attr-defined]
    borrowed.lend(module)
    return module


def test_what_it_posts_arrives_and_it_gets_the_answer(library: Any, http_receiver: HTTPReceiver) -> None:
    http_receiver.answer(201, b'{"made": true}', X_Id="7")

    with borrowed.conversation(5) as said:
        answer = library.requests.post(
            http_receiver.url, params={"a": "b"}, json={"c": "d"}, headers={"X-Key": "e"}, auth=("u", "p")
        )

    [request] = http_receiver.requests
    assert (request.method, request.path, request.json()) == ("POST", "/hook?a=b", {"c": "d"})
    assert (request.headers["x-key"], request.headers["authorization"]) == ("e", "Basic dTpw")
    assert (answer.status_code, answer.json(), answer.headers["X-Id"]) == (201, {"made": True}, "7")
    assert (said.answer and said.answer.status, said.trouble) == (201, None)


@pytest.mark.parametrize(
    ("data", "arrives"),
    [("text é", "text é".encode()), (b"bytes", b"bytes"), ({"form": "field"}, b"form=field"), (None, b"")],
)
def test_it_may_post_what_is_in_memory(data: Any, arrives: bytes, library: Any, http_receiver: HTTPReceiver) -> None:
    with borrowed.conversation(5):
        assert library.requests.post(http_receiver.url, data=data).ok

    assert http_receiver.requests[0].body == arrives


@pytest.mark.parametrize("name", ["get", "put", "delete", "request", "Session", "sessions", "adapters", "api"])
def test_it_can_do_nothing_else(name: str, library: Any) -> None:
    with pytest.raises(AttributeError):
        getattr(library.requests, name)


def test_nothing_is_sent_outside_of_a_conversation(library: Any, http_receiver: HTTPReceiver) -> None:
    with pytest.raises(requests.RequestException):
        library.requests.post(http_receiver.url)

    assert http_receiver.requests == []


def test_another_thread_is_outside(library: Any, http_receiver: HTTPReceiver) -> None:
    with borrowed.conversation(5), ThreadPoolExecutor(1) as threads:
        sent = threads.submit(library.requests.post, http_receiver.url)

    assert isinstance(sent.exception(), requests.RequestException)
    assert http_receiver.requests == []


def test_each_thread_has_its_own_answer(library: Any, http_receiver: HTTPReceiver) -> None:
    def ask(place: int) -> tuple[int, int]:
        with borrowed.conversation(5) as said:
            library.requests.post(http_receiver.url, data=str(place))
            assert said.answer
            return place, int(said.answer.headers["x-place"])

    http_receiver.take = _echo  # type: ignore[method-assign]
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(ask, range(32)))

    assert all(asked == answered for asked, answered in answers)


def _echo(request: Received) -> Answer:
    return Answer(200, b"", {"X-Place": request.body.decode()})


def test_a_private_address_is_not_reached(library: Any, http_receiver: HTTPReceiver, settings: Any) -> None:
    settings.HEARTBEET_ALLOW_PRIVATE_TARGETS = []

    with borrowed.conversation(5) as said, pytest.raises(requests.RequestException):
        library.requests.post(http_receiver.url, verify=False, proxies={"http": http_receiver.url})

    assert isinstance(said.trouble, http.BlockedTarget)
    assert http_receiver.requests == []


def test_a_redirect_to_a_private_address_is_not_followed(library: Any, http_receiver: HTTPReceiver) -> None:
    with HTTPReceiver() as inside:
        http_receiver.answer(307, b"", Location=inside.url)

        with borrowed.conversation(5) as said:
            answer = library.requests.post(http_receiver.url, allow_redirects=True)

        assert (answer.status_code, said.answer and said.answer.status) == (307, 307)
        assert inside.requests == []


def test_all_posts_share_one_deadline(library: Any, http_receiver: HTTPReceiver) -> None:
    http_receiver.then(200, hang_sec=0.3)
    http_receiver.answer(hang_sec=5)

    with borrowed.conversation(0.6) as said:
        library.requests.post(http_receiver.url, timeout=60)
        with pytest.raises(requests.ConnectionError):
            library.requests.post(http_receiver.url, timeout=60)
        with pytest.raises(requests.ConnectionError):
            library.requests.post(http_receiver.url, timeout=60)

    assert isinstance(said.trouble, http.Unreachable)
    assert said.trouble.trouble is http.Trouble.TIMEOUT
    assert len(http_receiver.requests) == 2, "the third found no time left, and was not sent"


def test_nobody_there_is_an_error_that_the_library_knows(library: Any) -> None:
    with borrowed.conversation(5) as said, pytest.raises(requests.ConnectionError):
        library.requests.post(f"http://127.0.0.1:{servers.free_port()}/")

    assert isinstance(said.trouble, http.Unreachable)


def test_a_file_cannot_be_streamed(library: Any, http_receiver: HTTPReceiver) -> None:
    with open(__file__, "rb") as file, borrowed.conversation(5), pytest.raises(requests.RequestException):
        library.requests.post(http_receiver.url, data=file)

    assert http_receiver.requests == []

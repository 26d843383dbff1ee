"""The only way out, against real servers on this machine. RIVALS 22."""

import re
import time
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from heartbeet.lib import http
from heartbeet.lib.addresses import Address
from tests import servers
from tests.lib import tls
from tests.lib.raw_server import RawServer
from tests.receivers import HTTPReceiver

HERE = (ip_network("127.0.0.0/8"),)
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Names:
    """A name server that gives its answers one after the other, the last one for ever."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.asked = 0

    def __call__(self, host: str, port: int) -> list[Address]:
        self.asked += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [ip_address(each) for each in answer.split()]


def post(client: http.Client, url: str) -> http.Response:
    return client.post(url, body=b'{"a": 1}', headers={"X-Test": "yes"})


def test_a_request_arrives_and_its_answer_comes_back(http_receiver: HTTPReceiver) -> None:
    http_receiver.answer(201, b"made", Retry_After="7")

    answer = post(http.Client(allowed=HERE), http_receiver.url)

    [request] = http_receiver.requests
    assert (request.method, request.path, request.body) == ("POST", "/hook", b'{"a": 1}')
    assert request.headers["x-test"] == "yes"
    assert (answer.status, answer.headers["retry-after"], answer.body) == (201, "7", b"made")


def test_a_message_can_be_changed_where_it_is(http_receiver: HTTPReceiver) -> None:
    http.Client(allowed=HERE).request("PATCH", http_receiver.url, body=b"{}", headers={})

    [request] = http_receiver.requests
    assert (request.method, request.body) == ("PATCH", b"{}")


def test_no_method_reaches_a_closed_network(http_receiver: HTTPReceiver) -> None:
    with pytest.raises(http.BlockedTarget):
        http.Client().request("PATCH", http_receiver.url, body=b"", headers={})

    assert http_receiver.requests == []


def test_the_name_asked_for_is_the_host_the_receiver_sees(http_receiver: HTTPReceiver) -> None:
    client = http.Client(allowed=HERE, resolve=Names("127.0.0.1"))

    post(client, f"http://hooks.example.com:{http_receiver.port}/x")

    [request] = http_receiver.requests
    assert request.headers["host"] == f"hooks.example.com:{http_receiver.port}"


def test_a_mapped_address_leads_where_the_kernel_takes_it(http_receiver: HTTPReceiver) -> None:
    url = f"http://[::ffff:127.0.0.1]:{http_receiver.port}/x"

    assert post(http.Client(allowed=HERE), url).status == 200
    with pytest.raises(http.BlockedTarget):
        post(http.Client(), url)


def test_without_permission_this_machine_is_out_of_reach(http_receiver: HTTPReceiver) -> None:
    client = http.Client(resolve=Names("127.0.0.1"))

    with pytest.raises(http.BlockedTarget, match=r"leads to a loopback address\. .* HEARTBEET_ALLOW"):
        post(client, f"http://hooks.example.com:{http_receiver.port}/x")

    assert http_receiver.requests == []


def test_a_rebinding_name_server_gains_nothing(http_receiver: HTTPReceiver) -> None:
    names = Names("127.0.0.2", "127.0.0.1")  # first one that may be reached, then the one behind the fence
    client = http.Client(allowed=[ip_network("127.0.0.2/32")], resolve=names)

    with pytest.raises(http.Unreachable):  # nobody listens on the checked address, and it is the one connected to
        post(client, f"http://rebind.example.com:{http_receiver.port}/x")

    assert names.asked == 1
    assert http_receiver.requests == []


def test_a_name_that_turns_private_is_refused_at_the_next_request(http_receiver: HTTPReceiver) -> None:
    client = http.Client(allowed=[ip_network("127.0.0.1/32")], resolve=Names("127.0.0.1", "10.0.0.1"))
    url = f"http://rebind.example.com:{http_receiver.port}/x"

    post(client, url)

    with pytest.raises(http.BlockedTarget):
        post(client, url)


def test_one_private_address_among_public_ones_is_enough_to_refuse() -> None:
    client = http.Client(resolve=Names("8.8.8.8 10.0.0.1"))

    with pytest.raises(http.BlockedTarget, match="leads to a private address"):
        post(client, "http://both.example.com/")


def test_where_a_name_leads_inside_is_for_the_operators_log_and_not_for_tenants(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with pytest.raises(http.BlockedTarget) as refused:
        post(http.Client(resolve=Names("10.20.30.40")), "http://inside.example.com/")

    assert "10.20.30.40" not in str(refused.value)
    assert "10.20.30.40" in caplog.text


def test_the_next_address_is_tried_when_the_first_does_not_answer(http_receiver: HTTPReceiver) -> None:
    client = http.Client(allowed=HERE, resolve=Names("127.0.0.9 127.0.0.1"))

    answer = post(client, f"http://two.example.com:{http_receiver.port}/x")

    assert answer.status == 200


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0", "[::1]", "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[fe80::1]", "localhost", "LOCALHOST.",
        "api.localhost", "①②⑦.⓪.⓪.①", "169.254.169.254", "100.100.100.200", "192.168.0.10",
    ],
)  # fmt: skip
def test_a_blocked_address_is_refused_when_the_url_is_saved(host: str) -> None:
    with pytest.raises(http.BlockedTarget):
        http.check(f"http://{host}/hook", allowed=())


@pytest.mark.parametrize(
    ("host", "advice"),
    [
        ("192.168.0.10", "by HEARTBEET_ALLOW_PRIVATE_TARGETS."),  # a network that an operator may open
        ("169.254.169.254", "Heartbeet never sends there."),  # no setting opens cloud metadata
    ],
)
def test_a_refusal_says_what_can_be_done_about_it(host: str, advice: str) -> None:
    with pytest.raises(http.BlockedTarget, match=f"{re.escape(advice)}$"):
        http.check(f"http://{host}/hook", allowed=())


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("ftp://example.com/", "another scheme"),
        ("file:///etc/passwd", "a file"),
        ("gopher://example.com/", "a scheme that can speak to Redis"),
        ("example.com/hook", "no scheme"),
        ("http://", "no host"),
        ("http:///hook", "no host"),
        ("http://user:password@example.com/", "credentials"),
        ("http://user@example.com/", "half of them"),
        ("http://public.example@127.0.0.1/", "a host hidden behind a user name"),
        ("http://example.com:99999/", "no such port"),
        ("http://example.com:0/", "no such port"),
        ("http://exa mple.com/", "a space"),
        ("http://example.com/\r\nHost: x", "a second header"),
        ("http://example.com\\@127.0.0.1/", "parsers disagree on the backslash"),
        ("http://[::1/", "a broken bracket"),
        ("http://example.com/" + "a" * 2048, "too long"),
    ],
)
def test_what_is_no_web_address_is_refused(url: str, reason: str) -> None:
    with pytest.raises(http.InvalidTarget):
        http.check(url, allowed=())


@pytest.mark.parametrize("url", ["https://example.com", "http://example.com:8080/a?b=c#d", "https://EXAMPLE.com./x"])
def test_a_public_web_address_is_fine(url: str) -> None:
    assert http.check(url, allowed=()) == "example.com"


@pytest.mark.parametrize("url", ["http://" + "a" * 64 + ".example/", "http://..example/", "http://xn--a/"])
def test_a_name_no_resolver_knows_is_an_error_of_the_name(url: str) -> None:
    with pytest.raises((http.InvalidTarget, http.Unreachable)):
        post(http.Client(resolve=no_such_name), url)


def no_such_name(host: str, port: int) -> list[Address]:
    raise OSError("no such name")


def test_a_redirect_is_not_followed(http_receiver: HTTPReceiver) -> None:
    http_receiver.answer(302, b"", Location="http://169.254.169.254/latest")

    answer = post(http.Client(allowed=HERE), http_receiver.url)

    assert answer.status == 302
    assert len(http_receiver.requests) == 1


def test_proxies_of_the_environment_are_ignored(http_receiver: HTTPReceiver, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{servers.free_port()}")

    assert post(http.Client(allowed=HERE), http_receiver.url).status == 200


def test_an_endless_body_is_read_up_to_64_kb() -> None:
    with RawServer(b"HTTP/1.1 200 OK\r\n\r\n", drip=b"x" * 100_000, every_sec=0) as server:
        answer = post(http.Client(allowed=HERE, timeout_sec=5), f"http://127.0.0.1:{server.port}/")

    assert len(answer.body) == 64 * 1024


def test_the_deadline_is_not_for_each_read_but_for_all_of_them() -> None:
    client = http.Client(allowed=HERE, timeout_sec=0.4)
    started = time.monotonic()

    with RawServer(b"HTTP/1.1 200 OK\r\n", drip=b"X: y\r\n") as server, pytest.raises(http.Unreachable) as caught:
        post(client, f"http://127.0.0.1:{server.port}/")

    assert caught.value.trouble is http.Trouble.TIMEOUT
    assert time.monotonic() - started < 4


@pytest.mark.parametrize(
    ("headers", "drip", "what"),
    [
        (b"", b"x", "a body without an end"),
        (b"Content-Length: 9000\r\n", b"x", "a body with a length"),
        (b"Transfer-Encoding: chunked\r\n", b"1\r\nx\r\n", "a chunked body"),
    ],
)
def test_a_dripping_body_is_cut_at_the_deadline_and_the_status_counts(headers: bytes, drip: bytes, what: str) -> None:
    client = http.Client(allowed=HERE, timeout_sec=0.4)
    started = time.monotonic()

    with RawServer(b"HTTP/1.1 200 OK\r\n" + headers + b"\r\n", drip=drip) as server:
        answer = post(client, f"http://127.0.0.1:{server.port}/")

    assert answer.status == 200, what
    assert set(answer.body) <= set(b"x")
    assert time.monotonic() - started < 4


def test_a_silent_receiver_is_a_timeout(http_receiver: HTTPReceiver) -> None:
    http_receiver.answer(hang_sec=30)

    with pytest.raises(http.Unreachable) as caught:
        post(http.Client(allowed=HERE, timeout_sec=0.3), http_receiver.url)

    assert caught.value.trouble is http.Trouble.TIMEOUT


def test_a_name_server_that_never_answers_is_an_error_of_the_name(http_receiver: HTTPReceiver) -> None:
    def hang(host: str, port: int) -> list[Address]:
        time.sleep(2)
        return []

    with pytest.raises(http.Unreachable) as caught:
        post(http.Client(resolve=hang, timeout_sec=0.2), "http://slow.example.com/")

    assert caught.value.trouble is http.Trouble.DNS


def test_a_closed_port_is_refused() -> None:
    with pytest.raises(http.Unreachable) as caught:
        post(http.Client(allowed=HERE), f"http://127.0.0.1:{servers.free_port()}/")

    assert caught.value.trouble is http.Trouble.REFUSED
    assert "Connection refused" in str(caught.value)


@pytest.mark.parametrize("opening", [b"SSH-2.0-OpenSSH_9.9\r\n", b"\x00" * 100, b""])
def test_what_is_no_answer_is_broken(opening: bytes) -> None:
    with RawServer(opening) as server, pytest.raises(http.Unreachable) as caught:
        post(http.Client(allowed=HERE), f"http://127.0.0.1:{server.port}/")

    assert caught.value.trouble is http.Trouble.BROKEN


def test_an_answer_whose_body_is_cut_short_is_an_answer() -> None:
    with RawServer(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nshort") as server:
        answer = post(http.Client(allowed=HERE), f"http://127.0.0.1:{server.port}/")

    assert (answer.status, answer.body) == (200, b"short")


def test_a_certificate_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    _, context = tls.make(tmp_path, "hooks.example.com")
    client = http.Client(allowed=HERE, resolve=Names("127.0.0.1"))

    with RawServer(OK, tls=context) as server, pytest.raises(http.Unreachable) as caught:
        post(client, f"https://hooks.example.com:{server.port}/")

    assert caught.value.trouble is http.Trouble.TLS
    assert "self" in str(caught.value)
    assert server.received == []


def test_a_certificate_is_checked_against_the_name_not_the_address(tmp_path: Path) -> None:
    trusted, context = tls.make(tmp_path, "hooks.example.com")
    client = http.Client(allowed=HERE, resolve=Names("127.0.0.1"), verify=str(trusted))

    with RawServer(OK, tls=context) as server:
        answer = post(client, f"https://hooks.example.com:{server.port}/")
        with pytest.raises(http.Unreachable) as caught:
            post(client, f"https://other.example.com:{server.port}/")

    assert answer.status == 200
    assert server.server_names == ["hooks.example.com", "other.example.com"]
    assert caught.value.trouble is http.Trouble.TLS


def test_an_error_never_repeats_the_path_which_may_be_a_secret() -> None:
    with pytest.raises(http.Unreachable) as caught:
        post(http.Client(allowed=HERE), f"http://127.0.0.1:{servers.free_port()}/services/T0/B0/s3cret")

    assert "s3cret" not in str(caught.value)

"""From a request to a ping, as tables."""

import pytest

from monitors.domain.status import Kind
from monitors.ingest import request
from monitors.ingest.arrival import BODY_PART, Body

TOKEN = "0123456789abcdef" * 4
PING = f"/api/v1/heartbeats/{TOKEN}"
BEET = f"/api/v1/beet/{TOKEN}"


@pytest.mark.parametrize(
    ("path", "kind", "exit_code"),
    [
        pytest.param(PING, Kind.SUCCESS, None, id="nothing more is a success"),
        pytest.param(PING + "/", Kind.SUCCESS, None, id="a trailing slash is accepted"),
        pytest.param(PING + "/start", Kind.START, None, id="start"),
        pytest.param(PING + "/fail", Kind.FAIL, None, id="fail"),
        pytest.param(PING + "/fail/", Kind.FAIL, None, id="a slash after a signal too"),
        pytest.param(PING + "/log", Kind.LOG, None, id="log"),
        pytest.param(PING + "/0", Kind.SUCCESS, 0, id="exit code zero is a success"),
        pytest.param(PING + "/-0", Kind.SUCCESS, 0, id="minus zero is zero"),
        pytest.param(PING + "/000", Kind.SUCCESS, 0, id="many zeros are zero"),
        pytest.param(PING + "/1", Kind.FAIL, 1, id="exit code one is a failure"),
        pytest.param(PING + "/+3", Kind.FAIL, 3, id="a sign is part of an integer"),
        pytest.param(PING + "/-9", Kind.FAIL, -9, id="negative, as Python reports a signal"),
        pytest.param(PING + "/3221225477", Kind.FAIL, 3221225477, id="over 255, as Windows reports a crash"),
        pytest.param(PING + "/" + "9" * 400, Kind.FAIL, 2**63 - 1, id="the biggest the database holds"),
        pytest.param(PING + "/-" + "9" * 5000, Kind.FAIL, 1 - 2**63, id="longer than Python converts at all"),
        pytest.param(BEET, Kind.SUCCESS, None, id="the beacon of the same token"),
        pytest.param(BEET + "/", Kind.SUCCESS, None, id="with a slash"),
    ],
)
def test_a_path_says_what_happened(path: str, kind: Kind, exit_code: int | None) -> None:
    assert request.parse_path(path) == request.Asked(TOKEN, kind, exit_code)


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(PING + "/stop", id="an unknown word"),
        pytest.param(PING + "/1.5", id="not an integer"),
        pytest.param(PING + "/0x1", id="not decimal"),
        pytest.param(PING + "/٣", id="a digit, but not ASCII"),
        pytest.param(PING + "/start/now", id="two words"),
        pytest.param(PING + "//", id="two slashes"),
        pytest.param(PING + "/ 1", id="a space"),
        pytest.param(BEET + "/fail", id="a beacon has no signals"),
        pytest.param(BEET + "/1", id="nor exit codes"),
    ],
)
def test_any_other_suffix_is_no_path_of_ours(path: str) -> None:
    with pytest.raises(request.NoSuchPath):
        request.parse_path(path)


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("", id="none at all"),
        pytest.param(TOKEN[:-1], id="one short"),
        pytest.param(TOKEN + "0", id="one long"),
        pytest.param(TOKEN.upper(), id="upper case is another text"),
        pytest.param("g" * 64, id="not hex"),
        pytest.param(TOKEN[:-1] + "\n", id="a line break at the end"),
        pytest.param("my-slug", id="a slug"),
    ],
)
def test_what_is_not_exactly_a_token_is_none(token: str) -> None:
    assert request.parse_path(f"/api/v1/heartbeats/{token}").token == ""


@pytest.mark.parametrize(
    ("query", "run_id"),
    [
        pytest.param(b"rid=7c9e6679-7425-40de-944b-e07fc1f90ae7", "7c9e6679-7425-40de-944b-e07fc1f90ae7", id="a UUID"),
        pytest.param(b"a=1&rid=run%2F12", "run/12", id="among others, escaped"),
        pytest.param(b"rid=" + b"x" * 64, "x" * 64, id="the longest"),
        pytest.param(b"rid=" + b"x" * 65, "", id="too long is left out"),
        pytest.param(b"rid=", "", id="empty"),
        pytest.param(b"rid=a%00b", "", id="a NUL"),
        pytest.param(b"rid=%ff%fe", "", id="not UTF-8"),
        pytest.param(b"rid=\xff", "", id="not even ASCII on the wire"),
        pytest.param(b"rid=%ed%a0%80", "", id="a lone surrogate"),
        pytest.param(b"rid=a%20b", "", id="a space"),
        pytest.param(b"grid=1", "", id="another name that ends alike"),
        pytest.param(b"", "", id="no query"),
    ],
)
def test_a_run_id_is_recorded_if_it_is_valid(query: bytes, run_id: str) -> None:
    assert request.parse_run_id(query) == run_id


@pytest.mark.parametrize(
    ("body", "value"),
    [
        pytest.param(b'{"value": 42}', 42.0, id="an integer"),
        pytest.param(b' {"value": -1.5e3}\n', -1500.0, id="a float, with space around"),
        pytest.param(b'{"value": 0}', 0.0, id="zero is a value"),
        pytest.param(b'{"value": 42, "unit": "ms"}', 42.0, id="with company"),
        pytest.param(b'{"value": true}', None, id="a boolean is no number"),
        pytest.param(b'{"value": "42"}', None, id="nor is a text"),
        pytest.param(b'{"value": NaN}', None, id="not JSON"),
        pytest.param(b'{"value": 1e999}', None, id="not finite"),
        pytest.param(b'{"value": ' + b"9" * 400 + b"}", None, id="bigger than any float"),
        pytest.param(b'{"value": null}', None, id="null"),
        pytest.param(b'{"Value": 1}', None, id="another name"),
        pytest.param(b"[1]", None, id="a list"),
        pytest.param(b"42", None, id="a bare number"),
        pytest.param(b'{"value": 42', None, id="cut off"),
        pytest.param(b'{"value": {"value": 1}}', None, id="nested"),
        pytest.param(b"{" * 100_000, None, id="nested beyond reason"),
        pytest.param(b"\xff\xfe{", None, id="binary"),
        pytest.param(b"", None, id="nothing"),
    ],
)
def test_a_value_is_a_finite_number_under_its_name(body: bytes, value: float | None) -> None:
    assert request.parse_value(body) == value


@pytest.mark.parametrize(
    ("forwarded", "proxies", "source"),
    [
        pytest.param(["203.0.113.9"], 0, "192.0.2.7", id="without a proxy the header proves nothing"),
        pytest.param(["203.0.113.9"], 1, "203.0.113.9", id="one proxy wrote one address"),
        pytest.param(["6.6.6.6, 203.0.113.9"], 1, "203.0.113.9", id="what the client wrote before is not believed"),
        pytest.param(["6.6.6.6, 203.0.113.9, 10.0.0.1"], 2, "203.0.113.9", id="two proxies, counted from the right"),
        pytest.param(["6.6.6.6", "203.0.113.9"], 1, "203.0.113.9", id="two headers are one list"),
        pytest.param([], 1, "192.0.2.7", id="no header: the one who connected"),
        pytest.param(["203.0.113.9"], 2, "192.0.2.7", id="fewer than the proxies would write: a bypass"),
        pytest.param(["unknown"], 1, "", id="RFC 7239 says unknown"),
        pytest.param(["foo, 203.0.113.9"], 1, "203.0.113.9", id="rubbish further left"),
        pytest.param(["203.0.113.9:4711"], 1, "203.0.113.9", id="with a port, as Azure writes it"),
        pytest.param(["[2001:db8::1]:443"], 1, "2001:db8::1", id="v6 with a port"),
        pytest.param(["[2001:DB8:0::1]"], 1, "2001:db8::1", id="v6 in brackets, in its shortest form"),
        pytest.param(["2001:db8::1"], 1, "2001:db8::1", id="v6 bare"),
        pytest.param(["::ffff:203.0.113.9"], 1, "203.0.113.9", id="v4 inside v6"),
        pytest.param(["fe80::1%eth0"], 1, "fe80::1", id="with a zone"),
        pytest.param([""], 1, "192.0.2.7", id="empty is none"),
        pytest.param(["x" * 10_000], 1, "", id="long rubbish"),
        pytest.param(["\xff\x00"], 1, "", id="binary rubbish"),
    ],
)
def test_the_source_is_counted_from_the_right_and_never_refuses(
    forwarded: list[str], proxies: int, source: str
) -> None:
    headers = [(b"x-forwarded-for", text.encode("latin-1")) for text in forwarded]

    assert request.client_address("192.0.2.7", headers, proxies) == source


def test_a_peer_without_an_address_has_no_source() -> None:
    assert request.client_address("", [], 0) == ""


@pytest.mark.parametrize(
    ("version", "headers", "expected"),
    [
        pytest.param("1.1", [], False, id="HTTP/1 announces a body"),
        pytest.param("1.1", [(b"content-length", b"0")], False, id="and may announce none"),
        pytest.param("1.1", [(b"content-length", b"3")], True, id="by its length"),
        pytest.param("1.1", [(b"transfer-encoding", b"chunked")], True, id="or in chunks"),
        pytest.param("2", [], True, id="HTTP/2 need not announce it"),
        pytest.param("2", [(b"content-length", b"0")], False, id="but may"),
    ],
)
def test_only_a_body_that_may_come_is_waited_for(version: str, headers: request.Headers, expected: bool) -> None:
    assert request.has_body(version, headers) is expected


@pytest.mark.parametrize(
    ("size", "head", "tail"),
    [
        pytest.param(3, 3, 0, id="a short body is all head"),
        pytest.param(BODY_PART, BODY_PART, 0, id="one part exactly"),
        pytest.param(BODY_PART + 5, BODY_PART, 5, id="the tail does not repeat the head"),
        pytest.param(BODY_PART * 5, BODY_PART, BODY_PART, id="the middle of a long one is left out"),
    ],
)
def test_head_and_tail_of_a_body_are_kept(size: int, head: int, tail: int) -> None:
    data = bytes(index % 251 for index in range(size))

    kept = Body.keep(data)

    assert (kept.head, kept.tail, kept.size) == (data[:head], data[size - tail :], size)

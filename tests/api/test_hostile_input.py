"""What nobody types by accident: values that no column holds, patterns no database takes, floods of test alerts."""

import gzip
from typing import Any

import pytest

from accounts.models import Organization
from heartbeet.lib import ratelimit
from tests import factories
from tests.api.client import API
from tests.receivers import SMTPReceiver

EMAIL = {"kind": "email", "config": {"to": "ops@example.com"}}


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"channelIds": [10**30]}, "channelIds.0"),
        ({"channelIds": [-(10**30)]}, "channelIds.0"),
        ({"intervalSec": None, "cron": f"1-{'9' * 5000} * * * *"}, "cron"),
        ({"intervalSec": None, "cron": f"{'1,' * 200}1 * * * *"}, "cron"),
        ({"intervalSec": None, "cron": "0 3 * * *", "timezone": "Z" * 70}, "timezone"),
    ],
)
def test_what_no_column_could_hold_is_a_mistake_of_theirs_and_not_of_ours(
    body: dict[str, Any], path: str, as_alice: API
) -> None:
    answer = as_alice.post("/monitors", {"name": "nightly", "intervalSec": 60, **body})

    assert (answer.status_code, answer.json()["fields"][0]["path"]) == (400, path)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("backup\nYour account is locked: https://evil.example", "a line of its own in a mail"),
        ("backup\r\nBcc: eve@example.com", "looks like a header"),
        ("backup\x1b[2J", "clears the terminal of an operator who reads mails on the console"),
        ("backup\x9b2J", "the same in one byte"),
    ],
)
def test_a_name_has_no_control_characters(name: str, reason: str, as_alice: API) -> None:
    answer = as_alice.post("/monitors", {"name": name, "intervalSec": 60})

    assert (answer.status_code, answer.json()["fields"][0]["path"]) == (400, "name"), reason


def test_a_name_may_have_a_family_in_it(as_alice: API) -> None:
    """Emoji are joined by characters that Python does not call printable."""
    assert as_alice.post("/monitors", {"name": "👨‍👩‍👧 backup", "intervalSec": 60}).status_code == 201


DEEP = b'{"a": ' * 500 + b"1" + b"}" * 500

BODIES = [
    # body, status, code, path of the first field, why
    (b'{"name": "' + b"x" * 10_000_000 + b'"}', 413, "BODY_TOO_LARGE", None, "ten megabytes"),
    (b'{"name": "x", "tags": ' + b"[" * 500 + b"]" * 500 + b"}", 400, "BAD_JSON", None, "deep enough for recursion"),
    (DEEP, 400, "BAD_JSON", None, "deep the other way"),
    (b'{"name": "x", "intervalSec": NaN}', 400, "BAD_JSON", None, "no number"),
    (b'{"name": "x", "intervalSec": 1e999}', 400, "BAD_JSON", None, "infinite in any program"),
    (b'{"name": "x", "intervalSec": 60.5}', 400, "VALIDATION_FAILED", "intervalSec", "half a second"),
    (b'{"name": "x", "intervalSec": -60}', 400, "VALIDATION_FAILED", "intervalSec", "before now"),
    (b'{"name": "x", "intervalSec": true}', 400, "VALIDATION_FAILED", "intervalSec", "Python takes it for 1"),
    (b'{"name": "\\ud800"}', 400, "BAD_JSON", None, "half a character"),
    (b'{"\\udc00": 1}', 400, "BAD_JSON", None, "half a character as a name"),
    (b'{"name": "\xed\xa0\x80"}', 400, "BAD_JSON", None, "half a character in bytes"),
    (b'{"name": "x", "name": "y"}', 400, "BAD_JSON", None, "which one counts?"),
    (b'{"n\\u0061me": "x", "name": "y"}', 400, "BAD_JSON", None, "the same, disguised"),
    (b'{"name": "a\\u0000b", "intervalSec": 60}', 400, "VALIDATION_FAILED", "name", "a NUL"),
    (b'{"name": "a", "url": "\\u0000"}', 400, "VALIDATION_FAILED", "url", "a NUL where anything goes"),
    (b'{"name": "a", "tags": ["b", "\\u0000"]}', 400, "VALIDATION_FAILED", "tags.1", "a NUL further in"),
    (b'{"a\\u0000": 1}', 400, "VALIDATION_FAILED", "", "a NUL in a name"),
    (b'{"name": {"a": 1}}', 400, "VALIDATION_FAILED", "name", "an object for a text"),
    (b'{"name": ["a"]}', 400, "VALIDATION_FAILED", "name", "a list for a text"),
    (b"\xef\xbb\xbf{}", 400, "BAD_JSON", None, "a byte order mark"),
    (b"\x00", 400, "BAD_JSON", None, "a NUL for a body"),
]


@pytest.mark.parametrize(("body", "status", "code", "path", "why"), BODIES, ids=[body[-1] for body in BODIES])
@pytest.mark.parametrize("with_key", [False, True])
def test_a_body_that_cannot_be_is_refused_in_the_shape_of_errors(
    body: bytes, status: int, code: str, path: str | None, why: str, with_key: bool, as_alice: API
) -> None:
    headers = {"Idempotency-Key": "once"} if with_key else {}

    answer = as_alice.client.generic("POST", "/api/v1/monitors", body, "application/json", headers=headers)  # type: ignore[arg-type]  # bytes too

    said = answer.json()
    assert (answer.status_code, said["code"]) == (status, code), why
    assert said.get("fields", [{"path": None}])[0]["path"] == path
    assert said["error"]


@pytest.mark.parametrize(
    ("config", "why"),
    [
        (b'{"to": "a\\u0000@example.com"}', "a NUL"),
        (b'{"to": {"a": {"b": []}}}', "an object"),
        (b'{"\\u0000": "x"}', "a NUL in a name"),
        (b'{"to": 1e400}', "no number that JSON can keep"),
        (b'{"to": "ops@example.com", "more": "x"}', "unknown"),
        (b"[]", "no object"),
    ],
)
def test_a_channels_config_is_looked_at_as_closely(config: bytes, why: str, as_alice: API) -> None:
    answer = as_alice.raw("/channels", b'{"kind": "email", "name": "ops", "config": ' + config + b"}")

    assert answer.status_code == 400, why
    assert answer.json()["code"] in ("VALIDATION_FAILED", "BAD_JSON")


@pytest.mark.parametrize(
    ("content_type", "encoding"),
    [
        ("text/json", ""),
        ("application/json; charset=latin-1", ""),
        ("application/json; charset=utf-16", ""),
        ("application/merge-patch+json", ""),
        ("application/json", "gzip"),
        ("application/json", "br"),
        (";", ""),
        ("application/json/../x", ""),
    ],
)
def test_what_is_not_plain_json_is_refused(content_type: str, encoding: str, as_alice: API) -> None:
    headers = {"Content-Encoding": encoding} if encoding else {}
    body = gzip.compress(b'{"name": "x", "intervalSec": 60}') if encoding else b'{"name": "x", "intervalSec": 60}'

    answer = as_alice.client.generic("POST", "/api/v1/monitors", body, content_type, headers=headers)  # type: ignore[arg-type]  # bytes too

    assert (answer.status_code, answer.json()["code"]) == (415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize("content_type", ["application/json;charset=UTF-8", 'application/json; charset="utf-8"'])
def test_the_right_charset_may_be_written_in_any_way(content_type: str, as_alice: API) -> None:
    assert as_alice.raw("/monitors", b'{"name": "x", "intervalSec": 60}', content_type).status_code == 201


QUERIES = [
    # query, path of the field, why
    ("limit=abc", "limit", "no number"),
    ("limit=0", "limit", "an empty page"),
    ("limit=-5", "limit", "a page backwards"),
    ("limit=201", "limit", "more than a page holds"),
    ("limit=" + "9" * 40, "limit", "more than a computer holds"),
    ("limit=%C2%B2", "limit", "a digit of another kind"),
    ("limit=1.5", "limit", "half a row"),
    ("limit=5&limit=6", "limit", "which one counts?"),
    ("cursor=x", "cursor", "no cursor of ours"),
    ("cursor=%00", "cursor", "a NUL"),
    ("q=a%00b", "q", "a NUL in text"),
    ("tag=%00", "tag", "a NUL in a tag"),
    ("a%00=1", "a", "a NUL in a name"),
    ("q=%FF", "", "not UTF-8"),
    ("q=%ED%A0%80", "", "half a character"),
    ("status=up&status=down", "status", "which one counts?"),
    ("status=", "status", "an empty word is none of the words"),
    ("q=", None, "nothing was asked"),
    ("nobody=knows&nobody=this", None, "clients add their own, such as against caches"),
    ("&&==&", None, "nothing at all"),
]


@pytest.mark.parametrize(("query", "path", "why"), QUERIES, ids=[query[-1] for query in QUERIES])
def test_a_query_that_cannot_be_is_refused(query: str, path: str | None, why: str, as_alice: API) -> None:
    answer = as_alice.client.get(f"/api/v1/monitors?{query}")

    if path is None:
        assert answer.status_code == 200, why
    else:
        assert (answer.status_code, answer.json()["code"]) == (400, "VALIDATION_FAILED"), why
        assert answer.json()["fields"][0]["path"] == path


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/monitors/-1",
        "/monitors/1%00",
        "/monitors/%FF",
        "/monitors/1/nothing",
        "/monitors//",
        "/mon\u00eftors",
    ],
)
def test_a_path_that_leads_nowhere_says_so_in_json(path: str, method: str, as_alice: API) -> None:
    answer = getattr(as_alice.client, method)(f"/api/v1{path}")

    assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")


@pytest.mark.parametrize("number", ["0", "9" * 30])
@pytest.mark.parametrize("method", ["get", "patch", "delete"])
def test_a_number_that_no_row_can_have_finds_none(number: str, method: str, as_alice: API) -> None:
    answer = getattr(as_alice.client, method)(f"/api/v1/monitors/{number}")

    assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")


@pytest.mark.parametrize(("method", "path"), [("post", "/me"), ("delete", "/monitors"), ("put", "/monitors/1")])
def test_a_method_that_a_path_does_not_have_costs_nothing(method: str, path: str, as_alice: API) -> None:
    answer = getattr(as_alice.client, method)(f"/api/v1{path}")

    assert (answer.status_code, answer.json()["code"]) == (405, "METHOD_NOT_ALLOWED")
    assert answer["X-PAT-Mut-Remaining"] == answer["X-PAT-Mut-Limit"]


def test_a_search_longer_than_any_database_takes_is_refused(as_alice: API) -> None:
    """SQLite fails on patterns from 50,000 bytes up, and we would say that the database is away."""
    answer = as_alice.get("/monitors", {"q": "x" * 60_000})

    assert (answer.status_code, answer.json()["fields"][0]["path"]) == (400, "q")


@pytest.mark.parametrize("tags", [["x" * 60_000], [f"tag-{number}" for number in range(900)]])
def test_more_tags_than_a_monitor_can_have_find_nothing(tags: list[str], as_alice: API, acme: Organization) -> None:
    factories.monitor(acme, tags=["tag-1"])

    answer = as_alice.get("/monitors", {"tag": tags})

    assert (answer.status_code, answer.json()["results"]) == (200, [])


def test_tests_are_no_way_to_flood_somebody(as_alice: API, smtp_server: SMTPReceiver, settings: Any) -> None:
    """Nor to keep all connections to the database busy while a slow receiver is waited for."""
    settings.HEARTBEET_SMTP_URL = smtp_server.url
    limit = int(ratelimit.TEST_RATE.split("/")[0])
    ids = [as_alice.post("/channels", {**EMAIL, "name": name}).json()["id"] for name in ("one", "two")]

    answers = [as_alice.post(f"/channels/{ids[number % 2]}/test") for number in range(limit + 1)]

    assert [answer.status_code for answer in answers] == [200] * limit + [429]
    assert (answers[-1].json()["code"], len(smtp_server.wait_for(limit))) == ("RATE_LIMITED", limit)

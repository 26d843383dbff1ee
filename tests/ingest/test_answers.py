"""CONTRACT §1, row by row, against a running ingest."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from accounts.domain.actor import SYSTEM
from heartbeet.lib import clock
from monitors import operations
from monitors.ingest import limiter, replies
from monitors.models import Ping, Pulse
from tests import factories
from tests.ingest.conftest import Exchange, Server
from tests.ingest.waiting import until

NOBODYS = "0123456789abcdef" * 4


@pytest.fixture
def job(transactional_db: None) -> operations.Created:
    """A monitor with its secrets, never pinged."""
    return factories.created(now=clock.now())


def heartbeat(job: operations.Created, suffix: str = "") -> str:
    return f"/api/v1/heartbeats/{job.secrets.token}{suffix}"


def beacon(job: operations.Created) -> str:
    return f"/api/v1/beet/{job.secrets.token}"


@pytest.mark.parametrize("method", ["GET", "POST", "HEAD"])
def test_a_stored_heartbeat_is_answered_204_and_empty(server: Server, job: operations.Created, method: str) -> None:
    answer = server.request(heartbeat(job), method)

    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "content-length" not in answer.headers
    assert list(Ping.objects.values_list("monitor_id", "kind", "method")) == [(job.monitor.id, "success", method)]


def test_the_token_in_the_path_is_all_that_counts(server: Server, job: operations.Created) -> None:
    somebody_elses = {"authorization": f"Bearer hb_{'x' * 43}", "cookie": "sessionid=of-another-organisation"}

    answer = server.request(heartbeat(job), headers=somebody_elses)

    assert (answer.status, Ping.objects.get().monitor_id) == (204, job.monitor.id)


@pytest.mark.parametrize("method", ["GET", "POST", "HEAD"])
def test_a_stored_beacon_is_answered_with_the_gif(server: Server, job: operations.Created, method: str) -> None:
    answer = server.request(beacon(job), method)

    assert (answer.status, answer.body) == (200, replies.GIF)
    assert answer.headers["content-type"] == "image/gif"
    assert answer.headers["x-heartbeet-recorded"] == "true"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert Ping.objects.get().kind == "success"


def test_the_gif_is_one_transparent_pixel() -> None:
    assert replies.GIF[:10] == b"GIF89a\x01\x00\x01\x00"
    assert replies.GIF[-1:] == b";"


@pytest.mark.parametrize(
    ("suffix", "kind", "exit_code"),
    [
        pytest.param("/", "success", None, id="a slash"),
        pytest.param("/start", "start", None, id="start"),
        pytest.param("/fail", "fail", None, id="fail"),
        pytest.param("/log", "log", None, id="log"),
        pytest.param("/0", "success", 0, id="exit code 0"),
        pytest.param("/3221225477/", "fail", 3221225477, id="a Windows exit code"),
        pytest.param("/-1", "fail", -1, id="a negative one"),
        pytest.param("/" + "9" * 30, "fail", 2**63 - 1, id="a huge one"),
    ],
)
def test_a_signal_is_stored_as_what_it_is(
    server: Server, job: operations.Created, suffix: str, kind: str, exit_code: int | None
) -> None:
    answer = server.request(heartbeat(job, suffix), "POST")

    assert answer.status == 204
    assert list(Ping.objects.values_list("kind", "exit_code")) == [(kind, exit_code)]


@pytest.mark.parametrize("token", [NOBODYS, NOBODYS.upper(), "short", ""])
def test_an_unknown_token_is_404_for_a_heartbeat_and_the_gif_for_a_beacon(server: Server, token: str) -> None:
    ping = server.request(f"/api/v1/heartbeats/{token}")
    image = server.request(f"/api/v1/beet/{token}")

    assert (ping.status, ping.body) == (404, b"")
    assert (image.status, image.body, image.headers["x-heartbeet-recorded"]) == (200, replies.GIF, "false")


def test_a_rotated_token_is_dead_at_once_and_the_new_one_lives(server: Server, job: operations.Created) -> None:
    server.request(heartbeat(job))

    fresh = operations.rotate_token(monitor=job.monitor, by=SYSTEM, now=clock.now())

    assert server.request(heartbeat(job)).status == 404
    assert server.request(f"/api/v1/heartbeats/{fresh.token}").status == 204
    assert Ping.objects.count() == 2


def test_a_deleted_monitor_is_unknown(server: Server, job: operations.Created) -> None:
    operations.delete(monitor=job.monitor, by=SYSTEM, now=clock.now())

    assert server.request(heartbeat(job)).status == 404


def test_the_61st_ping_in_ten_seconds_is_429_and_counted_on_the_monitor(
    server: Server, job: operations.Created
) -> None:
    answers = [server.begin(heartbeat(job)) for _ in range(limiter.LIMIT)]
    assert {each.result(20).status for each in answers} == {204}

    over, image = server.request(heartbeat(job)), server.request(beacon(job))

    assert (over.status, over.body) == (429, b"")
    assert 1 <= int(over.headers["retry-after"]) <= 10
    assert (image.status, image.body, image.headers["x-heartbeet-recorded"]) == (429, replies.GIF, "false")
    assert image.headers["retry-after"]
    until(lambda: Pulse.objects.get(monitor=job.monitor).limited_count == 2)
    assert Pulse.objects.get(monitor=job.monitor).ping_count == limiter.LIMIT


def test_a_full_queue_is_503_with_retry_after_and_the_gif_for_a_beacon(
    idle_server: Server, configure: Callable[..., None], job: operations.Created
) -> None:
    configure(ingest_queue_max=0)
    idle_server.start()

    ping, image = idle_server.request(heartbeat(job)), idle_server.request(beacon(job))

    assert (ping.status, ping.body) == (503, b"")
    assert int(ping.headers["retry-after"]) > 0
    assert (image.status, image.body, image.headers["x-heartbeet-recorded"]) == (200, replies.GIF, "false")
    assert not Ping.objects.exists()


def test_before_the_start_and_after_the_end_pings_are_refused_not_lost(
    idle_server: Server, job: operations.Created
) -> None:
    before = idle_server.request(heartbeat(job))
    idle_server.start()
    idle_server.stop()

    assert (before.status, idle_server.request(heartbeat(job)).status) == (503, 503)


@pytest.mark.parametrize("path", ["/api/v1/heartbeats/", "/api/v1/beet/"])
def test_options_answers_cors(server: Server, path: str) -> None:
    answer = server.request(path + NOBODYS, "OPTIONS", headers={"origin": "https://shop.example"})

    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-allow-methods"] == "GET, POST, HEAD, OPTIONS"
    assert answer.headers["access-control-allow-headers"] == "*"
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "PROPFIND"])
def test_any_other_method_is_405(server: Server, job: operations.Created, method: str) -> None:
    ping, image = server.request(heartbeat(job), method), server.request(beacon(job), method)

    assert (ping.status, ping.body, ping.headers["allow"]) == (405, b"", "GET, POST, HEAD, OPTIONS")
    assert (image.status, image.body, image.headers["x-heartbeet-recorded"]) == (405, replies.GIF, "false")
    assert not Ping.objects.exists()


@pytest.mark.parametrize("suffix", ["/stop", "/1.5", "/start/now", "//"])
def test_any_other_suffix_is_404(server: Server, job: operations.Created, suffix: str) -> None:
    assert server.request(heartbeat(job, suffix)).status == 404
    assert not Ping.objects.exists()


def test_a_beacon_has_no_signals_but_still_answers_with_the_gif(server: Server, job: operations.Created) -> None:
    answer = server.request(beacon(job) + "/fail")

    assert (answer.status, answer.body, answer.headers["x-heartbeet-recorded"]) == (404, replies.GIF, "false")


@pytest.mark.parametrize(("method", "kind"), [("GET", "log"), ("HEAD", "log"), ("POST", "success")])
def test_post_only_keeps_link_previews_from_faking_a_success(
    server: Server, transactional_db: None, method: str, kind: str
) -> None:
    job = factories.created(now=clock.now(), post_only=True)

    answer = server.request(heartbeat(job), method)

    assert answer.status == 204
    assert Ping.objects.get().kind == kind
    assert Pulse.objects.get().status == ("up" if kind == "success" else "new")


@pytest.mark.parametrize(
    ("body", "value", "kept"),
    [
        pytest.param(b'{"value": 42}', 42.0, None, id="a value is a value and no log"),
        pytest.param(b'{"value": 42, "note": "x"}', 42.0, b'{"value": 42, "note": "x"}', id="with more: both"),
        pytest.param(b'{"value": NaN}', None, b'{"value": NaN}', id="not a number: the log"),
        pytest.param(b"backup of 3 GB done\n", None, b"backup of 3 GB done\n", id="text"),
        pytest.param(b"\x00\xff\xfe binary \x00", None, b"\x00\xff\xfe binary \x00", id="binary, with NULs"),
        pytest.param("ü".encode()[:1], None, b"\xc3", id="cut inside a character"),
        pytest.param(b"", None, None, id="nothing"),
    ],
)
def test_a_body_is_a_value_or_the_log_and_never_refused(
    server: Server, job: operations.Created, body: bytes, value: float | None, kept: bytes | None
) -> None:
    answer = server.request(heartbeat(job), "POST", body=body)

    row = Ping.objects.get()
    assert answer.status == 204
    assert (row.value, row.body_head and bytes(row.body_head)) == (value, kept)
    assert row.body_size == (len(body) if kept else 0)


def test_of_a_huge_body_head_and_tail_are_kept(server: Server, job: operations.Created) -> None:
    parts = [bytes([number % 256]) * 65536 for number in range(48)]

    answer = server.request(heartbeat(job), "POST", exchange=Exchange(parts))

    row = Ping.objects.get()
    assert answer.status == 204
    assert bytes(row.body_head or b"") == b"\x00" * 8192
    assert bytes(row.body_tail or b"") == b"\x0f" * 8192
    assert row.body_size == 1024 * 1024


def test_a_client_that_hangs_up_inside_its_body_has_pinged(server: Server, job: operations.Created) -> None:
    server.request(heartbeat(job), "POST", exchange=Exchange([b"half a l"], hangs_up=True))

    assert bytes(Ping.objects.get().body_head or b"") == b"half a l"


def test_a_client_that_sends_its_body_too_slowly_has_pinged(
    server: Server, job: operations.Created, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitors.ingest.app.BODY_SEC", 0.05)

    answer = server.request(heartbeat(job), "POST", exchange=Exchange([b"and then"], stays_open=True))

    assert answer.status == 204
    assert bytes(Ping.objects.get().body_head or b"") == b"and then"


@pytest.mark.parametrize("forwarded", ["unknown", "[2001:db8::1]:443", "foo, 1.2.3.4", "\x00", "x" * 5000])
def test_a_strange_forwarded_header_never_costs_a_ping(
    idle_server: Server, configure: Callable[..., None], job: operations.Created, forwarded: str
) -> None:
    configure(trusted_proxies=1)
    idle_server.start()

    answer = idle_server.request(heartbeat(job), headers={"x-forwarded-for": forwarded})

    assert answer.status == 204
    assert Ping.objects.count() == 1


@pytest.mark.parametrize("query", ["rid=" + "x" * 500, "rid=%00", "rid=%ff", "rid=a&rid=b", "&&=&", "%"])
def test_a_bad_run_id_never_costs_a_ping(server: Server, job: operations.Created, query: str) -> None:
    answer = server.request(heartbeat(job, "/start?" + query))

    assert answer.status == 204
    assert Ping.objects.get().kind == "start"


def test_a_ping_keeps_where_it_came_from_and_when(server: Server, job: operations.Created) -> None:
    before = clock.now() - timedelta(seconds=1)

    server.request(heartbeat(job, "/start?rid=run-7"), "POST", peer=("2001:db8::7", 99))

    row = Ping.objects.get()
    assert (row.source, row.run_id) == ("2001:db8::7", "run-7")
    assert before <= row.received_at <= clock.now() + timedelta(seconds=1)


def test_a_request_without_a_peer_is_recorded(server: Server, job: operations.Created) -> None:
    assert server.request(heartbeat(job), peer=None).status == 204
    assert Ping.objects.get().source == ""


def test_an_error_of_ours_never_shows_on_a_page(
    server: Server, job: operations.Created, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitors.ingest.request.client_address", lambda *given: 1 / 0)

    image, ping = server.request(beacon(job)), server.request(heartbeat(job))

    assert (image.status, image.body, image.headers["x-heartbeet-recorded"]) == (200, replies.GIF, "false")
    assert (ping.status, ping.body) == (503, b"")

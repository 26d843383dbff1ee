"""Every answer carries what a browser is to forbid, whoever wrote the answer; tried on what the server calls."""

import asyncio
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from heartbeet import asgi
from heartbeet.lib import bodies, headers
from heartbeet.settings import env

pytestmark = pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume synchronous iterators")  # asgi.py

ALWAYS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "permissions-policy": headers.PERMISSIONS_POLICY,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
    "cross-origin-resource-policy": "same-origin",
}


class Answer:
    """What came back for one request."""

    def __init__(self, sent: list[dict[str, Any]]) -> None:
        self.status: int = sent[0]["status"]
        self.pairs = [(name.decode().lower(), value.decode()) for name, value in sent[0]["headers"]]
        self.headers = dict(self.pairs)
        self.body = b"".join(message.get("body", b"") for message in sent[1:])


def _ask(path: str, method: str = "GET", app: Any = asgi.application, host: str = "testserver", **given: str) -> Answer:
    """One request, on a thread of its own: the browser's tests leave a loop running in this one."""
    with ThreadPoolExecutor(1) as thread:
        return Answer(thread.submit(asyncio.run, _exchange(app, path, method, {"host": host, **given})).result())


async def _exchange(app: Any, path: str, method: str, given: dict[str, str]) -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = []
    body = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> dict[str, Any]:
        if body:
            return body.pop()
        await asyncio.sleep(60)
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "path": path,
        "raw_path": path.encode(), "query_string": b"", "root_path": "", "scheme": "http",
        "client": ("127.0.0.1", 50_000), "server": ("127.0.0.1", 8000),
        "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in given.items()],
    }  # fmt: skip
    await app(scope, receive, send)
    return sent


KINDS = [
    pytest.param("/sign-in", {}, 200, id="a page"),
    pytest.param("/", {}, 302, id="a redirect to another page"),
    pytest.param("/absent", {}, 404, id="an error page"),
    pytest.param("/", {"method": "POST"}, 403, id="a form without its token"),
    pytest.param("/static/css/base.css", {}, 200, id="a style"),
    pytest.param("/static/absent.css", {}, 404, id="no style"),
    pytest.param("/api/v1/monitors", {}, 401, id="the API without a token"),
    pytest.param("/api/v1/absent", {}, 404, id="the API's not found"),
    pytest.param("/api/v1/monitors", {"method": "PUT"}, 401, id="a method the API does not have"),
    pytest.param("/api/v1/monitors", {"method": "POST", "content_length": "9" * 12}, 413, id="refused before Django"),
    pytest.param("/health/live", {}, 200, id="a probe"),
    pytest.param("/health/live", {"app": asgi.ingest}, 200, id="a probe of a process without pages"),
    pytest.param("/absent", {"app": asgi.ingest}, 404, id="nothing there in a process without pages"),
    pytest.param("/metrics", {}, 200, id="figures"),
]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("path", "given", "status"), KINDS)
def test_every_answer_forbids_what_we_do_not_use(path: str, given: dict[str, Any], status: int) -> None:
    answer = _ask(path, **given)

    assert answer.status == status
    assert {name: answer.headers.get(name) for name in ALWAYS} == ALWAYS
    assert "unsafe-" not in answer.headers["content-security-policy"]
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("path", "given", "status"), KINDS)
def test_no_header_is_there_twice_and_none_tells_what_we_run_on(path: str, given: dict[str, Any], status: int) -> None:
    answer = _ask(path, **given)

    names = [name for name, _ in answer.pairs if name != "set-cookie"]
    assert len(names) == len(set(names))
    assert (answer.headers["server"], "x-powered-by" in names) == ("Heartbeet", False)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("path", ["/api/v1/monitors", "/api/v1/absent", "/sign-in", "/health/live", "/"])
def test_no_cache_keeps_an_answer(path: str) -> None:
    assert "no-store" in _ask(path).headers["cache-control"]


def test_styles_may_be_kept() -> None:
    assert "no-store" not in _ask("/static/css/base.css").headers["cache-control"]


@pytest.mark.parametrize("path", [f"/api/v1/heartbeats/{'0' * 64}", f"/api/v1/beet/{'0' * 64}"])
def test_a_ping_url_may_be_embedded_anywhere_and_guessed_as_nothing_else(path: str) -> None:
    answer = _ask(path)

    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert answer.headers["server"] == "Heartbeet"
    assert answer.headers["cache-control"] == "no-store"


def test_over_https_a_browser_is_told_to_stay_there() -> None:
    app = headers.secured(bodies.limited(asgi.application), is_https=True)

    answer = _ask("/sign-in", app=app, content_length="9" * 12)

    assert answer.headers["strict-transport-security"] == "max-age=31536000"
    assert "strict-transport-security" not in _ask("/sign-in", content_length="9" * 12).headers


# Names in the Host header


@pytest.mark.django_db(transaction=True)
def test_a_name_that_is_not_ours_is_refused_and_what_is_asked_by_address_is_not(settings: Any) -> None:
    settings.ALLOWED_HOSTS = env.Env(site_url="https://heartbeet.example.org").allowed_names

    page, api = (_ask(path, host="evil.example") for path in ("/sign-in", "/api/v1/monitors"))
    probes = [_ask(path, host="10.1.2.3:8000").status for path in ("/health/live", "/metrics")]

    assert (page.status, b"HEARTBEET_ALLOWED_HOSTS" in page.body) == (400, True)
    assert (api.status, json.loads(api.body)["code"]) == (400, "HOST_NOT_ALLOWED")
    assert probes == [200, 200]
    assert _ask("/sign-in", host="heartbeet.example.org").status == 200


@pytest.mark.parametrize(
    ("given", "names"),
    [
        pytest.param({}, ["*"], id="nobody has said what it is called"),
        pytest.param({"site_url": "https://Heartbeet.example.org:8443"}, ["heartbeet.example.org"], id="its name"),
        pytest.param({"site_url": "http://[2001:db8::1]:8000"}, ["[2001:db8::1]"], id="an address"),
        pytest.param({"site_url": "https://[bad"}, ["*"], id="the checks say what is wrong"),
    ],
)
def test_pages_answer_to_the_name_of_the_site(given: dict[str, str], names: list[str]) -> None:
    assert env.Env(**given).allowed_names == [*names, *env.LOOPBACK]  # type: ignore[arg-type]


def test_other_names_are_a_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEARTBEET_ALLOWED_HOSTS", "heartbeet.internal, Other.example")

    assert env.load().allowed_names[-2:] == ["heartbeet.internal", "other.example"]


# Production


def _production(tmp_path: Path, *command: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("HEARTBEET_", "DJANGO_"))}
    given = {
        "HEARTBEET_DATABASE_URL": "postgresql://heartbeet:x@127.0.0.1:1/heartbeet",
        "HEARTBEET_REDIS_URL": "redis://127.0.0.1:1/0",
        "HEARTBEET_SITE_URL": "https://heartbeet.example.org",
        "HEARTBEET_SECRET_KEY": env.make_secret_key(),
        "HEARTBEET_ENCRYPTION_KEYS": env.make_encryption_key(),
        "HEARTBEET_TRUSTED_PROXIES": "1",
        "HEARTBEET_DATA": str(tmp_path),
    }
    return subprocess.run(
        [sys.executable, *command], env={**clean, **given}, cwd=env.ROOT, capture_output=True, text=True, check=False,
        timeout=60,
    )  # fmt: skip


def test_djangos_own_check_of_a_deployment_finds_nothing(tmp_path: Path) -> None:
    done = _production(tmp_path, "-m", "heartbeet.cli", "check", "--deploy", "--fail-level", "WARNING")

    assert (done.returncode, done.stderr) == (0, "")
    assert "no issues" in done.stdout


def test_cookies_over_https_belong_to_this_host_alone(tmp_path: Path) -> None:
    names = ("SESSION_COOKIE_NAME", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_NAME", "CSRF_COOKIE_SECURE")
    show = f"from heartbeet.settings import production; print(*(getattr(production, name) for name in {names}))"

    done = _production(tmp_path, "-c", show)

    assert done.stdout.split() == ["__Host-session", "True", "__Host-csrf", "True"]

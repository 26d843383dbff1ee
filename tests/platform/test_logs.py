"""No token, no secret and no path of a ping URL ever stands in a log line, whoever wrote it and however it failed."""

import io
import json
import logging
import logging.config
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog

from accounts import operations
from accounts.models import AccessToken
from heartbeet.lib import logs, smtp
from heartbeet.settings.env import Env

TOKEN = "8f" * 32
PAT = "hb_" + "aB3-_" * 8 + "xyz"


@pytest.fixture(params=["json", "console"])
def written(request: pytest.FixtureRequest) -> Iterator[Callable[[], str]]:
    """Logging set up as in a process of ours; what it has written so far."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    configuration = logs.configure(level="INFO", style=request.param)
    formatter = configuration["formatters"]["lines"]
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        logs.RedactingFormatter(processors=formatter["processors"], foreign_pre_chain=formatter["foreign_pre_chain"])
    )
    root.handlers, root.level = [handler], logging.INFO
    yield stream.getvalue
    root.handlers, root.level = handlers, level


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        pytest.param(f"GET /api/v1/heartbeats/{TOKEN}/start", TOKEN, id="a ping URL"),
        pytest.param("GET /api/v1/beet/short?rid=1", "short", id="the path of a beacon, whatever its length"),
        pytest.param(f"HEAD https://x.example/api/v1/heartbeats/{TOKEN}", TOKEN, id="a whole ping URL"),
        pytest.param(f"token {TOKEN} is unknown", TOKEN, id="a bare ingestion token"),
        pytest.param(f"using {PAT}", PAT, id="an access token"),
        pytest.param("Authorization: Bearer abcdefgh12345678", "abcdefgh12345678", id="any bearer"),
        pytest.param("smtp://me:hunter22@mail.example:587 refused", "hunter22", id="a password in a URL"),
        pytest.param("postgresql://u:p%40ss@db/x", "p%40ss", id="a database password"),
        pytest.param("open /setup?code=abc-123 once", "abc-123", id="the setup link"),
        pytest.param("GET /forgot-password/1-dignzo-c9b0", "dignzo", id="the link that sets a new password"),
        pytest.param("GET /confirm-e-mail/Mg:1vMx:Zk3", "1vMx", id="the link that confirms an address"),
        pytest.param("GET /invitations/7-0a1b.Zk3/switch", "0a1b", id="the link of an invitation"),
        pytest.param("GET /feed/aB3-_aB3.atom HTTP/1.1", "aB3-_aB3", id="the address of a feed, whatever its length"),
        pytest.param("POST https://hooks.slack.com/services/T0/B0/xyz", "T0/B0/xyz", id="a Slack webhook"),
    ],
)
def test_a_secret_in_a_text_is_redacted(written: Callable[[], str], text: str, secret: str) -> None:
    logging.getLogger("some.library").warning(text)
    structlog.get_logger("ours").warning("event", detail=text)

    assert secret not in written()
    assert written().count(logs.REDACTED) == 2


@pytest.mark.parametrize(
    "name", ["token", "secret_key", "smtp_password", "Authorization", "api_key", "heartbeatToken", "set_cookie"]
)
def test_a_value_under_a_telling_name_is_redacted(written: Callable[[], str], name: str) -> None:
    structlog.get_logger("ours").warning("event", **{name: "plain-words", "nested": {name: "plain-words"}})

    assert "plain-words" not in written()


def test_a_traceback_is_redacted_too(written: Callable[[], str]) -> None:
    try:
        raise ValueError(f"bad {TOKEN}")
    except ValueError:
        structlog.get_logger("ours").exception("failed")
        logging.getLogger("theirs").exception("failed")

    assert written().count("ValueError") >= 2
    assert TOKEN not in written()


def test_a_line_as_long_as_a_stranger_likes_costs_no_more_than_its_length() -> None:
    """The path of a 404 is in the log. A search that starts anew at each letter takes minutes for this one, and holds
    the interpreter, pings included."""
    line = "Not Found: /" + "a" * 300_000 + " smtp://me:hunter22@mail.example"
    started = time.process_time()

    redacted = logs.redact_text(line)

    assert "hunter22" not in redacted
    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    "holder",
    [
        Env(secret_key="hunter2hunter2", encryption_keys="k:hunter2", admin_password="hunter2", data=Path("x")),
        Env(database_url="postgresql://u:hunter2@h/d", redis_url="redis://:hunter2@h", smtp_url="smtp://u:hunter2@h"),
        smtp.Relay("mail.example", 587, False, "me", "hunter2"),
        operations.Minted(AccessToken(name="x", prefix="hb_x"), "hb_hunter2"),
    ],
)
def test_what_holds_a_secret_does_not_show_it(holder: object) -> None:
    """Wherever it may be printed: by a debugger, a reporter of errors, a hasty line of log."""
    assert "hunter2" not in repr(holder) + str(holder)


def test_counts_and_ids_stay_readable(written: Callable[[], str]) -> None:
    structlog.get_logger("ours").info("batch.stored", pings=12, unknown_tokens=3, monitor_id=17)

    assert logs.REDACTED not in written()


def test_json_lines_are_json() -> None:
    configuration = logs.configure(level="INFO", style="json")["formatters"]["lines"]
    formatter = logs.RedactingFormatter(
        processors=configuration["processors"], foreign_pre_chain=configuration["foreign_pre_chain"]
    )
    record = logging.LogRecord("theirs", logging.WARNING, __file__, 1, f'token {TOKEN} "x"', None, None)

    line = json.loads(formatter.format(record))

    assert (line["event"], line["level"]) == (f'token {logs.REDACTED} "x"', "warning")

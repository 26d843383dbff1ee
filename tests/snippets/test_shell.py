"""curl, crontab and systemd: run by a shell, a crontab line as cron hands it over, a unit as systemd reads it."""

import os
import re
import shlex
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from monitors.domain.status import Kind
from monitors.web import snippets
from tests import servers
from tests.chaos.installation import until
from tests.receivers import HTTPReceiver
from tests.snippets.conftest import Made, Told, job, run, texts, told

pytestmark = [pytest.mark.sqlite, pytest.mark.usefixtures("curl")]


def test_curl_pings(made: Made, http_receiver: HTTPReceiver) -> None:
    done = run("sh", "-c", made()["curl"])

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert told(http_receiver) == [Told(Kind.SUCCESS, None, "", "")]


def test_curl_tries_again_what_could_not_be_stored(made: Made, http_receiver: HTTPReceiver) -> None:
    http_receiver.then(503, Retry_After="0")

    done = run("sh", "-c", made()["curl"])

    assert done.returncode == 0
    assert [each.kind for each in told(http_receiver)] == [Kind.SUCCESS] * 2


def test_a_masked_url_is_one_word_and_redirects_nothing() -> None:
    masked = job(ping_url="https://heartbeet.example.com/api/v1/heartbeats/<token>")

    words = shlex.split(texts(masked)["curl"])

    assert words[-1] == masked.ping_url


def command_of(crontab: str, job_command: str) -> str:
    """What cron hands to the shell: the line without comment and schedule, with `\\%` for a percent sign."""
    (line,) = [line for line in crontab.splitlines() if not line.startswith("#")]
    command = re.fullmatch(r"(?:\S+ ){5}(.*)", line)
    assert command, line
    assert not re.search(r"(?<!\\)%", command[1])
    return command[1].replace("\\%", "%").replace("/path/to/job", job_command)


@pytest.mark.parametrize(("code", "kind"), [(0, Kind.SUCCESS), (3, Kind.FAIL)])
def test_a_crontab_line_tells_the_start_and_the_exit_code(
    made: Made, http_receiver: HTTPReceiver, code: int, kind: Kind
) -> None:
    run("sh", "-c", command_of(made()["crontab"], f"(exit {code})"))

    assert told(http_receiver) == [Told(Kind.START, None, "", ""), Told(kind, code, "", "")]


def test_a_crontab_line_runs_its_job_though_nobody_listens(tmp_path: Path) -> None:
    here = job(f"http://127.0.0.1:{servers.free_port()}")
    command = command_of(texts(here)["crontab"], f"touch {tmp_path}/ran")

    with subprocess.Popen(["sh", "-c", command], stderr=subprocess.DEVNULL, start_new_session=True) as process:
        until((tmp_path / "ran").exists)
        os.killpg(process.pid, signal.SIGKILL)  # it goes on trying to tell


def test_a_crontab_line_runs_its_job_though_we_hang(made: Made, http_receiver: HTTPReceiver, tmp_path: Path) -> None:
    http_receiver.then(hang_sec=60)
    command = command_of(made()["crontab"], f"touch {tmp_path}/ran").replace("-m 5 ", "-m 0.2 ")

    run("sh", "-c", command)

    assert (tmp_path / "ran").exists()
    assert [each.kind for each in told(http_receiver)] == [Kind.START, Kind.SUCCESS]


def test_a_percent_sign_does_not_end_a_crontab_line() -> None:
    line = texts(job(ping_url="https://example.com/a%20b"))["crontab"]

    assert r"u=https://example.com/a\%20b;" in line


@pytest.mark.parametrize(
    ("given", "schedule"),
    [
        ({"cron": "30 3 * * *"}, "30 3 * * *"),
        ({"cron": "0 9 * * 5-7"}, "0 9 * * 0,5,6"),
        ({"cron": "", "interval_sec": 300}, "*/5 * * * *"),
        ({"cron": "", "interval_sec": None}, "* * * * *"),  # a beet: it has no schedule
    ],
)
def test_a_crontab_line_has_the_schedule(given: dict[str, Any], schedule: str) -> None:
    line = texts(job(**given))["crontab"].splitlines()[1]

    assert line.startswith(f"{schedule} u=")


def note(key: str, **given: Any) -> str:
    return next(snippet.note for snippet in snippets.of(job(**given)) if snippet.key == key)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "this line is meant for Europe/Berlin."),
        ({"cron": "0 9 L * *"}, "Cron knows neither L nor #: choose days that it knows, or use systemd."),
        ({"cron": "", "interval_sec": 420}, "Cron has no such interval: this is the next shorter one."),
        ({"cron": "", "interval_sec": 5}, "Cron runs once a minute at most: for this interval, use systemd."),
        ({"cron": "", "interval_sec": 3600}, "runs have a duration."),
        ({"cron": "*/5 * * * *"}, "runs have a duration."),  # the same in every zone
    ],
)
def test_a_crontab_says_what_it_cannot_do(given: dict[str, Any], said: str) -> None:
    assert note("crontab", **given).endswith(said)


def unit(text: str) -> dict[str, list[str]]:
    """A unit's settings, each with its values in order, and with lines that go on put together."""
    lines = re.sub(r"\\\n", " ", text).splitlines()
    found: dict[str, list[str]] = {}
    for line in lines:
        if line and line[0] not in "#[":
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


def as_systemd(line: str, **environ: str) -> list[str]:
    """The words of an Exec line: without its `-`, with variables where systemd itself sets them in, `$$` for `$`."""
    assert line.startswith("-"), "a failure of ours must not be one of the job"
    assert "%" not in line
    words = shlex.split(line[1:])
    return [re.sub(r"\$\$|\$\{(\w+)\}", lambda found: environ[found[1]] if found[1] else "$", word) for word in words]


RUN = "4f6c9b1d0e3a4f0f9a5b6c7d8e9f0a1b"
ENDS = [
    ("success", "exited", "0", Kind.SUCCESS),
    ("success", "exited", "75", Kind.SUCCESS),  # SuccessExitStatus=75
    ("exit-code", "exited", "3", Kind.FAIL),
    ("timeout", "exited", "0", Kind.FAIL),  # ended well, but by us and too late
    ("timeout", "killed", "TERM", Kind.FAIL),
    ("oom-kill", "killed", "KILL", Kind.FAIL),
    ("start-limit-hit", "", "", Kind.FAIL),  # there was no process that could end
]


@pytest.mark.parametrize(("result", "how", "status", "kind"), ENDS)
def test_a_service_tells_its_start_and_whatever_ended_it(
    made: Made, http_receiver: HTTPReceiver, result: str, how: str, status: str, kind: Kind
) -> None:
    files = made()
    url = files["systemd-url"].removeprefix("PING_URL=")
    service = unit(files["systemd-service"])
    environ = {"PING_URL": url, "INVOCATION_ID": RUN}
    ended = {**environ, "SERVICE_RESULT": result, "EXIT_CODE": how, "EXIT_STATUS": status}

    first = as_systemd(service["ExecStartPre"][0], **environ)
    run(Path(first[0]).name, *first[1:], **environ)
    run(*as_systemd(service["ExecStopPost"][0], **ended), **ended)

    assert first[0] == "/usr/bin/curl"
    assert told(http_receiver) == [
        Told(Kind.START, None, RUN, ""),
        Told(kind, None, RUN, f"{result}: {how} {status}"),
    ]


def test_a_service_starts_without_its_url() -> None:
    service = unit(texts(job())["systemd-service"])

    assert service["EnvironmentFile"] == ["-/etc/heartbeet/nightly-backup.env"]
    assert service["Type"] == ["oneshot"]
    assert "TimeoutStartSec" not in service  # whether a run is ended is not ours to say


@pytest.mark.parametrize(
    ("given", "timer"),
    [
        ({}, {"OnCalendar": ["*-*-* 03:30:00 Europe/Berlin"], "Persistent": ["true"]}),
        (
            {"cron": "0 9 13 * 5", "timezone": "UTC"},
            {"OnCalendar": ["*-*-13 09:00:00 UTC", "Fri *-*-* 09:00:00 UTC"], "Persistent": ["true"]},
        ),
        ({"cron": "", "interval_sec": 45}, {"OnBootSec": ["1min"], "OnUnitActiveSec": ["45"]}),
    ],
)
def test_a_timer_has_the_schedule_to_the_second(given: dict[str, Any], timer: dict[str, list[str]]) -> None:
    settings = unit(texts(job(**given))["systemd-timer"])

    assert settings == {
        "Description": ["Runs nightly backup"],
        **timer,
        "AccuracySec": ["1s"],
        "WantedBy": ["timers.target"],
    }


def test_a_timer_that_systemd_has_no_words_for_says_so_and_is_refused() -> None:
    timer = texts(job(cron="0 9 LW * *"))["systemd-timer"]

    assert "# systemd has no words for 0 9 LW * *: add an OnCalendar=" in timer
    assert "OnCalendar" not in unit(timer)

"""GitHub Actions and Kubernetes: the YAML is read, and the commands in it are run."""

import shlex
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from monitors.domain.status import Kind
from tests.chaos.installation import until
from tests.receivers import HTTPReceiver
from tests.snippets.conftest import TOKEN, Made, Told, job, run, texts, told

pytestmark = pytest.mark.sqlite

GITHUB = {
    "GITHUB_RUN_ID": "1234",
    "GITHUB_RUN_ATTEMPT": "2",
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_REPOSITORY": "acme/shop",
}


def workflow(**given: Any) -> Any:
    """The workflow, with the key `on`, which YAML 1.1 takes for true, under its name."""
    read = yaml.safe_load(texts(job(**given))["github-workflow"])
    return {"on" if key is True else key: value for key, value in read.items()}


def steps(text: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load(text)["jobs"]["job"]["steps"]
    return found


def test_a_workflow_runs_when_the_monitor_expects_it() -> None:
    assert workflow()["on"] == {
        "schedule": [{"cron": "30 3 * * *", "timezone": "Europe/Berlin"}],
        "workflow_dispatch": None,
    }
    assert workflow(timezone="UTC")["on"]["schedule"] == [{"cron": "30 3 * * *"}]  # which is GitHub's own
    assert workflow(cron="", interval_sec=7200)["on"]["schedule"] == [{"cron": "0 */2 * * *"}]
    assert workflow(cron="", interval_sec=30)["on"]["schedule"] == [{"cron": "*/5 * * * *"}]  # it has nothing shorter


def test_a_workflow_that_hangs_is_ended_by_who_wants_that() -> None:
    text = texts(job(max_runtime_sec=1801))["github-workflow"]

    assert "\n    # Heartbeet tells you of a run that hangs; to end it as well: timeout-minutes: 31\n" in text
    assert "timeout-minutes" not in yaml.safe_load(text)["jobs"]["job"]
    assert "timeout-minutes" not in texts(job(max_runtime_sec=None))["github-workflow"]


def test_the_steps_of_a_workflow_that_tell_us_fail_nothing_and_run_always() -> None:
    first, middle, last = steps(texts(job())["github-workflow"])

    assert (first["continue-on-error"], last["continue-on-error"]) == (True, True)
    assert (middle, last["if"]) == ({"name": "The job", "run": "/path/to/job"}, "always()")
    assert first["env"] == {"PING_URL": "${{ secrets.PING_URL }}"}
    assert last["env"] == {
        "PING_URL": "${{ secrets.PING_URL }}",
        "END": "${{ job.status == 'success' && '0' || 'fail' }}",
        "STATUS": "${{ job.status }}",
    }


@pytest.mark.usefixtures("curl")
@pytest.mark.parametrize(
    ("status", "end", "kind", "code"),
    [("success", "0", Kind.SUCCESS, 0), ("failure", "fail", Kind.FAIL, None), ("cancelled", "fail", Kind.FAIL, None)],
)
def test_a_workflow_tells_its_start_its_end_and_where_to_read_more(
    made: Made, http_receiver: HTTPReceiver, status: str, end: str, kind: Kind, code: int | None
) -> None:
    first, _, last = steps(made()["github-workflow"])
    environ = {**GITHUB, "PING_URL": job(f"http://127.0.0.1:{http_receiver.port}").ping_url}

    began = run("bash", "-e", "-c", first["run"], **environ)
    ended = run("bash", "-e", "-c", last["run"], **environ, END=end, STATUS=status)

    more = f"{status}: https://github.com/acme/shop/actions/runs/1234"
    assert (began.returncode, ended.returncode) == (0, 0)
    assert told(http_receiver) == [Told(Kind.START, None, "1234-2", ""), Told(kind, code, "1234-2", more)]


@pytest.mark.parametrize(
    ("given", "schedule", "zone"),
    [
        ({}, "30 3 * * *", "Europe/Berlin"),
        ({"cron": "0 6 * * MON-FRI", "timezone": "UTC"}, "0 6 * * 1-5", "UTC"),
        ({"cron": "5/20 * * * 7"}, "5,25,45 * * * 0", "Europe/Berlin"),
        ({"cron": "", "interval_sec": 86_400}, "0 0 * * *", "Etc/UTC"),
    ],
)
def test_a_cronjob_runs_when_the_monitor_expects_it(given: dict[str, Any], schedule: str, zone: str) -> None:
    spec = yaml.safe_load(texts(job(**given))["kubernetes-cronjob"])["spec"]

    assert (spec["schedule"], spec["timeZone"], spec["concurrencyPolicy"]) == (schedule, zone, "Forbid")


def container(text: str) -> Any:
    (found,) = yaml.safe_load(text)["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    return found


def test_a_cronjob_starts_without_its_secret_and_is_ended_by_who_wants_that() -> None:
    files = texts(job())
    manifest = yaml.safe_load(files["kubernetes-cronjob"])

    url, run_id = container(files["kubernetes-cronjob"])["env"]

    assert (manifest["apiVersion"], manifest["kind"]) == ("batch/v1", "CronJob")
    assert manifest["metadata"] == {"name": "nightly-backup"}
    assert list(manifest["spec"]["jobTemplate"]["spec"]) == ["template"]
    assert (
        "\n      # Heartbeet tells you of a run that hangs; to end it as well: activeDeadlineSeconds: 1800\n"
        in (files["kubernetes-cronjob"])
    )
    reference = {"name": "heartbeet-nightly-backup", "key": "url", "optional": True}
    assert url == {"name": "PING_URL", "valueFrom": {"secretKeyRef": reference}}
    assert run_id == {"name": "RUN", "valueFrom": {"fieldRef": {"fieldPath": "metadata.uid"}}}


def script(text: str, job_command: str) -> list[str]:
    """The container's command with another job; Kubernetes itself would replace `$(NAME)`, and there is none."""
    found = container(text)
    (argument,) = found["args"]
    assert "$(" not in argument
    return [*found["command"], argument.replace("/path/to/job", job_command)]


@pytest.mark.usefixtures("curl")
@pytest.mark.parametrize(("code", "kind"), [(0, Kind.SUCCESS), (7, Kind.FAIL)])
def test_a_container_tells_the_exit_code_and_has_it_itself(
    made: Made, http_receiver: HTTPReceiver, code: int, kind: Kind
) -> None:
    url = job(f"http://127.0.0.1:{http_receiver.port}").ping_url

    done = run(*script(made()["kubernetes-cronjob"], f"sh -c 'exit {code}'"), PING_URL=url, RUN="pod-1")

    assert done.returncode == code
    assert told(http_receiver) == [Told(Kind.START, None, "pod-1", ""), Told(kind, code, "pod-1", "")]


@pytest.mark.usefixtures("curl")
def test_a_container_runs_its_job_without_a_url() -> None:
    done = run(*script(texts(job())["kubernetes-cronjob"], "sh -c 'echo done; exit 5'"), RUN="pod-1")

    assert (done.returncode, done.stdout) == (5, "done\n")


TIDY = "sh -c 'trap \"touch {0}/told; exit 9\" TERM; touch {0}/began; while :; do sleep 0.05; done'"
"""A job that puts its things away when it is told to end."""


@pytest.mark.usefixtures("curl")
def test_a_pod_that_is_told_to_end_lets_its_job_end_first(
    made: Made, http_receiver: HTTPReceiver, tmp_path: Path
) -> None:
    command = script(made()["kubernetes-cronjob"], TIDY.format(tmp_path))
    environ = {"PING_URL": job(f"http://127.0.0.1:{http_receiver.port}").ping_url, "RUN": "pod-1"}

    with subprocess.Popen(["env", *(f"{name}={value}" for name, value in environ.items()), *command]) as pod:
        until((tmp_path / "began").exists)
        pod.send_signal(signal.SIGTERM)

    assert (tmp_path / "told").exists()
    assert pod.returncode == 9
    assert [each.exit_code for each in told(http_receiver)] == [None, 9]


@pytest.mark.parametrize("secret", ["github-secret", "kubernetes-secret"])
def test_the_url_is_in_the_secret_and_in_nothing_that_goes_into_a_repository(secret: str) -> None:
    files = texts(job())

    assert shlex.split(files[secret])[-1].endswith(job().ping_url)
    assert TOKEN not in files["github-workflow"]
    assert TOKEN not in files["kubernetes-cronjob"]

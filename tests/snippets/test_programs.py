"""Python, Node and JavaScript: run as they stand. PowerShell is not to be had here: its text is read."""

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from monitors.domain.status import Kind
from tests import servers
from tests.receivers import HTTPReceiver
from tests.snippets.conftest import NODE, TOKEN, Made, job, run, texts, told

pytestmark = pytest.mark.sqlite

PROGRAMS = ["python", "node"]
WHERE_THE_JOB_IS = {"python": 'print("the job")', "node": 'console.log("the job");'}
FAILING = {"python": 'raise OSError("Büro: no disk")', "node": 'throw new Error("Büro: no disk");'}
PATIENCE = {"python": "2**attempt", "node": "1_000 * 2 ** attempt"}


def start(key: str, text: str, folder: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a program from a file."""
    file = folder / ("job.py" if key == "python" else "job.mjs")
    file.write_text(text, encoding="utf-8")
    return run(sys.executable if key == "python" else str(NODE), str(file), **environ)


@pytest.mark.parametrize("key", PROGRAMS)
def test_a_program_tells_its_start_and_its_end(
    made: Made, http_receiver: HTTPReceiver, tmp_path: Path, key: str
) -> None:
    done = start(key, made()[key], tmp_path)

    first, last = told(http_receiver)
    assert (done.returncode, done.stdout, done.stderr) == (0, "the job\n", "")
    assert (first.kind, last.kind) == (Kind.START, Kind.SUCCESS)
    assert first.run_id == last.run_id != ""


@pytest.mark.parametrize("key", PROGRAMS)
def test_a_program_that_fails_tells_why_and_fails_all_the_same(
    made: Made, http_receiver: HTTPReceiver, tmp_path: Path, key: str
) -> None:
    done = start(key, made()[key].replace(WHERE_THE_JOB_IS[key], FAILING[key]), tmp_path)

    first, last = told(http_receiver)
    assert done.returncode == 1
    assert "Büro: no disk" in done.stderr
    assert (first.kind, last.kind) == (Kind.START, Kind.FAIL)
    assert "Büro: no disk" in last.body
    assert first.run_id == last.run_id != ""


@pytest.mark.parametrize(
    ("end", "code", "kind"), [("0", 0, Kind.SUCCESS), ("None", 0, Kind.SUCCESS), ("3", 3, Kind.FAIL)]
)
def test_python_that_exits_is_judged_by_its_status(
    made: Made, http_receiver: HTTPReceiver, tmp_path: Path, end: str, code: int, kind: Kind
) -> None:
    done = start("python", made()["python"].replace(WHERE_THE_JOB_IS["python"], f"sys.exit({end})"), tmp_path)

    assert done.returncode == code
    assert [each.kind for each in told(http_receiver)] == [Kind.START, kind]


@pytest.mark.parametrize("key", PROGRAMS)
def test_a_program_does_its_job_though_nobody_listens_and_keeps_the_url_to_itself(tmp_path: Path, key: str) -> None:
    text = texts(job(f"http://127.0.0.1:{servers.free_port()}"))[key].replace(PATIENCE[key], "0")

    done = start(key, text, tmp_path)

    assert (done.returncode, done.stdout) == (0, "the job\n")
    assert done.stderr.count("Heartbeet was not told: ") == 2  # neither of the start nor of the end
    assert "ECONNREFUSED" in done.stderr or "Connection refused" in done.stderr
    assert TOKEN not in done.stderr


@pytest.mark.parametrize("key", PROGRAMS)
def test_a_program_tries_again_what_could_not_be_stored(
    made: Made, http_receiver: HTTPReceiver, tmp_path: Path, key: str
) -> None:
    for status in [204, 503, 503]:
        http_receiver.then(status)

    done = start(key, made()[key].replace(PATIENCE[key], "0"), tmp_path)

    assert done.stderr == ""
    assert [each.kind for each in told(http_receiver)] == [Kind.START, *[Kind.SUCCESS] * 3]


@pytest.mark.parametrize("key", PROGRAMS)
def test_the_environment_knows_the_url_better(
    made: Made, http_receiver: HTTPReceiver, tmp_path: Path, key: str
) -> None:
    url = job(f"http://127.0.0.1:{http_receiver.port}").ping_url

    start(key, texts(job())[key], tmp_path, PING_URL=url)

    assert len(told(http_receiver)) == 2


def test_node_does_not_wait_for_us_before_it_begins(made: Made, http_receiver: HTTPReceiver, tmp_path: Path) -> None:
    http_receiver.then(hang_sec=60)
    text = made()["node"].replace("10_000", "1_000").replace("console.log", "console.error")

    done = start("node", text, tmp_path)

    assert done.stderr == "the job\nHeartbeet was not told: TimeoutError\n"
    assert [each.kind for each in told(http_receiver)] == [Kind.START, Kind.SUCCESS]


@pytest.mark.parametrize(
    ("job_command", "code", "kind", "body"),
    [("return 7", 0, Kind.SUCCESS, ""), ('throw new Error("no cache")', 1, Kind.FAIL, "Error: no cache")],
)
def test_javascript_tells_how_its_job_ends(
    made: Made, http_receiver: HTTPReceiver, tmp_path: Path, job_command: str, code: int, kind: Kind, body: str
) -> None:
    done = start("node", f"{made()['javascript']}\nawait watched(async () => {{ {job_command}; }});", tmp_path)

    (end,) = told(http_receiver)
    assert done.returncode == code
    assert end.kind is kind
    assert end.body.startswith(body)


def test_javascript_never_throws_and_keeps_the_url_to_itself(tmp_path: Path) -> None:
    text = texts(job(f"http://127.0.0.1:{servers.free_port()}"))["javascript"]

    done = start("node", f'{text}\nawait ping(); console.log("goes on");', tmp_path)

    assert (done.returncode, done.stdout) == (0, "goes on\n")
    assert done.stderr == "Heartbeet was not told: TypeError\n"


class Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


def test_the_beacon_is_an_image_that_says_nothing_to_readers() -> None:
    (image,) = Tags(texts(job())["html-beacon"]).seen

    expected = {"src": job().beet_url, "alt": "", "width": "1", "height": "1", "referrerpolicy": "no-referrer"}
    assert image == ("img", expected)


def test_where_only_post_counts_the_beacon_is_one_that_posts() -> None:
    text = texts(job(is_post_only=True))["html-beacon"]

    assert text == f'<script>navigator.sendBeacon("{job().beet_url}")</script>'


def test_no_address_breaks_out_of_the_html() -> None:
    hostile = 'https://example.com/"></script><script>alert(1)<!--'

    ((_, image),) = Tags(texts(job(beet_url=hostile))["html-beacon"]).seen
    beacon = texts(job(beet_url=hostile, is_post_only=True))["html-beacon"]

    assert image["src"] == hostile
    assert len(Tags(beacon).seen) == beacon.count("</") == 1


POWERSHELL_STRING = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"`]|`.)*\"")


def test_powershell_asks_for_nothing_that_5_1_does_not_have() -> None:
    text = texts(job())["powershell"]
    code = re.sub(r"#.*", "", POWERSHELL_STRING.sub("''", text))

    newer = re.findall(r"\?\?|\?\.|&&|\|\||-MaximumRetryCount|-SkipHttpErrorCheck|\s\?\s|clean\s*\{", code)

    assert newer == []
    assert all(code.count(opening) == code.count(closing) for opening, closing in [("{", "}"), ("(", ")"), ("[", "]")])


def test_powershell_waits_for_nobody_and_reports_what_goes_wrong() -> None:
    text = texts(job())["powershell"]

    assert f"$PingUrl = '{job().ping_url}'" in text
    assert 'Invoke-RestMethod -Uri "$PingUrl$Signal" -Method Post -Body $body -TimeoutSec $TimeoutSec' in text
    assert re.search(
        r"try \{\s+& \$Job\s+\} catch \{\s+Send-Ping \"/fail\?rid=\$run\" \(\$_ \| Out-String\)\s+throw", text
    )
    assert text.endswith("exit $LASTEXITCODE")


def test_powershell_takes_a_question_mark_for_a_part_of_a_name() -> None:
    strings = [found for found in POWERSHELL_STRING.findall(texts(job())["powershell"]) if found[0] == '"']

    assert any("${LASTEXITCODE}?rid=" in text for text in strings)
    assert [text for text in strings if re.search(r"\$\w+\?", text)] == []


@pytest.mark.parametrize("quote", ["'", "\u2018", "\u2019", "\u201a", "\u201b"])
def test_powershell_ends_a_string_at_any_single_quote_so_all_are_doubled(quote: str) -> None:
    text = texts(job(ping_url=f"https://example.com/{quote}; rm x"))["powershell"]

    assert f"$PingUrl = 'https://example.com/{quote}{quote}; rm x'\n" in text

"""The how-tos show what the pages show, list themselves, and what else they give to copy runs too."""

import re
import stat
from pathlib import Path

import pytest

from heartbeet.settings import env
from monitors.domain.status import Kind
from monitors.web import snippets
from tests.receivers import HTTPReceiver
from tests.snippets.conftest import Told, job, run, told
from tests.snippets.test_shell import command_of

pytestmark = pytest.mark.sqlite

FOLDER = env.ROOT / "docs" / "howto"
URL = "https://heartbeet.example.com/api/v1/heartbeats/<token>"
EXAMPLE = job(ping_url=URL, beet_url=URL.replace("heartbeats", "beet"))


def blocks(page: str) -> list[str]:
    """What a page gives to copy."""
    return re.findall(r"^```\w*\n(.*?)\n```$", (FOLDER / page).read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("snippet", snippets.of(EXAMPLE), ids=lambda snippet: snippet.key)
def test_a_howto_shows_the_snippet_as_a_page_would(snippet: snippets.Snippet) -> None:
    shown = blocks(f"ping-with-{snippet.key}.md")

    assert [file.key for file in snippet.files if file.text not in shown] == []


def test_the_howto_of_the_beacon_shows_the_one_that_posts_too() -> None:
    made = snippets.of(job(ping_url=URL, beet_url=EXAMPLE.beet_url, is_post_only=True))

    assert next(each.files[0].text for each in made if each.key == "html-beacon") in blocks("ping-with-html-beacon.md")


@pytest.mark.parametrize("snippet", snippets.of(EXAMPLE), ids=lambda snippet: snippet.key)
def test_a_howto_says_what_happens_and_what_to_check(snippet: snippets.Snippet) -> None:
    text = (FOLDER / f"ping-with-{snippet.key}.md").read_text(encoding="utf-8")

    assert [
        part for part in ["## What happens", "network is away", "## When nothing arrives"] if part not in text
    ] == []


def test_the_index_lists_every_howto_once() -> None:
    linked = re.findall(r"\]\(([a-z-]+\.md)\)", (FOLDER / "README.md").read_text(encoding="utf-8"))

    assert sorted(linked) == sorted(path.name for path in FOLDER.glob("*.md") if path.name != "README.md")


def executable(folder: Path, text: str) -> str:
    """A file with this script in it."""
    file = folder / "job"
    file.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    return str(file)


@pytest.mark.usefixtures("curl")
@pytest.mark.parametrize(("code", "kind"), [(0, Kind.SUCCESS), (3, Kind.FAIL)])
def test_the_script_for_a_shell_tells_start_exit_code_and_output(
    http_receiver: HTTPReceiver, tmp_path: Path, code: int, kind: Kind
) -> None:
    (script,) = [text for text in blocks("ping-with-curl.md") if "trap" in text]
    here = script.replace(URL, job(f"http://127.0.0.1:{http_receiver.port}").ping_url)
    work = executable(tmp_path, f"echo 12 GB; echo 'no disk' >&2; exit {code}")

    done = run("sh", "-c", here.replace("/path/to/job", work), TMPDIR=str(tmp_path))

    first, last = told(http_receiver)
    assert (done.returncode, done.stdout) == (code, "")
    assert first == Told(Kind.START, None, last.run_id, "")
    assert last == Told(kind, code, first.run_id, "12 GB\nno disk\n")
    assert [path.name for path in tmp_path.iterdir()] == ["job"]  # and leaves nothing behind


@pytest.mark.usefixtures("curl")
def test_the_crontab_line_with_output_sends_it_with_the_exit_code(http_receiver: HTTPReceiver, tmp_path: Path) -> None:
    (line,) = [text for text in blocks("ping-with-crontab.md") if "--data-binary" in text]
    here = line.replace(URL, job(f"http://127.0.0.1:{http_receiver.port}").ping_url)

    run("sh", "-c", command_of(here, executable(tmp_path, "echo '12 %'; exit 3")))

    assert told(http_receiver) == [Told(Kind.FAIL, 3, "", "12 %\n")]

"""No name breaks out of a snippet: it stands in comments and descriptions, and in names that platforms restrict."""

import ast
import io
import re
import tokenize

import pytest
import yaml

from monitors.web import snippets
from tests.snippets.conftest import job, texts

pytestmark = pytest.mark.sqlite

HOSTILE = {
    "quotes": "a'b\"c`d'''e\"\"\"",
    "newline": "a\nrm -rf /",
    "carriage return": "a\rrm -rf /",
    "line separators": "a\u2028rm\u2029rm\x85rm\x0brm\x0crm",
    "NUL and DEL": "a\x00b\x7fc",
    "percent and dollar": "100% $HOME $(id) `id` ${{ secrets.PING_URL }} %n",
    "backslash at the end": "a\\\\",
    "comment ends": "a */ --> #> ]]> */ b",
    "yaml": "a: [b, {c: d}] # e & *f !g | > %YAML",
    "placeholders": "@url@ @schedule@ @job@ @@",
    "a Python encoding": "coding: utf-7 +AGEAZABk-",
    "right to left": "a\u202eb\u2066c\u200fd",
    "unicode": "Büro-Sicherung 夜間 🌱",
    "long": "x" * 255,
    "nothing to see": "\u200b\u2060",
    "empty": "",
}
SAYS_THE_NAME = re.compile(r"# |// |Description=")


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE.keys())
def test_only_comments_and_descriptions_say_a_name_and_each_in_one_line(name: str) -> None:
    plain, hostile = texts(job()), texts(job(name=name))

    for key, text in plain.items():
        before, after = text.splitlines(), hostile[key].splitlines()
        assert len(before) == len(after), key
        different = [line for line, other in zip(after, before, strict=True) if line != other]
        assert all(SAYS_THE_NAME.match(line) for line in different), different
        assert not any(line.endswith("\\") for line in different)


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE.keys())
def test_whatever_the_name_the_code_is_the_same(name: str) -> None:
    plain, hostile = texts(job()), texts(job(name=name))

    assert ast.dump(ast.parse(hostile["python"])) == ast.dump(ast.parse(plain["python"]))
    assert tokenize.detect_encoding(io.BytesIO(hostile["python"].encode()).readline)[0] == "utf-8"
    for key in ["github-workflow", "kubernetes-cronjob"]:
        assert yaml.safe_load(hostile[key]) == yaml.safe_load(plain[key])


def test_a_percent_sign_in_a_description_is_no_specifier() -> None:
    files = texts(job(name="50 % of %n"))

    assert "Description=50 %% of %%n\n" in files["systemd-service"]
    assert "Description=Runs 50 %% of %%n\n" in files["systemd-timer"]


@pytest.mark.parametrize(
    ("slug", "name"),
    [
        ("nightly-backup", "nightly-backup"),
        ("Nightly_Backup.2", "nightly-backup-2"),
        ("büro", "b-ro"),
        ("2024", "2024"),
        ("on", "on"),
        ("--", "job"),
        ("x" * 39 + "-" + "y" * 200, "x" * 39),
    ],
)
def test_a_name_for_objects_is_a_short_dns_label_and_a_string(slug: str, name: str) -> None:
    manifest = yaml.safe_load(texts(job(slug=slug))["kubernetes-cronjob"])

    files = {file.name for snippet in snippets.of(job(slug=slug)) for file in snippet.files}

    assert manifest["metadata"]["name"] == name
    assert re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,50}[a-z0-9])?", name)  # what a CronJob may be called
    assert {f"/etc/systemd/system/{name}.service", f".github/workflows/{name}.yml"} <= files


def test_nothing_to_copy_has_the_same_key_as_another() -> None:
    keys = [file.key for snippet in snippets.of(job()) for file in snippet.files]

    assert sorted(set(keys)) == sorted(keys)

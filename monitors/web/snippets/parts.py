"""What all snippets share: the job that they are filled with, and how its name and URL are written so that neither
breaks out of the code around it."""

import json
import re
import unicodedata
from dataclasses import dataclass

TELL_END = "curl -fsS -m 10 --retry 5 --retry-connrefused -X POST -o /dev/null"
"""Long enough for a restart of ours. Every snippet POSTs, so that *POST only* can be switched on later."""
_TELL_START = "curl -fsS -m 5 -X POST -o /dev/null"
"""Short and once: a job must not wait for us before it begins."""

_LONGEST_NAME, _LONGEST_SLUG = 80, 40
_PLACEHOLDER = re.compile(r"@([a-z_]+)@")


@dataclass(frozen=True, slots=True)
class Job:
    """What a snippet is filled with: a monitor, and its URLs, which may be masked."""

    name: str
    slug: str
    ping_url: str
    beet_url: str
    cron: str = ""
    timezone: str = "UTC"
    interval_sec: int | None = None
    max_runtime_sec: int | None = None
    is_post_only: bool = False
    is_beet: bool = False


@dataclass(frozen=True, slots=True)
class File:
    """A piece to copy as a whole. `name` says where it goes, or '' if anywhere; `key` is unique on the page."""

    key: str
    name: str
    text: str

    @property
    def is_listing(self) -> bool:
        """Whether it is code with indents, and not a command or two."""
        return self.text.count("\n") > 2


@dataclass(frozen=True, slots=True)
class Snippet:
    """A tab of the snippets: `note` says when to use it, or what to know first."""

    key: str
    label: str
    note: str
    files: tuple[File, ...]


def fill(template: str, **values: str) -> str:
    """The template with each `@placeholder@` replaced, whatever a value looks like. `@tell_start@` and `@tell_end@` are
    commands that lack only the URL."""
    known = {"tell_start": _TELL_START, "tell_end": TELL_END, **values}
    return _PLACEHOLDER.sub(lambda found: known[found[1]], template).strip("\n")


def one_line(name: str) -> str:
    """A monitor's name for a comment: one line in every language, also those that end it at U+2028 or on a backslash,
    without marks that turn the direction of the text."""
    seen = "".join(" " if unicodedata.category(char)[0] in "CZ" else char for char in name)
    text = " ".join(seen.split()).rstrip("\\ ")
    return text if len(text) <= _LONGEST_NAME else f"{text[: _LONGEST_NAME - 1].rstrip()}…"


def slug(job: Job) -> str:
    """A name for files, units and objects: what a DNS label may be, short enough for a Kubernetes CronJob."""
    return re.sub(r"[^a-z0-9]+", "-", job.slug.lower())[:_LONGEST_SLUG].strip("-") or "job"


def quoted(text: str) -> str:
    """The text in double quotes, as Python, JavaScript and YAML read it."""
    return json.dumps(text, ensure_ascii=False)


def in_script(text: str) -> str:
    """The same inside an HTML script element, which an end tag or a comment would break."""
    return re.sub("<(?=[/!])", r"\\u003c", quoted(text))


def attribute(text: str) -> str:
    """The text in double quotes, as HTML reads it."""
    return '"' + text.replace("&", "&amp;").replace('"', "&quot;") + '"'


def powershell(text: str) -> str:
    """The text in single quotes, as PowerShell reads it: it takes typographic ones for the same."""
    return "'" + re.sub("(['\u2018\u2019\u201a\u201b])", r"\1\1", text) + "'"

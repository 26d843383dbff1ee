"""Snippets for a beet: one ping for each event, from what makes the events. None of them makes an event wait for long,
or fail."""

from dataclasses import replace

from monitors.web.snippets import parts, programs
from monitors.web.snippets.parts import File, Job, Snippet

_CURL = "curl -fsS -m 5 -X POST -o /dev/null @url@"
_PYTHON = """
import urllib.request

BEET_URL = @url@  # better: from a secret


# @name@
def count_event():
    try:
        urllib.request.urlopen(BEET_URL, data=b"", timeout=2).close()
    except OSError:
        pass  # an event must not fail because it could not be counted
"""
_JAVASCRIPT = """
// @name@: call this at each event, in a page, in Node, Deno or a worker. The browser sends it even if the page closes.
const countEvent = () => fetch(@url@, { method: "POST", keepalive: true }).catch(() => {});
"""


def curl(job: Job) -> Snippet:
    return _of("curl", "curl", "One call is one event.", _CURL, job, url=job.beet_url)


def python(job: Job) -> Snippet:
    note = "Only the standard library is needed. In a busy request, call it from a thread or a task."
    return _of("python", "Python", note, _PYTHON, job, url=parts.quoted(job.beet_url))


def javascript(job: Job) -> Snippet:
    note = "Everyone who can see a page can see the URL in it."
    return _of("javascript", "JavaScript", note, _JAVASCRIPT, job, url=parts.quoted(job.beet_url))


def html_beacon(job: Job) -> Snippet:
    """The same as of a job."""
    return replace(programs.html_beacon(job), note="One event each time somebody opens the page. It never breaks it.")


def _of(key: str, label: str, note: str, template: str, job: Job, *, url: str) -> Snippet:
    text = parts.fill(template, name=parts.one_line(job.name), url=url)
    return Snippet(key, label, note, (File(key, "", text),))

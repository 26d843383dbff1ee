"""Code to copy into a job, so that it pings."""

from dataclasses import dataclass

_GET = "curl -fsS -m 10 --retry 5 -o /dev/null"
_START = "curl -fsS -m 5 -o /dev/null"
"""Short and once: a job must not wait for us before it begins."""
_POST = " -X POST"


@dataclass(frozen=True, slots=True)
class Snippet:
    """A tab of the snippets: `note` says when to use it."""

    key: str
    label: str
    note: str
    text: str


def of(ping_url: str, beet_url: str, *, cron: str, interval_sec: int | None, is_post_only: bool) -> tuple[Snippet, ...]:
    """The snippets for a monitor; its URLs may be masked. Where only POST counts, all of them POST, and there is no
    beacon: a browser gets images."""
    curl, start = (f"{command}{_POST if is_post_only else ''}" for command in (_GET, _START))
    snippets = (
        Snippet("curl", "curl", "At the end of a script, or by hand to try it out.", f"{curl} {ping_url}"),
        Snippet(
            "crontab",
            "crontab",
            "Tells the start, then the exit code: failures alert at once and runs have a duration.",
            f"{cron or _cron_line(interval_sec)} {start} {ping_url}/start; /path/to/job; {curl} {ping_url}/$?",
        ),
        Snippet("python", "Python", "Only the standard library is needed.", _python(ping_url, is_post_only)),
        Snippet(
            "javascript", "JavaScript", "Node 18 or later, Deno, Bun, workers and browsers.", _javascript(ping_url)
        ),
        Snippet("actions", "GitHub Actions", "Keep the URL in a repository secret.", _actions(ping_url, curl)),
        Snippet(
            "html",
            "HTML beacon",
            "Pings when someone opens the page. Everyone who can see the page can see the URL.",
            f'<img src="{beet_url}" alt="" width="1" height="1">',
        ),
    )
    return snippets[:-1] if is_post_only else snippets


def _python(url: str, is_post_only: bool) -> str:
    body = ', data=b""' if is_post_only else ""  # with a body it is a POST
    return f'import urllib.request\n\nurllib.request.urlopen("{url}"{body}, timeout=10)'


def _javascript(url: str) -> str:
    return f'await fetch("{url}", {{\n  method: "POST",\n  signal: AbortSignal.timeout(10_000),\n}});'


def _actions(url: str, curl: str) -> str:
    return (
        f"# Repository secret HEARTBEET_URL: {url}\n"
        "- name: Tell Heartbeet how it went\n"
        "  if: always()\n"
        "  env:\n"
        "    URL: ${{ secrets.HEARTBEET_URL }}${{ job.status != 'success' && '/fail' || '' }}\n"
        f'  run: {curl} "$URL"'
    )


def _cron_line(interval_sec: int | None) -> str:
    """A crontab schedule that keeps the interval; every minute where crontab cannot say it."""
    minutes, seconds = divmod(interval_sec or 60, 60)
    if seconds == 0 and 1 < minutes < 60 and 60 % minutes == 0:
        return f"*/{minutes} * * * *"
    hours, rest = divmod(minutes, 60)
    if (seconds, rest) == (0, 0) and hours and 24 % hours == 0:
        return {1: "0 * * * *", 24: "0 0 * * *"}.get(hours, f"0 */{hours} * * *")
    return "* * * * *"

"""Code to copy into a job, so that it pings: a snippet for each platform, filled with a monitor. What they share is in
`parts`, schedules are in `timing`."""

from monitors.web.snippets import events, hosted, programs, shell
from monitors.web.snippets.parts import File, Job, Snippet

__all__ = ["File", "Job", "Snippet", "of"]

_PLATFORMS = (
    shell.curl,
    shell.crontab,
    shell.systemd,
    programs.python,
    programs.javascript,
    programs.node,
    programs.html_beacon,
    hosted.github_actions,
    hosted.kubernetes,
    programs.powershell,
)


_EVENTS = (events.curl, events.python, events.javascript, events.html_beacon)


def of(job: Job) -> tuple[Snippet, ...]:
    """The snippets for a monitor, in the order of their tabs; those of a beet count events."""
    return tuple(platform(job) for platform in (_EVENTS if job.is_beet else _PLATFORMS))

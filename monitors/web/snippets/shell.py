"""Snippets for what runs commands on a machine: a shell, cron, systemd."""

import shlex

from monitors.web.snippets import parts, timing
from monitors.web.snippets.parts import File, Job, Snippet

_CRONTAB = """
# @name@
@schedule@ u=@url@; @tell_start@ "$u/start"; /path/to/job; @tell_end@ "$u/$?"
"""

_SERVICE = """
[Unit]
Description=@description@

[Service]
Type=oneshot@limit@
EnvironmentFile=-/etc/heartbeet/@slug@.env
ExecStartPre=-/usr/bin/@tell_start@ ${PING_URL}/start?rid=${INVOCATION_ID}
ExecStart=/path/to/job
ExecStopPost=-/bin/sh -c '[ "$$SERVICE_RESULT" = success ] && end="" || end=/fail; \\
    @tell_end@ \\
    -d "$$SERVICE_RESULT: $$EXIT_CODE $$EXIT_STATUS" "$$PING_URL$$end?rid=$$INVOCATION_ID"'
"""

_TIMER = """
[Unit]
Description=Runs @description@

[Timer]
@when@
AccuracySec=1s

[Install]
WantedBy=timers.target
"""


def curl(job: Job) -> Snippet:
    """One command."""
    text = f"{parts.TELL_END} {shlex.quote(job.ping_url)}"
    note = "At the end of a script, or by hand to try it out. It tries again while Heartbeet is away."
    return Snippet("curl", "curl", note, (File("curl", "", text),))


def crontab(job: Job) -> Snippet:
    """A line that tells the start and the exit code, with the URL once."""
    schedule = timing.nearest_cron(job.cron, job.interval_sec)
    url = shlex.quote(job.ping_url).replace("%", "\\%")  # a bare % would end the command
    text = parts.fill(_CRONTAB, name=parts.one_line(job.name), schedule=schedule, url=url)
    note = "Tells the start, then the exit code: failures alert at once and runs have a duration."
    doubt = timing.doubt(job.cron, job.interval_sec, "Cron") or _doubt_of_zone(job)
    return Snippet("crontab", "crontab", note + doubt, (File("crontab", "", text),))


def systemd(job: Job) -> Snippet:
    """A service that tells how it went whatever ended it, and its timer."""
    name = parts.slug(job)
    words = {"description": parts.one_line(job.name).replace("%", "%%"), "slug": name}  # a bare % is a specifier
    service = parts.fill(_SERVICE, limit=_limit(job.max_runtime_sec), **words)
    files = (
        File("systemd-url", f"/etc/heartbeet/{name}.env, for root only", f"PING_URL={job.ping_url}"),
        File("systemd-service", f"/etc/systemd/system/{name}.service", service),
        File("systemd-timer", f"/etc/systemd/system/{name}.timer", parts.fill(_TIMER, when=_when(job), **words)),
        File(
            "systemd-enable",
            "Command that starts it",
            f"systemctl daemon-reload && systemctl enable --now {name}.timer",
        ),
    )
    note = (
        "Tells the end whatever it was, also a kill or a timeout. "
        "For a service that you have, take over EnvironmentFile, ExecStartPre and ExecStopPost."
    )
    return Snippet("systemd", "systemd", note, files)


def _doubt_of_zone(job: Job) -> str:
    has_hours = job.cron and job.cron.split()[1:] != ["*"] * 4
    return f" Cron keeps the zone of its machine; this line is meant for {job.timezone}." if has_hours else ""


def _limit(max_runtime_sec: int | None) -> str:
    if max_runtime_sec is None:
        return ""
    return f"\n# Heartbeet tells you of a run that hangs; to end it as well: TimeoutStartSec={max_runtime_sec}"


def _when(job: Job) -> str:
    if not job.cron:
        return f"OnBootSec=1min\nOnUnitActiveSec={job.interval_sec or 60}"
    times = timing.on_calendar(job.cron, job.timezone)
    lines = [f"OnCalendar={each}" for each in times] or [f"# systemd has no words for {job.cron}: add an OnCalendar="]
    return "\n".join([*lines, "Persistent=true"])

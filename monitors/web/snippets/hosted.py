"""Snippets for platforms that run jobs and keep secrets: the URL goes there, and not into a repository."""

import shlex

from monitors.web.snippets import parts, timing
from monitors.web.snippets.parts import File, Job, Snippet

_GITHUB_MIN_SEC = 300

_WORKFLOW = """
# @name@
on:
@schedule@
  workflow_dispatch:

jobs:
  job:
    runs-on: ubuntu-latest@limit@
    steps:
      - name: Tell Heartbeet that it begins
        continue-on-error: true
        env:
          PING_URL: ${{ secrets.PING_URL }}
        run: @tell_start@ "$PING_URL/start?rid=$GITHUB_RUN_ID-$GITHUB_RUN_ATTEMPT"

      - name: The job
        run: /path/to/job

      - name: Tell Heartbeet how it went
        if: always()
        continue-on-error: true
        env:
          PING_URL: ${{ secrets.PING_URL }}
          END: ${{ job.status == 'success' && '0' || 'fail' }}
          STATUS: ${{ job.status }}
        run: |
          @tell_end@ \\
            -d "$STATUS: $GITHUB_SERVER_URL/$GITHUB_REPOSITORY/actions/runs/$GITHUB_RUN_ID" \\
            "$PING_URL/$END?rid=$GITHUB_RUN_ID-$GITHUB_RUN_ATTEMPT"
"""

_CRONJOB = """
# @comment@
apiVersion: batch/v1
kind: CronJob
metadata:
  name: @name@
spec:
  schedule: @schedule@
  timeZone: @zone@
  concurrencyPolicy: Forbid
  jobTemplate:
    spec:@limit@
      template:
        spec:
          restartPolicy: Never
          containers:
            - name: job
              image: your/image # with sh and curl
              env:
                - name: PING_URL
                  valueFrom:
                    secretKeyRef: { name: @secret@, key: url, optional: true }
                - name: RUN
                  valueFrom:
                    fieldRef: { fieldPath: metadata.uid }
              command: [/bin/sh, -c]
              args:
                - |
                  @tell_start@ "$PING_URL/start?rid=$RUN"
                  /path/to/job & job=$!
                  trap 'kill $job' TERM # what the pod is told, the job hears
                  wait $job; code=$?
                  while kill -0 $job 2>/dev/null; do wait $job; code=$?; done
                  @tell_end@ "$PING_URL/$code?rid=$RUN"
                  exit $code
"""


def github_actions(job: Job) -> Snippet:
    """A workflow whose last step runs whatever became of the others."""
    command = f"gh secret set PING_URL --body {shlex.quote(job.ping_url)}"
    limit = _limit(4, "timeout-minutes", -(-(job.max_runtime_sec or 0) // 60))
    text = parts.fill(_WORKFLOW, name=parts.one_line(job.name), schedule=_github_schedule(job), limit=limit)
    files = (
        File("github-secret", "Secret of the repository, or under its Settings → Secrets and variables", command),
        File("github-workflow", f".github/workflows/{parts.slug(job)}.yml", text),
    )
    note = "GitHub starts schedules late, and every 5 minutes at most: give the monitor a long grace."
    return Snippet(
        "github-actions", "GitHub Actions", note + timing.doubt(job.cron, _github_interval(job), "GitHub"), files
    )


def kubernetes(job: Job) -> Snippet:
    """A CronJob whose container tells the start and the exit code."""
    name = parts.slug(job)
    command = f"kubectl create secret generic heartbeet-{name} --from-literal=url={shlex.quote(job.ping_url)}"
    text = parts.fill(
        _CRONJOB,
        comment=parts.one_line(job.name),
        name=parts.quoted(name),
        schedule=parts.quoted(timing.nearest_cron(job.cron, job.interval_sec)),
        zone=job.timezone if job.cron else "Etc/UTC",
        limit=_limit(6, "activeDeadlineSeconds", job.max_runtime_sec or 0),
        secret=f"heartbeet-{name}",
    )
    files = (
        File("kubernetes-secret", "Secret of the namespace", command),
        File("kubernetes-cronjob", f"{name}.yaml", text),
    )
    note = "The image needs sh and curl. A missing secret or Heartbeet that is away never keeps the job from running."
    return Snippet(
        "kubernetes", "Kubernetes CronJob", note + timing.doubt(job.cron, job.interval_sec, "Kubernetes"), files
    )


def _github_interval(job: Job) -> int:
    return max(job.interval_sec or 0, _GITHUB_MIN_SEC)


def _github_schedule(job: Job) -> str:
    line = f"    - cron: {parts.quoted(timing.nearest_cron(job.cron, _github_interval(job)))}"
    has_zone = job.cron and job.timezone not in ("UTC", "Etc/UTC")
    return "\n".join(["  schedule:", line, *([f"      timezone: {parts.quoted(job.timezone)}"] if has_zone else [])])


def _limit(indent: int, setting: str, value: int) -> str:
    """How the platform ends a run that hangs, as a comment: whether it should is not ours to say."""
    if not value:
        return ""
    return f"\n{' ' * indent}# Heartbeet tells you of a run that hangs; to end it as well: {setting}: {value}"

"""Snippets for programs that ping by themselves. None of them lets a ping break or hold the job, and none of them
writes the URL into a log."""

from monitors.web.snippets import parts
from monitors.web.snippets.parts import File, Job, Snippet

_IN_A_REPOSITORY = "In a repository, leave the URL to the environment."

_PYTHON = '''
import contextlib
import os
import sys
import time
import traceback
import urllib.request
import uuid

# @name@
PING_URL = os.environ.get("PING_URL", @url@)


def ping(signal="", text="", *, tries=4, timeout=10):
    """Tell Heartbeet. Whatever goes wrong with that, the job goes on."""
    for attempt in range(1, tries + 1):
        try:
            body = text.encode(errors="replace")
            urllib.request.urlopen(PING_URL + signal, data=body, timeout=timeout).close()
            return
        except Exception as error:
            problem = getattr(error, "reason", type(error).__name__)
        if attempt < tries:
            time.sleep(2**attempt)
    print(f"Heartbeet was not told: {problem}", file=sys.stderr)


@contextlib.contextmanager
def watched():
    """Tells when the block begins, and how it ends."""
    run = f"?rid={uuid.uuid4()}"
    ping("/start" + run, tries=1, timeout=5)
    try:
        yield
    except BaseException as error:
        is_fine = isinstance(error, SystemExit) and not error.code
        ping(run if is_fine else "/fail" + run, traceback.format_exc())
        raise
    ping(run)


with watched():
    print("the job")
'''

_JAVASCRIPT = """
// @name@
const PING_URL = @url@;

// Tells Heartbeet. Never throws, so nobody has to wait for it; a worker does: ctx.waitUntil(ping());
async function ping(signal = "", text = "") {
  try {
    const answer = await fetch(PING_URL + signal, {
      method: "POST",
      body: String(text).slice(0, 10_000),
      keepalive: true, // also when the page is left
      signal: AbortSignal.timeout(10_000),
    });
    if (!answer.ok) console.warn("Heartbeet was not told:", answer.status);
  } catch (error) {
    console.warn("Heartbeet was not told:", error.name);
  }
}

// Tells how the job ends.
async function watched(job) {
  try {
    const result = await job();
    await ping();
    return result;
  } catch (error) {
    await ping("/fail", error?.stack ?? error);
    throw error;
  }
}
"""

_NODE = """
// @file@.mjs: @name@
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

const PING_URL = process.env.PING_URL ?? @url@;

// Tells Heartbeet. Whatever goes wrong with that, the job goes on.
async function ping(signal = "", text = "", tries = 4) {
  let problem = "";
  for (let attempt = 1; attempt <= tries; attempt++) {
    try {
      const answer = await fetch(PING_URL + signal, {
        method: "POST",
        body: text,
        signal: AbortSignal.timeout(10_000),
      });
      if (answer.ok) return;
      problem = answer.status;
    } catch (error) {
      problem = error.cause?.code ?? error.name;
    }
    if (attempt < tries) await sleep(1_000 * 2 ** attempt);
  }
  console.error("Heartbeet was not told:", problem);
}

// Tells when the job begins, which it does not wait for, and how it ends.
export async function watched(job) {
  const run = `?rid=${randomUUID()}`;
  const started = ping(`/start${run}`, "", 1);
  try {
    const result = await job();
    await started;
    await ping(run);
    return result;
  } catch (error) {
    await started;
    await ping(`/fail${run}`, String(error?.stack ?? error));
    throw error;
  }
}

await watched(async () => {
  console.log("the job");
});
"""

_POWERSHELL = """
# @name@
$PingUrl = @url@

# Windows PowerShell 5.1 may know old versions of TLS only; 0 means that the system decides.
$tls = [Net.ServicePointManager]::SecurityProtocol
if ($tls -ne 0) { [Net.ServicePointManager]::SecurityProtocol = $tls -bor [Net.SecurityProtocolType]::Tls12 }

# Tells Heartbeet. Whatever goes wrong with that, the job goes on.
function Send-Ping([string] $Signal = '', [string] $Text = '', [int] $Tries = 4, [int] $TimeoutSec = 10) {
    $body = [Text.Encoding]::UTF8.GetBytes($Text)
    for ($attempt = 1; $attempt -le $Tries; $attempt++) {
        try {
            Invoke-RestMethod -Uri "$PingUrl$Signal" -Method Post -Body $body -TimeoutSec $TimeoutSec | Out-Null
            return
        } catch {
            $problem = $_.Exception.Message
        }
        if ($attempt -lt $Tries) { Start-Sleep -Seconds ([Math]::Pow(2, $attempt)) }
    }
    Write-Warning "Heartbeet was not told: $problem"
}

# Tells when the job begins, and how it ends.
function Invoke-Watched([scriptblock] $Job) {
    $run = [guid]::NewGuid()
    $global:LASTEXITCODE = 0
    Send-Ping "/start?rid=$run" -Tries 1 -TimeoutSec 5
    try {
        & $Job
    } catch {
        Send-Ping "/fail?rid=$run" ($_ | Out-String)
        throw
    }
    Send-Ping "/${LASTEXITCODE}?rid=$run"
}

Invoke-Watched {
    $ErrorActionPreference = 'Stop'  # an error of a cmdlet ends the job too
    & 'C:\\Path\\to\\job.exe'
}
exit $LASTEXITCODE
"""

_IMAGE = '<img src=@url@ alt="" width="1" height="1" referrerpolicy="no-referrer">'
_BEACON = "<script>navigator.sendBeacon(@url@)</script>"


def python(job: Job) -> Snippet:
    """A context manager of the standard library."""
    note = "Only the standard library. Tells the start, the end, and the traceback of an error. " + _IN_A_REPOSITORY
    return _of_one("python", "Python", note, _PYTHON, job)


def javascript(job: Job) -> Snippet:
    """For where there is no process: browsers, workers, Deno."""
    note = "For workers, Deno, Bun and pages. Everyone who can read the code of a page can ping."
    return _of_one("javascript", "JavaScript", note, _JAVASCRIPT, job)


def node(job: Job) -> Snippet:
    """A module that runs a job once."""
    note = "Node 18 or later, no package. Tells the start, the end, and the stack of an error. " + _IN_A_REPOSITORY
    return _of_one("node", "Node", note, _NODE, job)


def powershell(job: Job) -> Snippet:
    """For Windows PowerShell 5.1 and PowerShell 7 alike."""
    text = parts.fill(_POWERSHELL, name=parts.one_line(job.name), url=parts.powershell(job.ping_url))
    note = "Windows PowerShell 5.1 and PowerShell 7. In the task scheduler run it with: powershell -File job.ps1"
    return Snippet("powershell", "PowerShell", note, (File("powershell", "", text),))


def html_beacon(job: Job) -> Snippet:
    """An image; where only POST counts, a beacon of the browser's, which is a POST."""
    if job.is_post_only:
        text = parts.fill(_BEACON, url=parts.in_script(job.beet_url))
    else:
        text = parts.fill(_IMAGE, url=parts.attribute(job.beet_url))
    note = "Pings when someone opens the page, and never breaks it. Everyone who can see the page can see the URL."
    return Snippet("html-beacon", "HTML beacon", note, (File("html-beacon", "", text),))


def _of_one(key: str, label: str, note: str, template: str, job: Job) -> Snippet:
    values = {"name": parts.one_line(job.name), "url": parts.quoted(job.ping_url), "file": parts.slug(job)}
    return Snippet(key, label, note, (File(key, "", parts.fill(template, **values)),))

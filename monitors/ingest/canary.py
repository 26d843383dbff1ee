"""Canaries: pings of our own that go out to the public URL and must come back here, the way everybody's pings do.

A proxy that is down, a name that leads elsewhere, a certificate that ran out: pings then never reach us, and nothing
else in this process can know.
"""

import hashlib
import hmac
import ipaddress
import threading
from urllib.parse import urlsplit

import structlog
from django.conf import settings

from heartbeet.lib import http
from monitors.domain import token
from monitors.ingest import request
from monitors.ingest.listener import Listener

log = structlog.get_logger(__name__)

EVERY_SEC = 20.0
TIMEOUT_SEC = 10.0
_ANYWHERE = (ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0"))


def own_token() -> str:
    """The token of canaries: every process of this installation knows it, whichever the proxy chooses."""
    return hmac.new(settings.SECRET_KEY.encode(), b"heartbeet.canary", hashlib.sha256).hexdigest()


def public_url() -> str:
    """Where canaries go; empty if they are switched off, or the public URL was not given or leads nowhere else."""
    is_wanted = settings.ENV.canary == "on" and settings.ENV.site_url
    return settings.HEARTBEET_SITE_URL if is_wanted and not is_loopback(settings.HEARTBEET_SITE_URL) else ""


def is_loopback(url: str) -> bool:
    """Whether a URL leads to the machine that asks."""
    name = (urlsplit(url).hostname or "").rstrip(".").lower()
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")
    return address.is_loopback or address.is_unspecified


class Canary:
    """Sends one every `every_sec`, from a thread of its own, and tells the listener whether it came back."""

    def __init__(
        self, site_url: str, listener: Listener, *, every_sec: float, timeout_sec: float = TIMEOUT_SEC
    ) -> None:
        self.digest = token.digest(own_token())
        self.place = hashlib.sha256(site_url.encode()).hexdigest()
        self._url = f"{site_url}{request.HEARTBEATS}{own_token()}"
        self._host = urlsplit(site_url).hostname
        self._listener = listener
        self._every_sec = every_sec
        self._client = http.Client(allowed=_ANYWHERE, timeout_sec=timeout_sec)  # the operator's own URL
        self._stopping = threading.Event()
        self._trouble_before = ""

    def start(self) -> None:
        """A daemon, for one on its way must not hold up the end of the process."""
        threading.Thread(target=self._run, name="heartbeet-canary", daemon=True).start()

    def stop(self) -> None:
        self._stopping.set()

    def send(self) -> None:
        """Send one, and tell what became of it."""
        sent_at = self._listener.now()
        trouble = self._trouble()
        if self._stopping.is_set():
            return
        if trouble != self._trouble_before:  # where they never come back, the log need not fill with it
            log.warning("canary_lost" if trouble else "canary_returned", host=self._host, trouble=trouble)
            self._trouble_before = trouble
        if trouble:
            self._listener.canary_failed()
        else:
            self._listener.canary_returned(sent_at)

    def _trouble(self) -> str:
        """Why a canary did not come back; empty if it did. It must not hold the URL, for that holds the token."""
        try:
            answer = self._client.post(self._url, body=b"", headers={"Content-Length": "0"})
        except http.Unreachable as error:
            return str(error)
        except (http.InvalidTarget, http.BlockedTarget):
            return "the public URL is not one that can be asked"
        except Exception as error:
            return type(error).__name__
        return "" if answer.status == 204 else f"answered {answer.status}"

    def _run(self) -> None:
        """The first one soon: only since one came back does it mean something that another does not."""
        wait_sec = self._every_sec / 10
        while not self._stopping.wait(wait_sec):
            self.send()
            wait_sec = self._every_sec

"""A world for the keeper of a demo: a clock that is set by hand, and ingest without its queue."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from heartbeet.demo import keeper
from heartbeet.demo.keeper import Keeper, Tended
from heartbeet.lib import http
from monitors import transitions
from monitors.domain import ping, token
from monitors.ingest import request
from monitors.models import Ping, Token
from tests.factories import NOON

SITE = "http://127.0.0.1:8000"
STORED = http.Response(204, "", {}, b"")


@dataclass
class World:
    """`sent` are the URLs that were pinged, `said` is what people were told."""

    now: datetime = NOON
    sent: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def keeper(self, many: Sequence[Tended], send: keeper.Send | None = None) -> Keeper:
        return Keeper(many, url=SITE, send=send or self.take_in, tell=self.said.append, now=lambda: self.now)

    def live(self, kept: Keeper, until: datetime, then: Callable[[], object] = lambda: None) -> None:
        """Let time go by as the command does."""
        while (following := self.now + timedelta(seconds=kept.wait_sec())) < until:
            self.now = following
            kept.work()
            then()
        self.now = until

    def take_in(self, method: http.Method, url: str, *, body: bytes) -> http.Response:
        """Store and judge a ping as ingest does."""
        self.sent.append(url)
        parts = urlsplit(url)
        asked, run_id = request.parse_path(parts.path), request.parse_run_id(parts.query.encode())
        monitor_id = Token.objects.get(digest=token.digest(asked.token)).monitor_id
        fact = ping.Ping(self.now, asked.kind, run_id, asked.exit_code, request.parse_value(body))
        row = Ping.objects.create(monitor_id=monitor_id, received_at=self.now, kind=fact.kind, run_id=run_id)
        transitions.record(monitor_id, replace(fact, id=row.id), now=self.now)
        return STORED

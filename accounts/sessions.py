"""Sessions of browsers in the database (SESSION_ENGINE). A row holds neither its key, only the SHA-256 of it, nor
readable data: that is sealed and bound to the digest, so that neither a dump nor a backup lets anyone in.

A page costs one read. It writes only what it changed, and once a minute when the person was last seen.
"""

import hashlib
import json
from datetime import datetime, timedelta
from typing import Any

from django.contrib import auth
from django.contrib.sessions.backends.base import CreateError, SessionBase, UpdateError
from django.db import IntegrityError, transaction

from accounts.models import BrowserSession
from heartbeet.lib import clock, crypto

SEEN_EVERY = timedelta(minutes=1)


def digest_of(key: str) -> str:
    """What is stored of a session's key."""
    return hashlib.sha256(key.encode()).hexdigest()


def binding(digest: str) -> str:
    """What a session's data is bound to."""
    return f"session:{digest}"


class SessionStore(SessionBase):
    """Django's interface of a session. `ip` and `user_agent` are told by the middleware, and kept with the row."""

    def __init__(self, session_key: str | None = None, *, ip: str = "", user_agent: str = "") -> None:
        super().__init__(session_key)
        self.ip, self.user_agent = ip, user_agent[:500]
        self._seen_at: datetime | None = None

    @property
    def digest(self) -> str:
        """Names this session's row; '' while there is none."""
        return digest_of(self.session_key) if self.session_key else ""

    def load(self) -> dict[str, Any]:
        """The data; a session that is unknown, too old, or cannot be opened with our keys is as good as none."""
        row = BrowserSession.objects.filter(digest=self.digest, expires_at__gt=clock.now()).first()
        try:
            data: dict[str, Any] = json.loads(crypto.unseal(row.envelope, bound_to=binding(row.digest))) if row else {}
        except crypto.CannotOpen:
            row, data = None, {}
        if row is None:
            self._session_key = None
        else:
            self._seen_at = row.seen_at
        return data

    def exists(self, session_key: str) -> bool:
        return BrowserSession.objects.filter(digest=digest_of(session_key)).exists()

    def create(self) -> None:
        while True:
            self._session_key = self._get_new_session_key()  # type: ignore[attr-defined]  # the stubs leave it out
            try:
                self.save(must_create=True)
            except CreateError:
                continue
            self.modified = True
            return

    def save(self, must_create: bool = False) -> None:
        """Write the session. Raises UpdateError if its row is gone: what was revoked does not come back."""
        if self.session_key is None:
            return self.create()
        digest, now = self.digest, clock.now()
        data = self._get_session(no_load=must_create)  # type: ignore[attr-defined]
        fields = self._fields(data, digest, now)
        if must_create:
            self._insert(digest, {**fields, "created_at": now})
        elif not BrowserSession.objects.filter(digest=digest).update(**fields):
            raise UpdateError
        self._seen_at = now
        return None

    def touch(self) -> None:
        """Note that the person was seen, at most once a minute; a write that an unused session never needs."""
        now = clock.now()
        if self._seen_at and now - self._seen_at > SEEN_EVERY:
            self._seen_at = now
            rows = BrowserSession.objects.filter(digest=self.digest, seen_at__lt=now - SEEN_EVERY)
            rows.update(seen_at=now, ip=self.ip, user_agent=self.user_agent)

    def delete(self, session_key: str | None = None) -> None:
        if key := session_key or self.session_key:
            BrowserSession.objects.filter(digest=digest_of(key)).delete()

    @classmethod
    def clear_expired(cls) -> None:
        BrowserSession.objects.filter(expires_at__lt=clock.now()).delete()

    def _insert(self, digest: str, fields: dict[str, Any]) -> None:
        try:
            with transaction.atomic():
                BrowserSession.objects.create(digest=digest, **fields)
        except IntegrityError:
            raise CreateError from None

    def _fields(self, data: dict[str, Any], digest: str, now: datetime) -> dict[str, Any]:
        text = json.dumps(data, separators=(",", ":"))
        return {
            "user_id": data.get(auth.SESSION_KEY),
            "envelope": crypto.seal(text, bound_to=binding(digest)),
            "ip": self.ip,
            "user_agent": self.user_agent,
            "seen_at": now,
            "expires_at": self.get_expiry_date(modification=now),
        }

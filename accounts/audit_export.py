"""The audit log as CSV: written while it is read, so that its length costs no memory."""

import csv
import io
import json
from collections.abc import AsyncIterator

from django.db.models import QuerySet
from django.http import StreamingHttpResponse

from accounts.domain import cells
from accounts.models import AuditEvent

MAX_ROWS = 100_000
COLUMNS = (
    "id", "createdAt", "actorUserId", "actorPatId", "actorEmail", "action", "resource", "ip", "userAgent", "meta",
)  # fmt: skip
_CHUNK = 500


class TooManyRows(ValueError):
    """These are more than 100,000 events: ask for a shorter time, by `from` and `to`."""


def answer(found: QuerySet[AuditEvent]) -> StreamingHttpResponse:
    """A file of the events, in their order. Raises TooManyRows."""
    if found[: MAX_ROWS + 1].count() > MAX_ROWS:
        raise TooManyRows(TooManyRows.__doc__)
    headers = {"Content-Disposition": 'attachment; filename="audit-log.csv"', "Cache-Control": "no-store, private"}
    return StreamingHttpResponse(_lines(found), content_type="text/csv; charset=utf-8", headers=headers)


async def _lines(found: QuerySet[AuditEvent]) -> AsyncIterator[str]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(COLUMNS)
    count = 0
    async for event in found.aiterator(chunk_size=_CHUNK):
        writer.writerow([cells.safe(value) for value in _cells(event)])
        count += 1
        if count % _CHUNK == 0:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def _cells(event: AuditEvent) -> list[object]:
    meta = dict(event.meta)
    ip, agent = meta.pop("ip", ""), meta.pop("userAgent", "")
    return [
        event.id, event.created_at.isoformat().replace("+00:00", "Z"), event.actor_user_id, event.actor_token_id,
        event.actor_email, event.action, event.resource, ip, agent, json.dumps(meta, ensure_ascii=False),
    ]  # fmt: skip

"""The rules: what a monitor's facts mean when time passes, when a ping comes, and when a person acts.

Pure functions from `Facts` to a `Verdict`. Callers use this module; the rules stand, each group for itself, in
`deadlines` (when), `silence` (nothing came), `arrival` (something came), `hourly` (what an hour came to) and `orders`
(a person spoke).
"""

from monitors.domain.arrival import on_ping
from monitors.domain.deadlines import deadline, due_at, plain_deadline, view_status
from monitors.domain.hourly import on_hour
from monitors.domain.orders import on_delete, on_edit, on_lock, on_pause, on_resolve, on_resume, on_unlock
from monitors.domain.silence import looks_back_to, on_clock

__all__ = [
    "deadline",
    "due_at",
    "looks_back_to",
    "on_clock",
    "on_delete",
    "on_edit",
    "on_hour",
    "on_lock",
    "on_pause",
    "on_ping",
    "on_resolve",
    "on_resume",
    "on_unlock",
    "plain_deadline",
    "view_status",
]

"""Who acts: what an audit row needs to know about the person, the token and the connection."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    """The one behind a change. All empty means Heartbeet itself (a sweep, a command)."""

    user_id: int | None = None
    email: str = ""
    token_id: int | None = None
    ip: str = ""
    user_agent: str = ""


SYSTEM = Actor()

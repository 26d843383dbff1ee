"""Notices turned into what people read: a storm's list, a channel that does not work."""

from django.conf import settings

from alerts.domain.message import Bulletin, MessageType, Tone
from alerts.models import Notice


def of(notice: Notice) -> Bulletin:
    """What a notice tells now; a storm's list is as long as it is at this moment."""
    return Bulletin(
        type=MessageType.STORM if notice.kind == Notice.STORM else MessageType.NOTICE,
        at=notice.created_at,
        tone=Tone.PLAIN,
        headline="Heartbeet has something to tell",
        summary="",
        url=settings.HEARTBEET_SITE_URL,
        thread=f"notice-{notice.id}",
    )

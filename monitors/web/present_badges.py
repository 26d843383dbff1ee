"""Badges as finished values: what one says, and what the pages show of one."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from html import escape

from django.conf import settings

from heartbeet.lib import plaintext
from heartbeet.lib.badge import MAX_LABEL
from monitors.domain import together
from monitors.domain.status import Status
from monitors.models import Badge

COLORS = {
    Status.UP: "#17733f",
    Status.LATE: "#8a5a00",
    Status.WARNING: "#a34a00",
    Status.DOWN: "#c2261b",
    Status.UNKNOWN: "#5754b8",
    Status.PAUSED: "#665c61",
    Status.NEW: "#2b66a3",
    Status.LEARNING: "#2b66a3",
}
"""Those of static/css/tokens.css for light pages, for a picture cannot know what it stands on."""
GREY = COLORS[Status.PAUSED]


@dataclass(frozen=True, slots=True)
class Face:
    """What a badge says. `status` is empty where there is nothing to have one."""

    label: str
    message: str
    color: str
    status: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """Something to copy; `key` is of no other on the page."""

    key: str
    label: str
    what: str
    text: str


@dataclass(frozen=True, slots=True)
class Card:
    """A badge on a page: `src` shows it there, `links` show it elsewhere."""

    id: int
    name: str
    monitor_url: str
    src: str
    links: tuple[Link, ...]


def face(badge: Badge, found: Collection[Status], label: str = "") -> Face:
    """What a badge says when these are the states it tells of; `label` stands in for its name."""
    status = together.worst(found)
    color = COLORS[status] if status else GREY
    shown = plaintext.one_line(label, MAX_LABEL) or plaintext.one_line(name(badge))
    return Face(shown, together.describe(found), color, status or "")


def unknown(label: str = "") -> Face:
    """What stands where no badge is."""
    return Face(plaintext.one_line(label, MAX_LABEL) or "badge", "not found", GREY)


def name(badge: Badge) -> str:
    """What it is about; its monitor must be loaded."""
    return badge.monitor.name if badge.monitor else badge.tag


def card(badge: Badge) -> Card:
    """A badge on a page; its monitor must be loaded. The snippets lead nowhere: who reads them may not be let in."""
    about, path = plaintext.one_line(name(badge), MAX_LABEL), f"/badge/{badge.public_id}"
    url = f"{settings.HEARTBEET_SITE_URL}{path}.svg"
    return Card(
        id=badge.id,
        name=name(badge),
        monitor_url=badge.monitor.get_absolute_url() if badge.monitor else "",
        src=f"{path}.svg",
        links=(
            Link(f"badge-{badge.id}-markdown", "Markdown", "the Markdown", f"![{_in_markdown(about)}]({url})"),
            Link(f"badge-{badge.id}-html", "HTML", "the HTML", f'<img src="{url}" alt="{escape(about)}" height="20">'),
            Link(f"badge-{badge.id}-svg", "Link", "the link", url),
            Link(f"badge-{badge.id}-json", "JSON", "the link", url.removesuffix("svg") + "json"),
        ),
    )


def maybe(badge: Badge | None) -> Card | None:
    """The same, if there is one."""
    return card(badge) if badge else None


def _in_markdown(text: str) -> str:
    return re.sub(r"([\\`*_\[\]<>!#|~&])", r"\\\1", text)

"""One style sheet and one script for every page, and a sheet for the pages that show widgets, put together from the
files of `static/` when a process first needs them: a page is painted after two requests, the sources stay small, and
nothing has to be built.

The address holds a digest of the content, so that a browser keeps it for ever and asks anew after an update.
"""

import gzip
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

SOURCES = {
    "heartbeet.css": (
        "css/tokens.css",
        "css/base.css",
        "css/layout.css",
        "css/components.css",
        "css/states.css",
        "css/forms.css",
        "css/monitor-form.css",
        "css/data.css",
        "css/ledger.css",
        "css/board.css",
        "css/overlays.css",
        "css/charts.css",
    ),
    "widgets.css": ("css/widgets.css",),
    "heartbeet.js": (
        "vendor/htmx/htmx-2.0.11.min.js",
        "vendor/idiomorph/idiomorph-ext-0.8.0.min.js",
        "js/page.js",
        "js/live.js",
        "js/times.js",
        "js/toasts.js",
        "js/picks.js",
        "js/keys.js",
        "js/tags.js",
    ),
}
"""What each of them consists of, in this order. Only pages with widgets ask for `widgets.css`."""
OF_EVERY_PAGE = ("heartbeet.css", "heartbeet.js")
_TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8"}
_COMMENT, _INDENT = re.compile(r"/\*.*?\*/", re.DOTALL), re.compile(r"\s*\n\s*")


@dataclass(frozen=True, slots=True)
class Bundle:
    """A file as it is served, plain and packed."""

    name: str
    digest: str
    content: bytes
    packed: bytes

    @property
    def url(self) -> str:
        return f"/assets/{self.name}?v={self.digest}"


@cache
def of(name: str) -> Bundle:
    """The bundle of this name; KeyError if there is none."""
    folder = settings.BASE_DIR / "static"
    parts = [(source, (folder / source).read_text(encoding="utf-8")) for source in SOURCES[name]]
    text = _styles(parts) if name.endswith(".css") else _scripts(parts)
    content = text.encode()
    digest = hashlib.sha256(content).hexdigest()[:16]
    return Bundle(name, digest, content, gzip.compress(content, mtime=0))


def context(request: HttpRequest) -> dict[str, Any]:
    """The template context processor: where they are."""
    return {
        "style_url": of("heartbeet.css").url,
        "script_url": of("heartbeet.js").url,
        "widgets_style_url": of("widgets.css").url,
    }


@require_safe
def serve(request: HttpRequest, name: str) -> HttpResponse:
    """A bundle. Another digest gets today's content too, kept by nobody: during an update both are asked for."""
    found = of(name)
    is_asked_for = request.GET.get("v") == found.digest
    is_packed = "gzip" in request.headers.get("Accept-Encoding", "")
    response = HttpResponse(found.packed if is_packed else found.content, _TYPES[name.rpartition(".")[2]])
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if is_asked_for else "no-store"
    response.headers["Vary"] = "Accept-Encoding"
    if is_packed:
        response.headers["Content-Encoding"] = "gzip"
    return response


def _styles(parts: Sequence[tuple[str, str]]) -> str:
    """Without comments, indentation, line ends, and the blank before a value. None of our values spans lines without a
    comma, or has a comment or a colon in a string."""
    joined = "\n".join(text for _, text in parts)
    return _INDENT.sub("", _COMMENT.sub("", joined)).replace(": ", ":").strip()


def _scripts(parts: Sequence[tuple[str, str]]) -> str:
    """One after the other; ours each in a scope of its own, strict, and without indentation and lines of comment. None
    of ours has a text of several lines."""
    return "\n;\n".join(text if source.startswith("vendor/") else _scoped(text) for source, text in parts)


def _scoped(script: str) -> str:
    lines = [line.strip() for line in script.splitlines()]
    return "\n".join(["(() => {", *(line for line in lines if line and not line.startswith("//")), "})()"])

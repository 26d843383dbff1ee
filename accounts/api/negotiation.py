"""Which bodies we read and what we answer with: JSON, in UTF-8, uncompressed."""

from email.message import Message
from typing import Any

from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

_CHARSETS = {"", "utf-8", "utf8", "us-ascii"}
_ENCODINGS = {"", "identity"}


class AlwaysJSON(BaseContentNegotiation):
    """Answers JSON whatever the Accept header says: a curl or a browser without one should not get a 406."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        """The parser of the body's type; None for what is no type of ours, in another charset, or compressed."""
        header = Message()
        header["Content-Type"] = request.content_type or ""
        charset = str(header.get_param("charset", "")).strip().lower()
        encoding = request.headers.get("Content-Encoding", "").strip().lower()
        if charset not in _CHARSETS or encoding not in _ENCODINGS:
            return None
        wanted = (request.content_type or "").partition(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == wanted), None)

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        return renderers[0], renderers[0].media_type

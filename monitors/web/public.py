"""Badges and feeds: what is read by strangers and by programs, who have a link and nothing else. No view here looks at
the session, so none of them costs a look-up there, sets a cookie, or answers differently to who is signed in."""

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.utils.cache import get_conditional_response
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from heartbeet.lib import badge as picture
from heartbeet.lib import clock
from monitors import badges, feeds
from monitors.web import atom
from monitors.web import present_badges as present

_NOTHING = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"
_INERT = {
    "Content-Security-Policy": _NOTHING,
    "X-Content-Type-Options": "nosniff",
}
"""Opened by itself an SVG is a document: this one may run, load and embed nothing."""
_FOR_EVERYBODY = {
    **_INERT,
    # Long enough for a busy page to cost next to nothing, and well below the minute that people forgive a badge.
    "Cache-Control": "public, max-age=30",
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
_FOR_READERS = {**_INERT, "Cache-Control": "private, max-age=60"}
_NO_BADGE = {"error": "No badge is here: it was switched off or replaced.", "code": "NOT_FOUND"}
_NO_FEED = "No feed is here: it was switched off, or its address was replaced.\n"


@csrf_exempt
@require_safe
def badge_svg(request: HttpRequest, public_id: str) -> HttpResponse:
    """The badge as a picture; where none is, a picture says so."""
    face = _face(request, public_id)
    shown = face or present.unknown(request.GET.get("label", ""))
    svg = picture.svg(shown.label, shown.message, shown.color)
    return HttpResponse(
        svg, content_type="image/svg+xml; charset=utf-8", status=200 if face else 404, headers=_headers(face)
    )


@csrf_exempt
@require_safe
def badge_json(request: HttpRequest, public_id: str) -> HttpResponse:
    """The badge as what shields.io draws one from. It takes no other keys, so the state is in a header."""
    face = _face(request, public_id)
    if face is None:
        return JsonResponse(_NO_BADGE, status=404, headers=_FOR_EVERYBODY)
    shown = {"schemaVersion": 1, "label": face.label, "message": face.message, "color": face.color}
    return JsonResponse(shown, headers=_headers(face))


@csrf_exempt
@require_safe
def feed(request: HttpRequest, feed_key: str) -> HttpResponseBase:
    """The latest incidents as Atom. A wrong key, an old one and none at all get the same answer."""
    found = feeds.find(feed_key)
    if found is None:
        return HttpResponse(_NO_FEED, content_type="text/plain; charset=utf-8", status=404, headers=_FOR_READERS)
    content = atom.content(found, feeds.latest(found))
    answer = get_conditional_response(request, etag=content.etag)
    if answer is None:
        answer = HttpResponse(atom.written(content), content_type="application/atom+xml; charset=utf-8")
    for name, value in {**_FOR_READERS, "ETag": content.etag}.items():
        answer[name] = value
    return answer


def _face(request: HttpRequest, public_id: str) -> present.Face | None:
    badge = badges.find(public_id)
    if badge is None:
        return None
    return present.face(badge, badges.states(badge, clock.now()), request.GET.get("label", ""))


def _headers(face: present.Face | None) -> dict[str, str]:
    if face is None or not face.status:
        return _FOR_EVERYBODY
    told = {"X-Heartbeet-Status": face.status, "Access-Control-Expose-Headers": "X-Heartbeet-Status"}
    return {**_FOR_EVERYBODY, **told}

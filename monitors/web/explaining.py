"""A model's text about an incident, if the operator has configured one: from the same sentences as the page's own.

A script asks for plain text, and shows it while it comes. Without one the text waits in the session for the page after
the POST, so that reloading that asks nobody again.
"""

import contextlib
from collections.abc import AsyncIterator, Generator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from accounts import access
from accounts.domain.roles import Scope
from heartbeet.lib import clock, durations, llm, ratelimit, words
from heartbeet.lib.words import Moment, Teller
from monitors import beet_evidence, queries
from monitors.domain import explain as rules
from monitors.models import Incident

_KEY = "model-text"
_STREAM = {"Cache-Control": "no-store, private", "X-Accel-Buffering": "no"}
"""The second keeps nginx from gathering the pieces."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What an incident's page offers: to ask the model, and what it said when this person asked last, here."""

    model: str
    text: str = ""
    at: Moment | None = None


@require_POST
def explain(request: HttpRequest, incident_id: int) -> HttpResponseBase:
    """The text, as it comes; or the incident's page with it."""
    who = access.of(request)
    incident = get_object_or_404(queries.incidents(who.organization), id=incident_id)
    who.demand(Scope.INCIDENTS_READ)
    model, is_stream = llm.configured(), request.headers.get("Accept") == "text/plain"
    tell = words.Teller.for_zone(clock.now(), who.zone)
    sentences = beet_evidence.sentences(incident, zone=tell.zone) if model else []
    if model is None or not sentences:
        raise Http404
    try:
        ratelimit.check_model(request, user_id=access.person(request).id)
    except ratelimit.TooManyRequests as refusal:
        return _wait(request, incident, refusal, is_stream=is_stream)
    pieces = _told(model, sentences)
    if is_stream:
        return StreamingHttpResponse(_as_it_comes(pieces), content_type="text/plain; charset=utf-8", headers=_STREAM)
    request.session[_KEY] = {"incident": incident.id, "text": "".join(pieces), "at": tell.now.isoformat()}
    return redirect(f"{incident.get_absolute_url()}#model")


def offer(request: HttpRequest, incident: Incident, tell: Teller) -> Offer | None:
    """What the page of an incident offers; None without a model, or without evidence to ask it about."""
    model = llm.configured()
    if model is None or not incident.evidence:
        return None
    kept: dict[str, Any] = request.session.get(_KEY) or {}
    if kept.get("incident") != incident.id:
        return Offer(model.name)
    return Offer(model.name, kept["text"], tell.precise(datetime.fromisoformat(kept["at"]).astimezone(UTC)))


def _told(model: llm.Model, sentences: list[str]) -> Generator[str, None, None]:
    """What the model says of exactly these sentences, and in brackets why it ends where it does not by itself."""
    said = False
    try:
        for piece in model.tell(rules.FOR_A_MODEL, "\n".join(sentences)):
            said = said or bool(piece)
            yield piece
    except llm.Stopped as why:
        yield f"\n\n[{why}]" if said else f"[{why}]"


async def _as_it_comes(pieces: Generator[str, None, None]) -> AsyncIterator[str]:
    """Each piece as soon as it is there. Reading waits in threads of its own, so that it holds up no other page."""
    following = sync_to_async(lambda: next(pieces, None), thread_sensitive=False)
    try:
        while (piece := await following()) is not None:
            yield piece
    finally:
        with contextlib.suppress(ValueError):  # a thread is reading still: the time limit ends that
            pieces.close()


def _wait(
    request: HttpRequest, incident: Incident, refusal: ratelimit.TooManyRequests, *, is_stream: bool
) -> HttpResponse:
    says = f"You have asked the model often: wait {durations.short(refusal.retry_after_sec)}, then try again."
    if is_stream:
        headers = {"Retry-After": str(refusal.retry_after_sec)}
        return HttpResponse(says, status=429, content_type="text/plain; charset=utf-8", headers=headers)
    messages.error(request, says)
    return redirect(incident)

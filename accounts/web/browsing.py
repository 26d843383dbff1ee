"""Ties a request to its session: who asks from where is kept with the session, and when they were last seen."""

from django.conf import settings
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from accounts import access, identity, sessions
from accounts.domain.actor import Actor
from heartbeet.lib import clock


class BrowsingMiddleware(SessionMiddleware):
    """Django's session middleware on `accounts.sessions`. What need not hold up an answer is written once it is out."""

    def process_request(self, request: HttpRequest) -> None:
        key = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
        agent = request.headers.get("User-Agent", "")
        request.session = sessions.SessionStore(key, ip=access.client_address(request), user_agent=agent)

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:  # type: ignore[override]
        answer: HttpResponseBase = super().process_response(request, response)  # type: ignore[arg-type]
        if answer.status_code < 500:
            # Django's own list of what to do when the last byte is out; it closes uploaded files the same way.
            answer._resource_closers.append(lambda: _afterwards(request))  # type: ignore[attr-defined]
        return answer


def _afterwards(request: HttpRequest) -> None:
    session = request.session
    assert isinstance(session, sessions.SessionStore)
    session.touch()
    if email := getattr(request, "failed_sign_in", ""):
        by = Actor(email=email, ip=session.ip, user_agent=session.user_agent)
        identity.record_failed_sign_in(email=email, by=by, now=clock.now())

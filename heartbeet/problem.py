"""What went wrong, said once: every exception that an interface may let through, as the API's JSON or as a page."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.core.exceptions import DisallowedHost, PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.template import TemplateDoesNotExist, loader
from rest_framework import exceptions as rest
from rest_framework.response import Response
from rest_framework.views import set_rollback

from accounts import access, answers, invitations, members, ranks
from accounts import operations as accounts_operations
from accounts.api import idempotency
from alerts import operations as alerts_operations
from alerts import subscriptions
from alerts.channels import base
from heartbeet.lib import bulk, crypto, ratelimit
from monitors import operations as monitors_operations
from monitors import transitions
from monitors.api import names
from monitors.domain import fields as monitor_fields


@dataclass(frozen=True, slots=True)
class Problem:
    """A status, a stable code, a sentence, and for bad input what is wrong with which field."""

    status: int
    code: str
    error: str
    fields: tuple[dict[str, str], ...] = ()
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def body(self) -> dict[str, Any]:
        """The JSON of the API's error envelope."""
        said: dict[str, Any] = {"error": self.error, "code": self.code}
        return {**said, "fields": list(self.fields)} if self.fields else said


_NOT_FOUND = Problem(404, "NOT_FOUND", "There is nothing here, or it is not yours.")
_INTERNAL = Problem(500, "INTERNAL", "Heartbeet made a mistake; it is in the log.")
_BAD_REQUEST = Problem(400, "BAD_REQUEST", "This request cannot be understood.")
_OTHER_HOST = Problem(400, "HOST_NOT_ALLOWED", "Heartbeet does not answer to this name (HEARTBEET_ALLOWED_HOSTS).")
_FORBIDDEN = Problem(403, "FORBIDDEN", "Your account does not have the right to do this.")
_IN_PROGRESS = Problem(409, "IDEMPOTENCY_IN_PROGRESS", str(answers.InProgress.__doc__), headers={"Retry-After": "1"})
_TOO_LARGE = Problem(413, "BODY_TOO_LARGE", "The body is too large.")
_AWAY = Problem(503, "UNAVAILABLE", "The database cannot be reached; try again soon.", headers={"Retry-After": "5"})

_CODES: list[tuple[type[Exception], int, str]] = [
    (access.ScopeInsufficient, 403, "PAT_SCOPE_INSUFFICIENT"),
    (access.RoleInsufficient, 403, "ROLE_INSUFFICIENT"),
    (ranks.Outranked, 403, "ROLE_INSUFFICIENT"),
    (members.LastOwner, 409, "LAST_OWNER"),
    (invitations.AlreadyMember, 409, "ALREADY_MEMBER"),
    (invitations.AlreadyInvited, 409, "ALREADY_INVITED"),
    (invitations.NotOpen, 409, "INVITATION_CLOSED"),
    (invitations.TooManyOpen, 429, "INVITATION_LIMIT"),
    (accounts_operations.AlreadySetUp, 409, "ALREADY_SET_UP"),
    (accounts_operations.BadSetupCode, 404, "NOT_FOUND"),
    (monitors_operations.NameTaken, 409, "MONITOR_NAME_DUPLICATE"),
    (monitors_operations.MonitorLimitReached, 429, "PLAN_LIMIT_MONITORS"),
    (monitors_operations.IntervalTooLow, 400, "PLAN_INTERVAL_TOO_LOW"),
    (answers.ReplayConflict, 409, "IDEMPOTENCY_KEY_REPLAY_CONFLICT"),
    (idempotency.KeyTooLong, 400, "IDEMPOTENCY_KEY_TOO_LONG"),
    (transitions.NotOpen, 409, "INCIDENT_RESOLVED"),
    (crypto.CannotOpen, 409, "SECRET_UNREADABLE"),
    (alerts_operations.NotDead, 409, "DELIVERY_NOT_DEAD"),
    (alerts_operations.SwitchedOff, 409, "CHANNEL_SWITCHED_OFF"),
]
"""Exceptions whose message is the sentence."""

_FIXED: list[tuple[type[Exception], Problem]] = [
    (Http404, _NOT_FOUND),
    (DisallowedHost, _OTHER_HOST),
    (RequestDataTooBig, _TOO_LARGE),
    (SuspiciousOperation, _BAD_REQUEST),
    (PermissionDenied, _FORBIDDEN),
    (answers.InProgress, _IN_PROGRESS),
    (OperationalError, _AWAY),
    (InterfaceError, _AWAY),
]

_REST_CODES = {
    400: "BAD_JSON",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    413: "BODY_TOO_LARGE",
    415: "UNSUPPORTED_MEDIA_TYPE",
}
_REST_SENTENCES = {
    400: "The body is not JSON. {detail}",
    405: "{detail} The Allow header says what is.",
    415: "Send JSON, in UTF-8 and not compressed, with the header `Content-Type: application/json`.",
}


def of(error: Exception) -> Problem | None:
    """What an exception says to the outside; None if it is a mistake of ours."""
    for kind, status, code in _CODES:
        if isinstance(error, kind):
            return Problem(status, code, str(error))
    for kind, problem in _FIXED:
        if isinstance(error, kind):
            return problem
    return next((make(error) for kind, make in _MADE.items() if isinstance(error, kind)), None)


def for_api(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """Django REST Framework's exception handler. None lets the exception on to `server_error` and the log."""
    problem = of(error)
    if problem is None:
        return None
    set_rollback()
    return Response(problem.body, status=problem.status, headers=problem.headers)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler404."""
    return _answer(request, _NOT_FOUND)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler400."""
    return _answer(request, of(exception) or _BAD_REQUEST)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler403. What the exception says is meant for whoever was refused."""
    return _answer(request, replace(_FORBIDDEN, error=str(exception) or _FORBIDDEN.error))


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler500."""
    return _answer(request, _INTERNAL)


def _answer(request: HttpRequest, problem: Problem) -> HttpResponse:
    if request.path.startswith("/api/"):
        return JsonResponse(problem.body, status=problem.status, headers=problem.headers)
    return HttpResponse(_page(request, problem), status=problem.status, headers=problem.headers)


def _page(request: HttpRequest, problem: Problem) -> str:
    """`errors/<status>.html` or else `errors/error.html`; bare words if even that fails, for this may be its fault."""
    try:
        template = loader.select_template([f"errors/{problem.status}.html", "errors/error.html"])
        return str(template.render({"problem": problem}, request))
    except TemplateDoesNotExist:
        return f"<!doctype html><title>{problem.status}</title><p>{problem.error}</p>"


def _not_authenticated(error: Exception) -> Problem:
    return Problem(401, "NOT_AUTHENTICATED", str(error), headers={"WWW-Authenticate": "Bearer"})


def _limited(error: Exception) -> Problem:
    assert isinstance(error, ratelimit.TooManyRequests)
    return Problem(429, "RATE_LIMITED", str(error), headers={"Retry-After": str(error.retry_after_sec)})


def _daily_limit(error: Exception) -> Problem:
    assert isinstance(error, accounts_operations.DailyLimitReached)
    return Problem(429, "PAT_DAILY_LIMIT_EXCEEDED", str(error), headers={"Retry-After": str(error.retry_after_sec)})


def _bad_monitor(error: Exception) -> Problem:
    assert isinstance(error, monitor_fields.Invalid)
    return _validation(
        {"path": names.public(bad.path), "code": bad.code, "message": bad.message} for bad in error.problems
    )


def _bad_grant(error: Exception) -> Problem:
    assert isinstance(error, accounts_operations.BadGrant)
    return _validation({"path": path, "code": "invalid", "message": text} for path, text in error.fields.items())


def _bad_address(error: Exception) -> Problem:
    return _validation(iter([{"path": "email", "code": "invalid", "message": str(error)}]))


def _bad_channel(error: Exception) -> Problem:
    assert isinstance(error, base.BadConfig)
    field = {"path": names.public(error.path), "code": "invalid", "message": str(error)}
    return replace(_validation(iter([field])), code=error.code)


def _bad_choice(error: Exception) -> Problem:
    return _validation(iter([{"path": "subscriptions", "code": "invalid", "message": str(error)}]))


def _unknown_channel(error: Exception) -> Problem:
    return _validation(iter([{"path": "channelIds", "code": "invalid", "message": str(error)}]))


def _bad_item(error: Exception) -> Problem | None:
    """What its cause says, with the item's place before each path. A mistake of ours stays one."""
    assert isinstance(error, bulk.ItemFailed)
    assert isinstance(error.__cause__, Exception)
    problem = of(error.__cause__)
    if problem is None or problem.status >= 500:
        return problem
    said = problem.fields or ({"path": "", "code": problem.code, "message": problem.error},)
    fields = tuple({**one, "path": _joined(error.path, one["path"])} for one in said)
    return replace(problem, error=f"{fields[0]['path']}: {fields[0]['message']}", fields=fields)


def _bad_body(error: Exception) -> Problem:
    assert isinstance(error, rest.ValidationError)
    return _validation(_flatten(error.detail))


def _validation(found: Iterator[dict[str, str]]) -> Problem:
    fields = tuple(found)
    first = ": ".join(filter(None, [fields[0]["path"], fields[0]["message"]])) if fields else "The input is not valid."
    return Problem(400, "VALIDATION_FAILED", first, fields)


def _flatten(detail: Any, path: str = "") -> Iterator[dict[str, str]]:
    """DRF's nested errors as a flat list: `{"tags": {2: [...]}}` is the path `tags.2`, and
    `{"monitors": [{}, {"name": [...]}]}` is `monitors.1.name`."""
    if isinstance(detail, dict):
        for key, part in detail.items():
            name = "" if key == "non_field_errors" else str(key)
            yield from _flatten(part, _joined(path, name))
    elif isinstance(detail, list):
        for place, part in enumerate(detail):  # a list of objects says nothing about those that are right
            yield from _flatten(part, _joined(path, str(place)) if isinstance(part, dict) else path)
    else:
        yield {"path": path, "code": getattr(detail, "code", "invalid"), "message": str(detail)}


def _joined(*parts: str) -> str:
    return ".".join(filter(None, parts))


def _rest(error: Exception) -> Problem:
    assert isinstance(error, rest.APIException)
    code = _REST_CODES.get(error.status_code, "BAD_REQUEST")
    sentence = _REST_SENTENCES.get(error.status_code, "{detail}").format(detail=error.detail)
    return _NOT_FOUND if code == "NOT_FOUND" else Problem(error.status_code, code, sentence)


_MADE: dict[type[Exception], Callable[[Exception], Problem | None]] = {
    access.NotAuthenticated: _not_authenticated,
    ratelimit.TooManyRequests: _limited,
    accounts_operations.DailyLimitReached: _daily_limit,
    monitor_fields.Invalid: _bad_monitor,
    accounts_operations.BadGrant: _bad_grant,
    invitations.BadAddress: _bad_address,
    base.BadConfig: _bad_channel,
    subscriptions.UnknownChannel: _unknown_channel,
    subscriptions.BadChoice: _bad_choice,
    bulk.ItemFailed: _bad_item,
    rest.ValidationError: _bad_body,
    rest.APIException: _rest,
}
"""Exceptions that carry more than a sentence; the more special ones first."""

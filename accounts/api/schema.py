"""The document of the API (OpenAPI 3.1): what `describe.call` says of each call, with all that is the same everywhere.

drf-spectacular walks the routes and turns serializers into JSON Schema; `heartbeet.openapi` serves the result.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import uritemplate
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ComponentRegistry, ResolvedComponent, get_doc
from rest_framework.serializers import Serializer

from accounts.api import describe, parts
from accounts.api.body import Body
from accounts.api.codes import CODES
from accounts.api.parts import Spec
from accounts.api.shown import Shown
from accounts.domain.roles import Scope

PREFIX = "/api/v1/"
TAGS = {
    "monitors": "Monitors",
    "listening-gaps": "Monitors",
    "alert-policy": "Monitors",
    "incidents": "Incidents",
    "channels": "Channels",
    "deliveries": "Channels",
    "me/tokens": "Access tokens",
    "me/members": "Members",
    "me/invites": "Members",
    "me/webhook-secret": "Webhook secret",
    "me": "Account",
    "audit-logs": "Audit log",
}
"""The tag of a call by the beginning of its path; the more special ones first."""

_MUTATIONS = ("POST", "PUT", "PATCH", "DELETE")
_SUCCESS = {200: "Done.", 201: "Made.", 204: "Done; there is nothing to show."}


class NotDescribed(TypeError):
    """A method of an Endpoint has no `describe.call`."""


class Calls(AutoSchema):
    """One operation per described method."""

    described: describe.Description

    def get_operation(
        self, path: str, path_regex: str, path_prefix: str, method: str, registry: ComponentRegistry
    ) -> Spec:
        self.path, self.path_regex, self.path_prefix = path, path_regex, path_prefix
        self.method, self.registry = method.upper(), registry
        handler = getattr(self.view, method.lower())
        found = describe.of(handler)
        if found is None:
            raise NotDescribed(f"{method} {path} has no `describe.call`.")
        self.described = found
        operation = {
            "operationId": found.name,
            "summary": found.summary,
            "description": self._description(handler),
            "tags": [tag_of(self.path)],
            "parameters": list(self._all_parameters()),
            "security": self.get_auth(),
            "x-scopes": self._scopes,
            "responses": {**self._success(), **self._errors()},
        }
        return operation | self._body()

    @property
    def _scopes(self) -> list[str]:
        needs: dict[str, tuple[Scope, ...]] = getattr(self.view, "needs", {})
        return [scope.value for scope in needs.get(self.method, ())]

    @property
    def _is_mutation(self) -> bool:
        return self.method in _MUTATIONS

    def _description(self, handler: Any) -> str:
        """The method's docstring, and the scopes."""
        needs = " and ".join(f"`{scope}`" for scope in self._scopes)
        said = " ".join(get_doc(handler).split())
        return "\n\n".join(filter(None, [said, f"Needs {needs}." if needs else "Open to every token."]))

    def _all_parameters(self) -> Iterator[Spec]:
        for parameter in self._resolve_path_parameters(uritemplate.variables(self.path)):
            yield {**parameter, "name": parameter["name"].replace("_id", "Id")}
        yield from map(_query, self.described.query)
        if self.described.paged:
            yield from (self._shared("parameters", name, spec) for name, spec in parts.PAGING.items())
        if self._is_mutation:
            yield self._shared("parameters", "IdempotencyKey", parts.IDEMPOTENCY_KEY)

    def _body(self) -> Spec:
        shape = self.described.body
        if shape is None:
            return {}
        component = self.resolve_serializer(shape(partial=self.described.partial), "request")
        example = self.described.example or getattr(shape, "example", None)
        content = {"application/json": _media(component.ref, example)}
        return {"requestBody": {"required": bool(component.schema.get("required")), "content": content}}

    def _success(self) -> Spec:
        said = self.described
        headers = [*parts.QUOTA, *(["Idempotent-Replayed"] if self._is_mutation else [])]
        answer: Spec = {"description": _SUCCESS[said.status], "headers": self._headers(headers)}
        if said.answer:
            answer["content"] = {"application/json": _media(*self._answer(said.answer))}
            answer["content"] |= {media: {"schema": {"type": "string"}} for media in said.also}
        return {str(said.status): answer}

    def _answer(self, row: type[Serializer[Any]]) -> tuple[Spec, Any]:
        """The schema of what a call answers, and an example if the row has one."""
        schema, example = self.resolve_serializer(row(), "response").ref, getattr(row, "example", None)
        if self.described.paged:
            schema = self._shared("schemas", f"{row.__name__}Page", parts.page(schema))
            return schema, example and {"results": [example], "next": None, "previous": None}
        if self.described.many:
            return {"type": "array", "items": schema}, example and [example]
        return schema, example

    def _errors(self) -> Spec:
        """One answer per status, with the codes that it may carry."""
        by_status: dict[int, list[str]] = {}
        for code in self._codes():
            by_status.setdefault(CODES[code].status, []).append(code)
        return {str(status): self._error(status, codes) for status, codes in sorted(by_status.items())}

    def _codes(self) -> Iterator[str]:
        said = self.described
        yield from ("BAD_REQUEST", "VALIDATION_FAILED")
        if said.body:
            yield from ("BAD_JSON", "BODY_TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE")
        yield "NOT_AUTHENTICATED"
        if self._scopes:
            yield from ("PAT_SCOPE_INSUFFICIENT", "ROLE_INSUFFICIENT")
        if "{" in self.path:
            yield "NOT_FOUND"
        yield "RATE_LIMITED"
        if self._is_mutation:
            yield from ("IDEMPOTENCY_KEY_TOO_LONG", "IDEMPOTENCY_IN_PROGRESS", "IDEMPOTENCY_KEY_REPLAY_CONFLICT")
            yield "PAT_DAILY_LIMIT_EXCEEDED"
        yield "UNAVAILABLE"
        yield from said.problems

    def _error(self, status: int, codes: list[str]) -> Spec:
        """The answer of one status: a component that is named after its codes."""
        envelope = self._shared("schemas", "Error", parts.ERROR)
        spec = {
            "description": "\n".join(f"- `{code}`: {CODES[code].says}" for code in codes),
            "headers": self._headers(parts.headers_of(status)),
            "content": {
                "application/json": {
                    "schema": {"allOf": [envelope, {"properties": {"code": {"enum": codes}}}]},
                    "examples": {code: {"value": parts.error_example(code)} for code in codes},
                }
            },
        }
        return self._shared("responses", "Or".join(map(_camel, codes)), spec)

    def _headers(self, names: Iterable[str]) -> Spec:
        return {name: self._shared("headers", name, parts.HEADERS[name]) for name in names}

    def _shared(self, kind: str, name: str, spec: Spec) -> Spec:
        """A reference to a component, which is made if it is not there yet."""
        component = ResolvedComponent(name=name, type=kind, schema=spec, object=name)
        self.registry.register_on_missing(component)
        ref: Spec = component.ref
        return ref

    def _map_serializer(self, serializer: Any, direction: str, bypass_extensions: bool = False) -> Spec:
        schema: Spec = super()._map_serializer(serializer, direction, bypass_extensions)
        if not isinstance(serializer, Body):
            optional = getattr(serializer, "optional", ())
            return schema | {"required": [name for name in schema["properties"] if name not in optional]}
        for name, words in getattr(serializer, "words", {}).items():
            schema["properties"][name] |= words
        needed = getattr(serializer, "needed", schema.get("required", ()))
        return schema | {"additionalProperties": False} | ({"required": list(needed)} if needed else {})

    def _map_serializer_field(self, field: Any, direction: str, bypass_extensions: bool = False) -> Spec:
        if isinstance(field, Shown):
            return dict(field.schema)
        schema: Spec = super()._map_serializer_field(field, direction, bypass_extensions)
        schema.pop("readOnly", None)  # rows are for answers only, so it would say nothing
        return schema


class AccessTokens(OpenApiAuthenticationExtension):
    """How the document says `Authorization: Bearer hb_…`."""

    target_class = "accounts.api.authentication.AccessTokenAuthentication"
    name = "accessToken"

    def get_security_definition(self, auto_schema: AutoSchema) -> Spec:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": (
                "A personal access token, `Authorization: Bearer hb_…`. It acts for one member of one organisation: a "
                "request passes if the member's role and the token's scopes both allow it."
            ),
        }


def one_path_per_route(endpoints: list[Any]) -> list[Any]:
    """Every route answers with and without a slash at its end; one of them is enough to know."""
    return [endpoint for endpoint in endpoints if not endpoint[0].endswith("/")]


def tag_of(path: str) -> str:
    """The heading under which a path stands."""
    return next(tag for start, tag in TAGS.items() if path.startswith(PREFIX + start))


def _query(asked: describe.Query) -> Spec:
    schema = dict(asked.schema)
    if asked.many:
        schema = {"type": "array", "items": schema}
    return {"in": "query", "name": asked.name, "description": asked.says, "schema": schema}


def _media(schema: Spec, example: Any) -> Spec:
    return {"schema": schema, "example": example} if example is not None else {"schema": schema}


def _camel(code: str) -> str:
    """`NOT_FOUND` is NotFound."""
    return "".join(word.capitalize() for word in code.split("_"))

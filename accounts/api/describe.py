"""What the document of the API says about a call, written beside the method that answers it.

    class Monitors(Endpoint):
        needs: ClassVar = {"GET": (Scope.MONITORS_READ,), "POST": (Scope.MONITORS_WRITE,)}

        @describe.call(
            "List monitors", answer=rows.MonitorRow, paged=True, query=[describe.text("tag", "…", many=True)]
        )
        def get(self, request: Request) -> Response: ...

        @describe.call(
            "Create a monitor", body=bodies.MonitorBody, answer=rows.MonitorRow, status=201,
            problems=["MONITOR_NAME_DUPLICATE"],
        )
        def post(self, request: Request) -> Response: ...

The description is the method's docstring, else its class's. Scopes come from `needs`; `accounts.api.schema` adds what
is the same everywhere: paths, authentication, pages, the errors that every call can give, `Idempotency-Key`, headers.
A serializer may carry `example: ClassVar`: it is shown wherever the serializer is, and a test holds it to the schema.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from rest_framework.serializers import Serializer

Method = TypeVar("Method", bound=Callable[..., Any])

_KEPT = "described"


@dataclass(frozen=True, slots=True)
class Query:
    """A parameter behind the `?`; `many` if it may come several times."""

    name: str
    says: str
    schema: Mapping[str, Any]
    many: bool = False


@dataclass(frozen=True, slots=True)
class Description:
    """All that one call says about itself; the arguments are those of `call`."""

    summary: str
    name: str
    body: type[Serializer[Any]] | None
    partial: bool
    answer: type[Serializer[Any]] | None
    many: bool
    paged: bool
    status: int
    query: tuple[Query, ...]
    problems: tuple[str, ...]
    example: Any
    also: tuple[str, ...]


def call(
    summary: str,
    *,
    name: str = "",
    body: type[Serializer[Any]] | None = None,
    partial: bool = False,
    answer: type[Serializer[Any]] | None = None,
    many: bool = False,
    paged: bool = False,
    status: int = 0,
    query: Sequence[Query] = (),
    problems: Sequence[str] = (),
    example: Any = None,
    also: Sequence[str] = (),
) -> Callable[[Method], Method]:
    """Describe the method of an Endpoint.

    `summary` is an imperative of a few words; without its articles it is the operation's name ("Create a monitor":
    createMonitor), unless `name` gives another. `body` is what is sent (`partial`: any part of it), `answer` a row, a
    list of rows (`many`) or a page of them (`paged`); without `answer` the status is 204, else 200 or `status`.
    `problems` are the codes of errors (`accounts.api.codes`) beside those that every call can give. `example` is a
    body, if another than the serializer's own shows more. `also` are media types of text that the answer may have too.
    """
    found = Description(
        summary=summary,
        name=name or _operation_name(summary),
        body=body,
        partial=partial,
        answer=answer,
        many=many,
        paged=paged,
        status=status or (200 if answer else 204),
        query=tuple(query),
        problems=tuple(problems),
        example=example,
        also=tuple(also),
    )

    def keep(method: Method) -> Method:
        setattr(method, _KEPT, found)
        return method

    return keep


def of(method: Callable[..., Any] | None) -> Description | None:
    """What was said about a method; None if nothing was."""
    return getattr(method, _KEPT, None)


def single_parameters(method: Callable[..., Any] | None) -> set[str]:
    """The parameters that a request may give once."""
    said = of(method)
    if said is None:
        return set()
    paging = {"limit", "cursor"} if said.paged else set()
    return {each.name for each in said.query if not each.many} | paging


def filled_parameters(method: Callable[..., Any] | None) -> set[str]:
    """The parameters that cannot be empty: all but texts."""
    said = of(method)
    if said is None:
        return set()
    return {each.name for each in said.query if each.schema.keys() & {"enum", "format", "minimum"}} | {"limit"}


def text(name: str, says: str, *, many: bool = False, **schema: Any) -> Query:
    """A parameter that is text; `schema` may add JSON Schema's words, such as `maxLength`."""
    return Query(name, says, {"type": "string", **schema}, many)


def choice(name: str, says: str, words: Sequence[str], *, many: bool = False) -> Query:
    """A parameter that is one of a few words."""
    return Query(name, says, {"type": "string", "enum": [str(word) for word in words]}, many)


def number(name: str, says: str, **schema: Any) -> Query:
    """A parameter that is a whole number, by default an id; `schema` may add `minimum`, `maximum`."""
    return Query(name, says, {"type": "integer", "minimum": 1, **schema})


def real(name: str, says: str, **schema: Any) -> Query:
    """A parameter that is any number; `schema` gives its `minimum` and `maximum`."""
    return Query(name, says, {"type": "number", **schema})


def instant(name: str, says: str) -> Query:
    """A parameter that is a time."""
    return Query(name, says, {"type": "string", "format": "date-time"})


def flag(name: str, says: str) -> Query:
    """A parameter that is `true` or `false`."""
    return Query(name, says, {"type": "boolean"})


def _operation_name(summary: str) -> str:
    """`Create a monitor` is createMonitor."""
    first, *rest = [word for word in summary.replace("-", " ").split() if word not in ("a", "an", "the")]
    return first.lower() + "".join(word[:1].upper() + word[1:] for word in rest)

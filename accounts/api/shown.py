"""The fields of rows: a value as it is, with the JSON Schema of what it can be, for the document of the API."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from operator import attrgetter
from typing import Any

from rest_framework import serializers


class Shown(serializers.Field[Any, Any, Any, Any]):
    """A value of the row as it is. `schema` is the JSON Schema of it."""

    def __init__(self, schema: Mapping[str, Any], source: str | None = None) -> None:
        super().__init__(source=source, read_only=True)
        self.schema = schema

    def to_representation(self, value: Any) -> Any:
        return value


class Moment(serializers.DateTimeField):
    """An instant, RFC 3339 in UTC."""

    def to_representation(self, value: datetime) -> str:
        return value.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z"


class Row(serializers.Serializer[Any]):
    """A serializer for lists: it finds out once how to get at its values. Django REST Framework asks every field of
    every row again, which is half of the time that a page of 100 monitors takes."""

    def to_representation(self, instance: Any) -> dict[str, Any]:
        return {name: show(instance) for name, show in self._shows}

    @cached_property
    def _shows(self) -> list[tuple[str, Callable[[Any], Any]]]:
        return [(name, _getter(field)) for name, field in self.fields.items()]


def _getter(field: serializers.Field[Any, Any, Any, Any]) -> Callable[[Any], Any]:
    if field.source == "*":
        return field.to_representation
    get = attrgetter(field.source or "")
    if type(field) is Shown:
        return get

    def show(instance: Any) -> Any:
        value = get(instance)
        return None if value is None else field.to_representation(value)

    return show


def text(says: str, source: str | None = None, *, null: bool = False, **words: Any) -> Shown:
    """Text; `words` are more of JSON Schema's, such as `format`."""
    return Shown(_schema("string", says, null, words), source)


def choice(says: str, values: Sequence[str], source: str | None = None, *, null: bool = False) -> Shown:
    """One of a few words."""
    listed: list[str | None] = [str(value) for value in values]
    return Shown(_schema("string", says, null, {"enum": [*listed, None] if null else listed}), source)


def whole(says: str, source: str | None = None, *, null: bool = False, **words: Any) -> Shown:
    """A whole number."""
    return Shown(_schema("integer", says, null, words), source)


def number(says: str, source: str | None = None, *, null: bool = False, **words: Any) -> Shown:
    """Any number."""
    return Shown(_schema("number", says, null, words), source)


def flag(says: str, source: str | None = None, *, null: bool = False) -> Shown:
    """true or false."""
    return Shown(_schema("boolean", says, null, {}), source)


def several(says: str, items: str, source: str | None = None, **words: Any) -> Shown:
    """A list of values of one JSON type."""
    return Shown(_schema("array", says, False, {"items": {"type": items}, **words}), source)


def mapping(says: str, source: str | None = None, *, null: bool = False, **words: Any) -> Shown:
    """An object whose fields depend."""
    return Shown(_schema("object", says, null, words), source)


def moment(says: str, source: str | None = None, *, null: bool = False) -> Moment:
    """An instant, RFC 3339 in UTC."""
    return Moment(source=source, read_only=True, allow_null=null, help_text=says)


def _schema(kind: str, says: str, null: bool, words: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": [kind, "null"] if null else kind, **words, "description": says}

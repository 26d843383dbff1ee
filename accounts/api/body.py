"""Request bodies: strict JSON, and serializers that refuse what they do not know."""

from collections.abc import Iterator, Mapping
from typing import IO, Any

from rest_framework import serializers
from rest_framework.exceptions import APIException, ErrorDetail, ParseError, ValidationError
from rest_framework.parsers import BaseParser

from heartbeet.lib import strict_json

MAX_BYTES = 1_048_576


class BodyTooLarge(APIException):
    """The body is larger than the API takes."""

    status_code = 413
    default_code = "body_too_large"
    default_detail = f"The body must be at most {MAX_BYTES:,} bytes."


class StrictJSONParser(BaseParser):
    """JSON up to 1 MB, without NaN and duplicate keys."""

    media_type = "application/json"

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        data = stream.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise BodyTooLarge
        try:
            value = strict_json.loads(data)
        except strict_json.BadJSON as error:
            raise ParseError(str(error)) from error
        if b"\\u0000" in data:
            _refuse_nul(value)
        return value


def _refuse_nul(value: Any, path: str = "") -> None:
    """PostgreSQL keeps no NUL in text, wherever in the body it is. Raises ValidationError."""
    if isinstance(value, str) and "\x00" in value:
        raise ValidationError({path: [ErrorDetail("Null characters are not allowed.", code="invalid")]})
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in parts:
        _refuse_nul(str(name), path)
        _refuse_nul(part, f"{path}.{name}".lstrip("."))


_TYPES: dict[type[serializers.Field[Any, Any, Any, Any]], tuple[type, str]] = {
    serializers.BooleanField: (bool, "Must be true or false."),
    serializers.CharField: (str, "Must be a string."),
    serializers.DateTimeField: (str, "Must be a string."),
}
"""Django REST Framework also takes `"yes"` for true and 5 for "5": a client that sends these has made a mistake."""


def _wrong_types(fields: Mapping[str, Any], data: Mapping[Any, Any]) -> Iterator[tuple[str, Any]]:
    for name, field in fields.items():
        value = data.get(name)
        kind = next((wanted for base, wanted in _TYPES.items() if isinstance(field, base)), None)
        if kind and value is not None and not isinstance(value, kind[0]):
            yield name, [ErrorDetail(kind[1], code="invalid")]


class Body(serializers.Serializer[Any]):
    """The base of all request bodies: a field that it does not know is an error, not silence."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, Mapping):
            raise ValidationError({"": [ErrorDetail("The body must be a JSON object.", code="invalid")]})
        errors: dict[str, Any] = {
            name: [ErrorDetail("There is no such field here.", code="unknown_field")]
            for name in data
            if name not in self.fields
        }
        values = None
        try:
            values = super().to_internal_value(data)
        except ValidationError as error:
            errors |= dict(error.detail)  # type: ignore[arg-type]  # a serializer's details are by field
        errors = dict(_wrong_types(self.fields, data)) | errors
        if errors:
            raise ValidationError(errors)
        return values

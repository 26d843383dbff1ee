"""The API's document (OpenAPI 3.1): generated from the code, with the paths that are written by hand; and its page."""

import json
import re
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from heartbeet import openapi_paths

FILE = "schema.yml"
"""The committed document, at the project's root; `make schema` writes it."""


@cache
def document() -> dict[str, Any]:
    """The document as data; made once, for the code does not change while it runs."""
    from drf_spectacular.generators import SchemaGenerator  # it takes a while to load, and few processes need it

    generated = SchemaGenerator().get_schema(request=None, public=True)
    found: dict[str, Any] = json.loads(json.dumps(generated, default=str))
    return found


def as_yaml() -> str:
    """The document as it is committed: stable, and readable in a diff."""
    from drf_spectacular.renderers import OpenApiYamlRenderer

    written: bytes = OpenApiYamlRenderer().render(document())
    return written.decode()


def complete(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """drf-spectacular's hook after generating: the paths that it cannot know, and the order of the headings."""
    paths = {re.sub(r"{(\w+)_id}", r"{\1Id}", path): calls for path, calls in result["paths"].items()}
    paths |= openapi_paths.PATHS
    used = {tag for path in paths.values() for call in path.values() if "tags" in call for tag in call["tags"]}
    tags = [{"name": name} for name in openapi_paths.TAGS if name in used]
    return {**result, "servers": [{"url": "/"}], "tags": tags, "paths": paths}


@require_safe
def as_json(request: HttpRequest) -> HttpResponse:
    """`/api/v1/openapi.json`, for everyone: it holds no secret, and generators have no token."""
    return HttpResponse(_bytes(), content_type="application/json", headers={"Cache-Control": "public, max-age=300"})


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """`/api/v1/docs`."""
    return render(request, "openapi/docs.html")


@cache
def _bytes() -> bytes:
    return json.dumps(document()).encode()

"""The one style sheet and the one script of every page."""

import gzip

import pytest
from django.test import Client

from heartbeet import bundle

NAMES = sorted(bundle.SOURCES)


@pytest.mark.parametrize("name", bundle.OF_EVERY_PAGE)
def test_a_page_names_what_a_browser_may_keep_for_ever(client: Client, name: str) -> None:
    page = client.get("/absent").content.decode()

    answer = client.get(bundle.of(name).url)

    assert f'"{bundle.of(name).url}"' in page
    assert (answer.status_code, answer["Cache-Control"]) == (200, "public, max-age=31536000, immutable")


@pytest.mark.parametrize("name", NAMES)
def test_it_is_packed_for_who_can_unpack_it(client: Client, name: str) -> None:
    plain = client.get(bundle.of(name).url)
    packed = client.get(bundle.of(name).url, headers={"Accept-Encoding": "gzip, br"})

    assert (packed["Content-Encoding"], packed["Vary"]) == ("gzip", "Accept-Encoding")
    assert gzip.decompress(packed.content) == plain.content
    assert len(packed.content) < len(plain.content) / 2


@pytest.mark.parametrize("query", ["", "?v=0123456789abcdef"])
def test_another_version_gets_todays_and_keeps_it_not(client: Client, query: str) -> None:
    answer = client.get(f"/assets/heartbeet.css{query}")

    assert (answer.content, answer["Cache-Control"]) == (bundle.of("heartbeet.css").content, "no-store")


def test_a_page_loads_one_style_sheet_and_one_script(client: Client) -> None:
    page = client.get("/absent").content.decode()

    assert (page.count('rel="stylesheet"'), page.count("<script")) == (1, 1)


def test_the_script_is_strict_and_each_part_of_it_has_a_scope_of_its_own() -> None:
    script = bundle.of("heartbeet.js").content.decode()

    ours = [name for name in bundle.SOURCES["heartbeet.js"] if name.startswith("js/")]
    assert script.count('(() => {\n"use strict";\n') == len(ours)


def test_the_style_sheet_has_every_rule_and_no_comment() -> None:
    styles = bundle.of("heartbeet.css").content.decode()

    assert "/*" not in styles
    assert styles.count("{") == styles.count("}")
    assert all(rule in styles for rule in [":root {", ".toasts {", ".timeline {", ".glyph-cut {"])

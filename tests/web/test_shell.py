"""The frame around every page: it says where one is."""

import re

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db

SECTIONS = [
    ("/", ["Monitors"]),
    ("/monitors/new", ["Monitors"]),
    ("/incidents", ["Incidents"]),
    ("/boards", ["Boards"]),
    ("/channels/new", ["Channels"]),
    ("/settings/projects", ["Settings"]),
    ("/account/profile", []),
    ("/api/v1/docs", []),
]


@pytest.mark.parametrize(("url", "current"), SECTIONS)
def test_the_section_of_a_page_is_marked_in_the_navigation(owner: Client, url: str, current: list[str]) -> None:
    page = owner.get(url).content.decode()

    navigation = page.partition('<nav class="nav"')[2].partition("</nav>")[0]

    assert re.findall(r'aria-current="page">(\w+)<', navigation) == current
    assert navigation.count("<a ") == 5

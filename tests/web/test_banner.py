"""A sweep that stands still is said on every page."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import pytest
from django.test import Client

from heartbeet.lib import clock
from monitors.models import SweepMark
from tests import factories

pytestmark = pytest.mark.django_db

SECOND = timedelta(seconds=1)


def _listening() -> None:
    factories.node(at=clock.now())


def _swept(ago: timedelta, *, behind: timedelta = timedelta(0)) -> None:
    ended = clock.now() - ago
    SweepMark.objects.create(id=1, finished_at=ended, watermark=ended - behind)


@pytest.mark.parametrize("url", ["/", "/incidents", "/channels", "/settings"])
def test_while_all_is_well_no_page_has_a_banner(url: str, owner: Client) -> None:
    _swept(ago=SECOND)

    assert "not watching" not in owner.get(url, follow=True).content.decode()


@pytest.mark.parametrize(
    ("reason", "arrange", "words"),
    [
        ("no worker was ever there", [], "has never run"),
        ("the sweep stands still", [_listening, partial(_swept, 31 * SECOND)], "last ran"),
        ("nobody listens, so it holds", [partial(_swept, 90 * SECOND)], "No process has been listening"),
        ("what was received is not stored", [partial(_swept, SECOND, behind=45 * SECOND)], "judged later"),
    ],
)
def test_a_page_says_that_silence_is_not_noticed(
    reason: str, arrange: list[Callable[[], None]], words: str, owner: Client
) -> None:
    for each in arrange:
        each()

    pages = [owner.get(url).content.decode() for url in ("/", "/banner")]

    assert all("Heartbeet is not watching." in page and words in page for page in pages), reason


def test_a_stranger_learns_nothing(client: Client) -> None:
    assert "not watching" not in client.get("/sign-in").content.decode()
    assert client.get("/banner").status_code in (302, 401)


def test_a_clock_that_was_set_back_is_no_trouble(owner: Client) -> None:
    at: datetime = clock.now() + timedelta(hours=1)
    SweepMark.objects.create(id=1, finished_at=at, watermark=at)

    assert "not watching" not in owner.get("/banner").content.decode()

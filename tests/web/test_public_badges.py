"""A badge as a stranger gets it: a picture or JSON at an address that nobody guesses, and nothing else."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from django.conf import settings as django_settings
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.domain.actor import SYSTEM
from accounts.models import Organization
from heartbeet.lib import badge as picture
from heartbeet.lib import clock
from monitors import badges, operations
from monitors.domain.status import Status
from monitors.models import Badge, Monitor, Pulse
from monitors.web import present_badges
from tests import factories

ABSENT = "A" * 22

pytestmark = pytest.mark.django_db


@pytest.fixture
def stranger() -> Client:
    return Client(enforce_csrf_checks=True)


@pytest.fixture
def badge(acme: Organization) -> Badge:
    """Of a monitor that is up."""
    monitor = factories.healthy(acme, at=datetime.now(UTC), name="nightly backup", tags=["db"])
    return badges.switch_on(monitor=monitor, by=SYSTEM, now=clock.now())


@pytest.fixture
def of_tag(badge: Badge) -> Badge:
    """Of three monitors, two of which are down."""
    for name in ("one", "two"):
        factories.incident(factories.healthy(badge.organization, name=name, tags=["db"]))
    return badges.switch_on_for_tag(organization=badge.organization, tag="db", by=SYSTEM, now=clock.now())


def _says(answer: Any) -> str:
    return ElementTree.fromstring(answer.content).attrib["aria-label"]


def test_a_badge_says_how_its_monitor_is(stranger: Client, badge: Badge) -> None:
    said = []
    for status in ("up", "down", "unknown", "paused", "new"):
        Pulse.objects.filter(monitor__badges=badge).update(status=status)
        said.append(_says(stranger.get(f"/badge/{badge.public_id}.svg")))

    assert said == [f"nightly backup: {status}" for status in ("up", "down", "unknown", "paused", "new")]


def test_it_says_late_as_the_dashboard_does(stranger: Client, badge: Badge) -> None:
    due = datetime.now(UTC) - timedelta(seconds=3700)
    Pulse.objects.filter(monitor__badges=badge).update(last_success_at=due, last_ping_at=due)

    assert _says(stranger.get(f"/badge/{badge.public_id}.svg")) == "nightly backup: late"


def test_the_badge_of_a_tag_says_how_many_are_worst(stranger: Client, of_tag: Badge) -> None:
    shown = stranger.get(f"/badge/{of_tag.public_id}.svg")

    assert _says(shown) == "db: 2 of 3 down"
    assert present_badges.COLORS[Status.DOWN] in shown.content.decode()


def test_the_badge_of_a_tag_that_nobody_has_any_more_says_so(stranger: Client, of_tag: Badge) -> None:
    Monitor.objects.update(tags=[])

    answer = stranger.get(f"/badge/{of_tag.public_id}.json")

    assert answer.json()["message"] == "no monitors"
    assert "X-Heartbeet-Status" not in answer


def test_json_is_what_shields_io_takes_and_not_a_key_more(stranger: Client, of_tag: Badge) -> None:
    answer = stranger.get(f"/badge/{of_tag.public_id}.json")

    down = present_badges.COLORS[Status.DOWN]
    assert answer.json() == {"schemaVersion": 1, "label": "db", "message": "2 of 3 down", "color": down}
    assert (answer["X-Heartbeet-Status"], answer["Access-Control-Expose-Headers"]) == ("down", "X-Heartbeet-Status")


@pytest.mark.parametrize(
    ("label", "shown"),
    [
        ("backups", "backups"),
        ("", "nightly backup"),
        ("  \n ", "nightly backup"),
        ("<script>alert('x')</script>&\"", "<script>alert('x')</script>&\""),
        ("x" * 61, "x" * 59 + "…"),
        ("\x00\u202eup", "up"),
    ],
)
def test_other_words_may_stand_for_the_name(stranger: Client, badge: Badge, label: str, shown: str) -> None:
    picture, data = (stranger.get(f"/badge/{badge.public_id}.{kind}", {"label": label}) for kind in ("svg", "json"))

    assert _says(picture) == f"{shown}: up"
    assert data.json()["label"] == shown


@pytest.mark.parametrize(
    "name",
    [
        "<script>alert(1)</script>",
        "'\"><img src=x onerror=alert(1)>",
        "تقرير",
        "\U0001f4be 备份",
        "W" * 255,
        "a\ufffeb",
    ],
)
def test_a_name_that_means_harm_does_none(stranger: Client, acme: Organization, name: str) -> None:
    badge = badges.switch_on(monitor=factories.monitor(acme, name=name), by=SYSTEM, now=clock.now())

    answer = stranger.get(f"/badge/{badge.public_id}.svg")

    assert _says(answer) == f"{name.replace(chr(0xFFFE), ' ')}: new"
    assert b"<script" not in answer.content
    assert b"<img" not in answer.content


@pytest.mark.parametrize("kind", ["svg", "json"])
def test_it_costs_two_queries_and_needs_no_session(
    stranger: Client, owner: Client, of_tag: Badge, badge: Badge, kind: str,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:  # fmt: skip
    for browser in (stranger, owner):
        for each in (badge, of_tag):
            with django_assert_num_queries(2):
                answer = browser.get(f"/badge/{each.public_id}.{kind}")
            assert not answer.cookies
            assert "Cookie" not in answer.get("Vary", "")


@pytest.mark.parametrize("kind", ["svg", "json"])
def test_it_may_be_shown_anywhere_kept_for_a_moment_and_run_nowhere(stranger: Client, badge: Badge, kind: str) -> None:
    found, absent = (stranger.get(f"/badge/{public_id}.{kind}") for public_id in (badge.public_id, ABSENT))

    for answer in (found, absent):
        assert answer["Cache-Control"] == "public, max-age=30"
        assert answer["Access-Control-Allow-Origin"] == "*"
        assert answer["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Content-Security-Policy"].startswith("default-src 'none'; ")
        assert answer["Content-Security-Policy"].endswith("; sandbox")
        assert answer["X-Frame-Options"] == "DENY"


def test_where_no_badge_is_a_picture_says_so(stranger: Client, badge: Badge) -> None:
    badges.switch_off(badge=badge, by=SYSTEM, now=clock.now())

    picture, named = (stranger.get(f"/badge/{badge.public_id}.svg{query}") for query in ("", "?label=backups"))

    assert (picture.status_code, picture["Content-Type"]) == (404, "image/svg+xml; charset=utf-8")
    assert (_says(picture), _says(named)) == ("badge: not found", "backups: not found")


@pytest.mark.parametrize("public_id", [ABSENT, "x", "%00", "..", "é", "A" * 5000])
def test_where_no_badge_is_json_says_so(stranger: Client, badge: Badge, public_id: str) -> None:
    answer = stranger.get(f"/badge/{public_id}.json")

    assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")


def test_the_badge_of_a_deleted_monitor_is_gone(stranger: Client, badge: Badge) -> None:
    assert badge.monitor
    operations.delete(monitor=badge.monitor, by=SYSTEM, now=clock.now())

    assert stranger.get(f"/badge/{badge.public_id}.svg").status_code == 404


def test_its_number_leads_nowhere(stranger: Client, badge: Badge) -> None:
    assert stranger.get(f"/badge/{badge.id}.svg").status_code == 404


def test_it_has_no_place_in_an_organisation(owner: Client, badge: Badge) -> None:
    for home in (badge.organization.home, "/o/no-such-one/"):
        assert owner.get(f"{home}badge/{badge.public_id}.svg").status_code == 404


@pytest.mark.parametrize("method", ["post", "put", "delete", "options"])
def test_it_can_only_be_looked_at(stranger: Client, badge: Badge, method: str) -> None:
    assert getattr(stranger, method)(f"/badge/{badge.public_id}.svg").status_code == 405


def test_a_head_is_answered_like_a_get(stranger: Client, badge: Badge) -> None:
    answer = stranger.head(f"/badge/{badge.public_id}.svg")

    assert (answer.status_code, answer.content, answer["X-Heartbeet-Status"]) == (200, b"", "up")


# Colours


def _tokens() -> dict[str, str]:
    """The colours of light pages, by name."""
    css = Path(django_settings.BASE_DIR / "static/css/tokens.css").read_text()
    return dict(re.findall(r"--([\w-]+): light-dark\((#\w+),", css))


def _lightness(parts: list[float]) -> float:
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _parts(color: str) -> list[float]:
    digits = color[1:] if len(color) == 7 else "".join(char * 2 for char in color[1:])
    return [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]


def test_states_have_the_colours_of_the_pages() -> None:
    tokens = _tokens()

    ours = {status: tokens["new" if status is Status.LEARNING else status] for status in Status}
    assert ours == present_badges.COLORS
    assert tokens["ink-soft"] == picture.LABEL_COLOR


@pytest.mark.parametrize("color", sorted({*present_badges.COLORS.values(), picture.LABEL_COLOR}))
def test_white_text_is_readable_where_the_ground_is_lightest(color: str) -> None:
    """AA of WCAG 2.2, with the sheen of the upper edge."""
    share = picture.SHEEN_OPACITY
    ground = [
        (1 - share) * own + share * sheen for own, sheen in zip(_parts(color), _parts(picture.SHEEN), strict=True)
    ]

    assert 1.05 / (_lightness(ground) + 0.05) >= 4.5


def test_no_secret_and_no_id_of_ours_is_in_an_answer(stranger: Client, badge: Badge) -> None:
    answers = [stranger.get(f"/badge/{badge.public_id}.{kind}").content.decode() for kind in ("svg", "json")]

    assert not [text for text in answers if badge.organization.slug in text or badge.public_id in text]
    assert set(json.loads(answers[1])) == {"schemaVersion", "label", "message", "color"}

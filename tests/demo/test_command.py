"""`heartbeet demo`: who owns what it makes, what it says, and that it goes on pinging."""

import io
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts import queries as accounts_queries
from accounts.models import Organization, Plan, User
from alerts.models import Attempt, Delivery
from heartbeet.demo import company, fill
from monitors.models import Gap, IncidentEvent, Monitor, Ping, Pulse, Run, StatusChange
from tests import factories
from tests.demo.shorter import SMALL
from tests.factories import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(company, "TURNIP_AND_SONS", SMALL)


def demo(**options: Any) -> str:
    said = io.StringIO()
    call_command("demo", stdout=said, **options)
    return said.getvalue()


def test_the_first_person_is_made_with_a_password_and_operates_the_installation() -> None:
    said = demo()

    owner = User.objects.get(email="rosa@turnip.example")
    password = said.partition("password ")[2].split()[0]
    assert owner.check_password(password)
    assert owner.is_superuser
    assert "/o/turnip-sons/ as rosa@turnip.example" in said


def test_who_exists_owns_it_and_keeps_their_password(alice: Any) -> None:
    said = demo(email=alice.user.email.upper())

    made = Organization.objects.get(slug="turnip-sons")
    assert list(accounts_queries.owners(made)) == [alice.user]
    assert "password" not in said
    assert alice.user.memberships.count() == 2


def test_a_chosen_password_is_not_printed_wrongly(alice: Any) -> None:
    demo(email="new@turnip.example", password="carrots and leeks")

    made = User.objects.get(email="new@turnip.example")
    assert made.check_password("carrots and leeks")
    assert not made.is_superuser


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"email": "nobody"}, "Enter a valid email address"),
        ({"password": "short"}, "too short"),
        ({"organization": "elsewhere", "ping": True}, "There is no organisation elsewhere"),
    ],
)
def test_a_mistake_is_said_and_nothing_is_made(given: dict[str, Any], complaint: str) -> None:
    with pytest.raises(CommandError, match=complaint):
        demo(**given)

    assert not Organization.objects.exists()
    assert not User.objects.exists()


def test_a_password_for_somebody_who_has_one_is_refused(alice: Any) -> None:
    with pytest.raises(CommandError, match="leave --password out"):
        demo(email=alice.user.email, password="carrots and leeks")


@pytest.mark.parametrize(
    ("limit", "complaint"),
    [({"monitor_limit": 5}, "allows 5 monitors"), ({"interval_floor_sec": 86_400}, "allows a ping every 86400 s")],
)
def test_a_plan_without_room_is_said_before_anything_is_made(limit: dict[str, int], complaint: str) -> None:
    Plan.objects.filter(id=accounts_queries.default_plan().id).update(**limit)

    with pytest.raises(CommandError, match=complaint):
        demo()

    assert not Organization.objects.exists()
    assert not User.objects.exists()


def test_its_last_line_says_how_it_stays_alive() -> None:
    assert demo().splitlines()[-1].strip() == "heartbeet demo --ping --organization turnip-sons"


def test_another_demo_is_another_organisation() -> None:
    demo()
    demo()

    assert set(Organization.objects.values_list("slug", flat=True)) == {"turnip-sons", "turnip-sons-2"}


def test_two_runs_at_the_same_time_make_the_same() -> None:
    owner = User.objects.create_user("rosa@turnip.example", "correct horse battery")

    first, second = (fill.fill(SMALL, owner=owner, seed=1, now=NOON).founded.organization for _ in range(2))

    assert history_of(first) == history_of(second)


def test_a_gap_is_left_out_where_it_would_count_for_others() -> None:
    factories.monitor()

    said = demo()

    assert "is left out" in said
    assert not Gap.objects.exists()
    assert Pulse.objects.filter(status="unknown").exists()


def history_of(organization: Organization) -> list[list[tuple[Any, ...]]]:
    """All that was stored, but for ids, tokens and what is drawn at random by their nature."""
    monitor = {"monitor__organization": organization}
    incident = {"incident__monitor__organization": organization}
    return [
        rows(
            Monitor.objects.filter(organization=organization),
            "name", "slug", "project__slug", "created_at", "locked",
        ),
        rows(
            Pulse.objects.filter(**monitor),
            "monitor__name", "status", "status_since", "last_ping_at", "waiting_from", "misses", "ping_count",
            "deadline",
        ),
        rows(
            Ping.objects.filter(**monitor),
            "monitor__name", "received_at", "kind", "value", "duration_sec", "exit_code", "run_id", "method", "source",
            "body_head",
        ),
        rows(Run.objects.filter(**monitor), "monitor__name", "run_id", "started_at", "finished_at", "outcome"),
        rows(StatusChange.objects.filter(**monitor), "monitor__name", "at", "from_status", "to_status", "cause"),
        rows(
            IncidentEvent.objects.filter(**incident),
            "incident__title", "incident__remind_at", "seq", "kind", "at", "actor__email", "message", "created_at",
            "dispatched_at", "hold_until",
        ),
        rows(
            Delivery.objects.filter(channel__organization=organization),
            "channel__name", "event__incident__title", "event__seq", "step", "status", "tries", "created_at",
            "delivered_at", "fell_back_at",
        ),
        rows(
            Attempt.objects.filter(delivery__channel__organization=organization),
            "delivery__channel__name", "at", "duration_ms", "status_code", "error",
        ),
    ]  # fmt: skip


def rows(found: Any, *names: str) -> list[tuple[Any, ...]]:
    read = [
        tuple(bytes(part) if isinstance(part, memoryview) else part for part in row)
        for row in found.values_list(*names)
    ]
    return sorted(read, key=repr)

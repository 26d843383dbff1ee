"""Members, invitations, the webhook secret and the audit log over HTTP."""

import csv
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.core import mail
from django.test import AsyncClient

from accounts import invitations, members
from accounts.domain.actor import SYSTEM
from accounts.domain.roles import Role
from accounts.models import AuditEvent, Membership, Organization
from heartbeet.lib import ratelimit
from monitors.models import Monitor
from tests import factories
from tests.api.client import API

pytestmark = pytest.mark.django_db

GRACE = {"email": "grace@example.com", "role": "member"}


@pytest.fixture
def as_adam(api: API, adam: Membership) -> API:
    api.login(adam)
    return api


def test_members_are_listed_with_their_roles(as_alice: API, alice: Membership, bob: Membership) -> None:
    rows = as_alice.get("/me/members").json()["results"]

    assert [(row["id"], row["userId"], row["email"], row["role"]) for row in rows] == [
        (alice.id, alice.user_id, alice.user.email, "owner"),
        (bob.id, bob.user_id, bob.user.email, "member"),
    ]
    assert set(rows[0]) == {"id", "userId", "email", "name", "role", "createdAt"}


def test_a_role_is_changed_and_a_member_removed(as_alice: API, bob: Membership) -> None:
    changed = as_alice.patch(f"/me/members/{bob.id}", {"role": "admin"})
    removed = as_alice.delete(f"/me/members/{bob.id}")

    assert (changed.status_code, changed.json()["role"]) == (200, "admin")
    assert removed.status_code == 204
    assert as_alice.delete(f"/me/members/{bob.id}").status_code == 404


@pytest.mark.parametrize("method", ["patch", "delete"])
def test_the_last_owner_stays(method: str, as_alice: API, alice: Membership) -> None:
    answer = getattr(as_alice, method)(f"/me/members/{alice.id}", *([{"role": "viewer"}] if method == "patch" else []))

    assert (answer.status_code, answer.json()["code"]) == (409, "LAST_OWNER")


def test_an_admin_does_not_touch_owners(as_adam: API, alice: Membership, bob: Membership) -> None:
    answers = [
        as_adam.patch(f"/me/members/{alice.id}", {"role": "admin"}),
        as_adam.delete(f"/me/members/{alice.id}"),
        as_adam.patch(f"/me/members/{bob.id}", {"role": "owner"}),
        as_adam.post("/me/invites", {**GRACE, "role": "owner"}),
    ]

    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(403, "ROLE_INSUFFICIENT")}


def test_tokens_of_a_removed_member_are_dead_at_once(api: API, alice: Membership, bob: Membership) -> None:
    token = api.login(bob)
    members.remove(membership=bob, by=SYSTEM, now=datetime.now(UTC))

    api.use(token)

    assert api.get("/monitors").status_code == 401


def test_a_token_of_a_demoted_member_may_no_more_than_the_role(api: API, alice: Membership, adam: Membership) -> None:
    api.login(adam)
    before = api.get("/audit-logs").status_code

    members.change_role(membership=adam, role=Role.VIEWER, by=SYSTEM, now=datetime.now(UTC))

    assert (before, api.get("/audit-logs").status_code) == (200, 403)


def test_an_invitation_is_sent_sent_again_and_revoked(as_alice: API, settings: Any) -> None:
    settings.HEARTBEET_SMTP_URL = "smtp://127.0.0.1:25"

    made = as_alice.post("/me/invites", GRACE)
    path = f"/me/invites/{made.json()['id']}"
    again, listed, revoked = as_alice.post(f"{path}/resend"), as_alice.get("/me/invites"), as_alice.delete(path)

    assert (made.status_code, made.json()["status"], made.json()["link"]) == (201, "open", None)
    assert again.json()["link"] is None
    assert [row["email"] for row in listed.json()["results"]] == ["grace@example.com"]
    assert revoked.status_code == 204
    assert as_alice.get("/me/invites").json()["results"] == []
    assert len(mail.outbox) == 2


def test_without_a_mail_server_the_link_is_in_the_answer(as_alice: API) -> None:
    made = as_alice.post("/me/invites", GRACE).json()

    code = made["link"].rpartition("/")[2]
    assert invitations.find(code, datetime.now(UTC)).id == made["id"]
    assert "link" not in as_alice.get("/me/invites").json()["results"][0]


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"email": "grace", "role": "member"}, "email"),
        ({"email": "grace@example.com", "role": "god"}, "role"),
        ({"email": "grace@example.com"}, "role"),
        ({**GRACE, "admin": True}, "admin"),
    ],
)
def test_a_bad_invitation_says_what_is_wrong(body: Any, path: str, as_alice: API) -> None:
    answer = as_alice.post("/me/invites", body)

    assert (answer.status_code, answer.json()["code"]) == (400, "VALIDATION_FAILED")
    assert [field["path"] for field in answer.json()["fields"]] == [path]


def test_an_open_invitation_and_a_member_are_conflicts(as_alice: API, bob: Membership) -> None:
    as_alice.post("/me/invites", GRACE)

    again = as_alice.post("/me/invites", GRACE)
    member = as_alice.post("/me/invites", {"email": bob.user.email, "role": "viewer"})

    assert (again.status_code, again.json()["code"]) == (409, "ALREADY_INVITED")
    assert (member.status_code, member.json()["code"]) == (409, "ALREADY_MEMBER")


def test_nobody_is_bombed_with_letters(as_alice: API, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ratelimit.INVITATION_RATES, "address", "2/1h")
    invitation = as_alice.post("/me/invites", GRACE).json()["id"]

    answers = [as_alice.post(f"/me/invites/{invitation}/resend") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 429]
    assert answers[1].json()["code"] == "RATE_LIMITED"
    assert int(answers[1]["Retry-After"]) > 0
    assert len(mail.outbox) == 2


def test_the_webhook_secret_is_made_once_read_and_replaced(as_alice: API, acme: Organization) -> None:
    first, second = as_alice.get("/me/webhook-secret").json(), as_alice.get("/me/webhook-secret").json()
    rotated = as_alice.post("/me/webhook-secret/rotate").json()

    assert first == second
    assert first["secret"].startswith("whsec_")
    assert rotated["secret"] != first["secret"]
    assert [old["secret"] for old in rotated["previous"]] == [first["secret"]]
    lasts = datetime.fromisoformat(rotated["previous"][0]["retiresAt"]) - datetime.fromisoformat(rotated["createdAt"])
    assert lasts == timedelta(hours=24)
    actions = AuditEvent.objects.filter(resource=f"organization:{acme.id}").order_by("id")
    assert [event.action for event in actions] == ["READ_WEBHOOK_SECRET"] * 2 + ["ROTATE_WEBHOOK_SECRET"]
    assert "whsec_" not in str([event.meta for event in actions])


def test_an_event_of_the_audit_log_says_who_what_and_from_where(as_alice: API, alice: Membership) -> None:
    made = as_alice.post("/monitors", {"name": "nightly", "intervalSec": 3600}).json()
    as_alice.patch(f"/monitors/{made['id']}", {"intervalSec": 7200})
    as_alice.delete(f"/monitors/{made['id']}")

    deleted, updated = as_alice.get("/audit-logs").json()["results"][:2]

    token = alice.tokens.get()
    assert set(updated) == {"id", "createdAt", "actorUserId", "actorPatId", "actorEmail", "action", "resource", "meta"}
    assert (updated["actorUserId"], updated["actorPatId"], updated["actorEmail"]) == (
        alice.user_id, token.id, alice.user.email,
    )  # fmt: skip
    assert (updated["action"], updated["resource"]) == ("UPDATE_MONITOR", f"monitor:{made['id']}")
    assert updated["meta"]["changedFields"] == list(updated["meta"]["diff"]) != []
    assert updated["meta"]["ip"] == "127.0.0.1"
    assert "userAgent" in updated["meta"]
    assert deleted["meta"]["snapshot"]["name"] == "nightly"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"action": "CREATE_MONITOR"}, ["CREATE_MONITOR"]),
        ({"action": "NO_SUCH"}, []),
        ({"actor": "{bob}"}, ["PAUSE_MONITOR"]),
        ({"actor": "{bob_id}"}, ["PAUSE_MONITOR"]),
        ({"from": "2026-01-05T13:00:00Z", "to": "2026-01-05T15:00:00Z"}, ["PAUSE_MONITOR"]),
        ({"from": "2026-01-05T13:00:00+00:00", "actor": "nobody@example.com"}, []),
        ({"patId": "7000"}, ["RESUME_MONITOR"]),
    ],
)
def test_the_audit_log_is_filtered(
    query: dict[str, str], found: list[str], as_alice: API, acme: Organization, bob: Membership
) -> None:
    events = [
        {"action": "CREATE_MONITOR", "created_at": factories.NOON},
        {
            "action": "PAUSE_MONITOR", "created_at": factories.NOON + timedelta(hours=2),
            "actor_user": bob.user, "actor_email": bob.user.email,
        },
        {"action": "RESUME_MONITOR", "created_at": factories.NOON + timedelta(days=2), "actor_token_id": 7000},
    ]  # fmt: skip
    for event in events:
        AuditEvent.objects.create(organization=acme, resource="monitor:1", meta={}, **event)
    filled = {name: text.format(bob=bob.user.email, bob_id=bob.user_id) for name, text in query.items()}

    rows = as_alice.get("/audit-logs", filled).json()["results"]

    assert [row["action"] for row in rows if row["action"] != "CREATE_ACCESS_TOKEN"] == found


@pytest.mark.parametrize(
    "query", [{"patId": "x"}, {"from": "yesterday"}, {"to": "2026-13-01"}, {"format": "xml"}, {"cursor": "bogus"}]
)
def test_a_bad_filter_is_named(query: dict[str, str], as_alice: API) -> None:
    answer = as_alice.get("/audit-logs", query)

    assert (answer.status_code, answer.json()["code"]) == (400, "VALIDATION_FAILED")
    assert answer.json()["fields"][0]["path"] == next(iter(query))


def test_pages_of_the_audit_log_are_steady(as_alice: API, acme: Organization) -> None:
    for number in range(5):
        AuditEvent.objects.create(
            organization=acme, action="X", resource=f"monitor:{number}", created_at=factories.NOON, meta={}
        )
    first = as_alice.get("/audit-logs", {"action": "X", "limit": 2}).json()
    AuditEvent.objects.create(
        organization=acme, action="X", resource="monitor:9", created_at=factories.NOON + timedelta(hours=1), meta={}
    )

    second = as_alice.get(first["next"].partition("/api/v1")[2]).json()

    assert [row["resource"] for row in first["results"]] == ["monitor:4", "monitor:3"]
    assert [row["resource"] for row in second["results"]] == ["monitor:2", "monitor:1"]


def test_the_audit_log_of_another_organisation_stays_there(
    api: API, charlie: Membership, alices_monitor: Monitor
) -> None:
    api.login(charlie)

    assert {row["action"] for row in api.get("/audit-logs").json()["results"]} == {"CREATE_ACCESS_TOKEN"}


@pytest.mark.django_db(transaction=True)
def test_csv_has_all_rows_and_nothing_that_a_spreadsheet_would_run(
    api: API, alice: Membership, acme: Organization
) -> None:
    formulas = ["=HYPERLINK(1)", "+1", "-1", "@SUM(A1)", "\t=1", 'plain, with "quotes"']
    for text in formulas:
        AuditEvent.objects.create(
            organization=acme, action="X", resource=text, created_at=factories.NOON, meta={"userAgent": text, "ip": ""}
        )
    token = api.login(alice)

    rows = download("/api/v1/audit-logs?format=csv&action=X", token)

    assert list(rows[0]) == [
        "id", "createdAt", "actorUserId", "actorPatId", "actorEmail", "action", "resource", "ip", "userAgent", "meta",
    ]  # fmt: skip
    assert len(rows) == len(formulas)
    for row in rows:
        assert row["resource"][0] in "'p"
        assert row["userAgent"][0] in "'p"
    assert rows[0]["createdAt"] == "2026-01-05T12:00:00Z"


def test_a_csv_file_that_would_be_too_long_says_how_to_ask(as_alice: API, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accounts.audit_export.MAX_ROWS", 0)

    answer = as_alice.get("/audit-logs", {"format": "csv"})

    assert (answer.status_code, answer.json()["fields"][0]["path"]) == (400, "from")


def download(path: str, token: str) -> list[dict[str, str]]:
    """The rows of a CSV file, read as a server sends it."""

    async def read() -> tuple[Any, bytes]:
        answer: Any = await AsyncClient().get(path, headers={"Authorization": f"Bearer {token}"})
        return answer, b"".join([part async for part in answer.streaming_content])

    answer, content = async_to_sync(read)()
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"] == 'attachment; filename="audit-log.csv"'
    return list(csv.DictReader(content.decode().splitlines()))

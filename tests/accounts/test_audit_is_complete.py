"""Whatever changes something, and whatever reads a secret, stands in the audit log, with who and from where."""

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection
from rest_framework.test import APIClient

from accounts.models import AccessToken, AuditEvent, Membership
from tests.tenancy import houses, routes

MONITOR = "monitor:{monitor_id}"
NEW = {"name": "hourly", "intervalSec": 3600}


@dataclass(frozen=True)
class Call:
    """A request that changes something or reads a secret, and the rows it writes: actions, in their order. A resource
    without a number in the table is one that the call makes."""

    actions: tuple[str, ...]
    resource: str
    body: dict[str, Any] | None = field(default=None, hash=False)
    query: str = ""


CALLS: dict[str, Call] = {
    "POST monitors": Call(("CREATE_MONITOR",), "monitor:", NEW),
    "POST monitors/bulk": Call(
        ("CREATE_MONITOR", "CREATE_MONITOR"), "monitor:", {"monitors": [NEW, NEW | {"name": "b"}]}
    ),
    "PATCH monitors/bulk": Call(("UPDATE_MONITOR",), MONITOR, {"ids": ["monitor_id"], "changes": {"tags": ["x"]}}),
    "DELETE monitors/bulk": Call(("DELETE_MONITOR",), MONITOR, {"ids": ["monitor_id"]}),
    "PATCH monitors/<monitor_id>": Call(("UPDATE_MONITOR",), MONITOR, {"heartbeatGraceSec": 90}),
    "DELETE monitors/<monitor_id>": Call(("DELETE_MONITOR",), MONITOR),
    "POST monitors/<monitor_id>/pause": Call(("PAUSE_MONITOR",), MONITOR),
    "POST monitors/<monitor_id>/resume": Call(("RESUME_MONITOR",), MONITOR),
    "POST monitors/<monitor_id>/snooze": Call(("SNOOZE_MONITOR",), MONITOR),
    "POST monitors/<monitor_id>/unsnooze": Call(("UNSNOOZE_MONITOR",), MONITOR),
    "PUT monitors/<monitor_id>/subscriptions": Call(("UPDATE_MONITOR",), MONITOR, {"subscriptions": []}),
    "PATCH alert-policy": Call(("UPDATE_ALERT_POLICY",), "organization:", {"alertDelaySec": 300}),
    "POST monitors/<monitor_id>/test-alert": Call(("TEST_ALERT",), MONITOR),
    "GET monitors/<monitor_id>/secrets": Call(("READ_MONITOR_SECRETS",), MONITOR),
    "POST monitors/<monitor_id>/rotate-heartbeat-token": Call(("ROTATE_MONITOR_TOKEN",), MONITOR),
    "POST incidents/<incident_id>/acknowledge": Call(("ACKNOWLEDGE_INCIDENT",), MONITOR),
    "POST incidents/<incident_id>/resolve": Call(("RESOLVE_INCIDENT",), MONITOR),
    "POST incidents/<incident_id>/updates": Call(("UPDATE_INCIDENT",), MONITOR, {"message": "looking at it"}),
    "POST channels": Call(
        ("CREATE_CHANNEL",), "channel:", {"kind": "email", "name": "ops", "config": {"to": "ops@example.com"}}
    ),
    "PATCH channels/<channel_id>": Call(("UPDATE_CHANNEL",), "channel:{channel_id}", {"enabled": False}),
    "DELETE channels/<channel_id>": Call(("DELETE_CHANNEL",), "channel:{channel_id}"),
    "POST channels/<channel_id>/test": Call(("TEST_ALERT",), "channel:{channel_id}"),
    "POST channels/<channel_id>/replay": Call(("REPLAY_DEAD_LETTERS",), "channel:{channel_id}"),
    "POST deliveries/<delivery_id>/replay": Call(("REPLAY_DELIVERY",), "channel:{channel_id}"),
    "POST me/tokens": Call(("CREATE_ACCESS_TOKEN",), "access-token:", {"name": "ci", "scopes": ["monitors:read"]}),
    "DELETE me/tokens/<token_id>": Call(("REVOKE_ACCESS_TOKEN",), "access-token:{token_id}"),
    "PATCH me/members/<member_id>": Call(("UPDATE_MEMBER",), "member:{member_id}", {"role": "member"}),
    "DELETE me/members/<member_id>": Call(("REMOVE_MEMBER",), "member:{member_id}"),
    "POST me/invites": Call(("CREATE_INVITATION",), "invitation:", {"email": "dora@example.com", "role": "viewer"}),
    "POST me/invites/<invite_id>/resend": Call(("RESEND_INVITATION",), "invitation:{invite_id}"),
    "DELETE me/invites/<invite_id>": Call(("REVOKE_INVITATION",), "invitation:{invite_id}"),
    "GET me/webhook-secret": Call(("READ_WEBHOOK_SECRET",), "organization:"),
    "POST me/webhook-secret/rotate": Call(("ROTATE_WEBHOOK_SECRET",), "organization:"),
}
FIRST = {
    "POST monitors/<monitor_id>/resume": "monitors/<monitor_id>/pause",
    "POST monitors/<monitor_id>/unsnooze": "monitors/<monitor_id>/snooze",
}
"""What has to be done before there is something to change."""

DELETIONS = [name for name, call in CALLS.items() if any(verb in call.actions[0] for verb in ("DELETE_", "REMOVE_"))]
ONLY_ASKING = ("accounts/audit.py", "accounts/ranks.py")
"""Where `by` is who is written down, or who is asked about."""
UNTOUCHED = ("accounts_mutationcount", "accounts_keptanswer")
"""Tables of how requests are counted and kept, which are no changes of anybody's."""

pytestmark = pytest.mark.django_db


class Caller:
    """The owner of a house, from a known address with a known program."""

    def __init__(self) -> None:
        self.house = houses.build("acme")
        self.owner: Membership = self.house.members["owner"]
        plaintext = houses.token(self.owner)
        self.token = AccessToken.objects.order_by("-id")[0]
        self._client = APIClient(raise_request_exception=False)
        self._client.credentials(
            HTTP_AUTHORIZATION=f"Bearer {plaintext}", HTTP_USER_AGENT="auditor/1.0", REMOTE_ADDR="203.0.113.7"
        )
        self._client.get("/api/v1/me")  # notes that the token was used

    def call(self, name: str, **headers: Any) -> tuple[int, str]:
        """Make the call of that name. Returns its status and its text."""
        method, path = name.split(" ")
        call = CALLS[name]
        answer = self._client.generic(
            method, f"/api/v1/{self.fill(path)}{call.query}", json.dumps(self._body(call)) if call.body else "",
            "application/json", **headers,
        )  # fmt: skip
        return answer.status_code, answer.content.decode()

    def prepare(self, name: str) -> None:
        """Do what comes first, and forget that it stands in the log."""
        if name in FIRST:
            self._client.post(f"/api/v1/{self.fill(FIRST[name])}")
        self.before = set(AuditEvent.objects.values_list("id", flat=True))

    def written(self) -> list[AuditEvent]:
        """The rows since `prepare`."""
        return list(AuditEvent.objects.exclude(id__in=self.before).order_by("id"))

    def fill(self, text: str) -> str:
        """A path or a resource with the ids of the house."""
        return re.sub(r"[<{](\w+)[>}]", lambda found: str(self.house.ids[found[1]]), text)

    def _body(self, call: Call) -> dict[str, Any]:
        return {**(call.body or {}), **({"ids": [self.house.ids["monitor_id"]]} if "ids" in (call.body or {}) else {})}


@pytest.fixture
def caller() -> Caller:
    return Caller()


def test_every_change_of_the_api_is_among_the_calls() -> None:
    changes = {
        f"{method} {path.removeprefix(routes.API)}"
        for path, route in routes.endpoints().items()
        for method in route.methods - {"GET"}
    }

    assert {name for name in CALLS if not name.startswith("GET ")} == changes


@pytest.mark.parametrize("name", CALLS)
def test_a_call_writes_down_who_did_what_from_where(caller: Caller, name: str) -> None:
    caller.prepare(name)

    status, text = caller.call(name)

    rows = caller.written()
    assert status < 300, text
    assert tuple(row.action for row in rows) == CALLS[name].actions
    for row in rows:
        assert row.organization_id == caller.owner.organization_id
        assert (row.actor_user_id, row.actor_email) == (caller.owner.user_id, caller.owner.user.email)
        assert row.actor_token_id == caller.token.id
        assert (row.meta["ip"], row.meta["userAgent"]) == ("203.0.113.7", "auditor/1.0")
        assert row.resource.startswith(caller.fill(CALLS[name].resource))


@pytest.mark.parametrize("name", CALLS)
def test_no_secret_is_written_down(caller: Caller, name: str) -> None:
    caller.prepare(name)

    _, text = caller.call(name)

    meta = json.dumps([row.meta for row in caller.written()])
    secrets = re.findall(r"hb_[\w-]{43}|\b[0-9a-f]{64}\b|whsec_[\w+/=]+", text)
    assert [secret for secret in secrets if secret in meta] == []


@pytest.mark.parametrize("name", CALLS)
def test_what_cannot_be_written_down_does_not_happen(
    caller: Caller, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    caller.prepare(name)
    before = _tables()

    monkeypatch.setattr("accounts.audit.AuditEvent.objects.create", lambda **_: 1 / 0)
    status, _ = caller.call(name)

    assert status == 500
    assert _tables() == before


@pytest.mark.parametrize("name", [name for name in CALLS if "test" not in name and not name.startswith("GET ")])
def test_what_does_not_happen_is_not_written_down(caller: Caller, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Here the change is undone after its row was written: its answer cannot be kept."""
    caller.prepare(name)
    before = _tables()

    monkeypatch.setattr("accounts.answers.keep", lambda **_: 1 / 0)
    status, _ = caller.call(name, HTTP_IDEMPOTENCY_KEY="once")

    assert (status, caller.written()) == (500, [])
    assert _tables() == before


@pytest.mark.parametrize("name", DELETIONS)
def test_what_is_deleted_leaves_a_snapshot(caller: Caller, name: str) -> None:
    caller.prepare(name)

    caller.call(name)

    assert caller.written()[0].meta["snapshot"]


def test_a_secret_that_comes_with_a_new_monitor_was_read(caller: Caller) -> None:
    caller.prepare("POST monitors")

    caller._client.post("/api/v1/monitors?include=secrets", NEW, format="json")

    assert [row.action for row in caller.written()] == ["CREATE_MONITOR", "READ_MONITOR_SECRETS"]


# Beyond the API: whoever is told who acts passes it on, and at the end of the line it is written down


def test_every_operation_that_knows_who_acts_writes_it_down() -> None:
    silent = [
        f"{path.relative_to(django_settings.BASE_DIR)}:{function.name}"
        for path, function in _operations()
        if not any(_passes_on(call) for call in ast.walk(function) if isinstance(call, ast.Call))
    ]

    assert silent == []


def _operations() -> Iterator[tuple[Path, ast.FunctionDef]]:
    """Every public function of the apps that takes `by`, interfaces aside."""
    files = [
        path for app in ("accounts", "monitors", "alerts") for path in (django_settings.BASE_DIR / app).glob("*.py")
    ]
    for path in sorted(set(files) - {django_settings.BASE_DIR / name for name in ONLY_ASKING}):
        functions = [node for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)]
        yield from ((path, each) for each in functions if _takes_by(each) and not each.name.startswith("_"))


def _takes_by(function: ast.FunctionDef) -> bool:
    return "by" in {argument.arg for argument in [*function.args.args, *function.args.kwonlyargs]}


def _passes_on(call: ast.Call) -> bool:
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    return any(isinstance(value, ast.Name) and value.id == "by" for value in given)


def _tables() -> dict[str, list[str]]:
    """Every row of every table, as text."""
    with connection.cursor() as cursor:
        names = set(connection.introspection.table_names(cursor)) - set(UNTOUCHED)
        return {name: sorted(_rows(cursor, name)) for name in names}


def _rows(cursor: Any, table: str) -> list[str]:
    cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
    return [repr([bytes(value) if isinstance(value, memoryview) else value for value in row]) for row in cursor]

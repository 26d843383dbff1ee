"""The cast of the API's tests: alice owns, adam administers, bob is a member, vera looks, charlie is an outsider."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from rest_framework.test import APIClient

from accounts import operations
from accounts.domain.actor import SYSTEM
from accounts.models import Membership, Organization
from monitors.models import Incident, IncidentEvent, Monitor, Pulse
from tests import factories


class API:
    """An HTTP client that speaks JSON with an access token. `login` mints one for a member."""

    def __init__(self) -> None:
        self.client = APIClient(raise_request_exception=True)

    def login(self, membership: Membership, *scopes: str, **limits: Any) -> str:
        minted = operations.mint_token(
            membership=membership, name="test", scopes=scopes or None, by=SYSTEM, now=datetime.now(UTC), **limits
        )
        self.use(minted.plaintext)
        return minted.plaintext

    def use(self, plaintext: str) -> None:
        self.client.credentials(HTTP_AUTHORIZATION=f"Bearer {plaintext}")

    def get(self, path: str, query: dict[str, Any] | None = None) -> Any:
        return self.client.get(f"/api/v1{path}", query or {})

    def post(self, path: str, body: Any = None) -> Any:
        return self.client.post(f"/api/v1{path}", body, format="json")

    def patch(self, path: str, body: Any) -> Any:
        return self.client.patch(f"/api/v1{path}", body, format="json")

    def delete(self, path: str) -> Any:
        return self.client.delete(f"/api/v1{path}")

    def raw(self, path: str, body: bytes, content_type: str = "application/json") -> Any:
        return self.client.generic("POST", f"/api/v1{path}", body, content_type)  # type: ignore[arg-type]  # bytes too


@pytest.fixture(autouse=True)
def _own_limits(settings: Any) -> None:
    """Limits are counted per test: the cache, a Redis in one of the two runs, is shared."""
    settings.RATELIMIT_CACHE_PREFIX = f"{uuid4()}:"


@pytest.fixture
def acme(db: None) -> Organization:
    """The cast's organisation."""
    return factories.organization("Acme")


def _member(organization: Organization, role: str, name: str) -> Membership:
    user = factories.member(organization, role, name)
    return Membership.objects.select_related("user", "organization__plan").get(user=user)


@pytest.fixture
def alice(acme: Organization) -> Membership:
    return _member(acme, "owner", "alice")


@pytest.fixture
def adam(acme: Organization) -> Membership:
    return _member(acme, "admin", "adam")


@pytest.fixture
def bob(acme: Organization) -> Membership:
    return _member(acme, "member", "bob")


@pytest.fixture
def vera(acme: Organization) -> Membership:
    return _member(acme, "viewer", "vera")


@pytest.fixture
def charlie(db: None) -> Membership:
    return _member(factories.organization("Elsewhere"), "owner", "charlie")


@pytest.fixture
def api() -> API:
    return API()


@pytest.fixture
def alices_monitor(acme: Organization) -> Monitor:
    return factories.monitor(acme, name="nightly backup")


def an_incident(monitor: Monitor, *, ago: timedelta = timedelta(minutes=5), resolved: bool = False) -> Incident:
    """A monitor that missed its ping, as the sweep leaves it."""
    at = datetime.now(UTC).replace(microsecond=0) - ago
    Pulse.objects.filter(monitor=monitor).update(status="down", status_since=at, last_ping_at=at, misses=1)
    incident = Incident.objects.create(
        monitor=monitor, cause="missed", title=f"{monitor.name} missed its ping", opened_at=at,
        resolved_at=at + timedelta(minutes=1) if resolved else None, resolution="recovered" if resolved else "",
    )  # fmt: skip
    IncidentEvent.objects.create(incident=incident, seq=1, kind="opened", at=at, created_at=at, dispatched_at=at)
    return incident


@pytest.fixture
def incident(alices_monitor: Monitor) -> Incident:
    return an_incident(alices_monitor)

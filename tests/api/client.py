"""How the tests speak to the API."""

from datetime import UTC, datetime
from typing import Any

from rest_framework.test import APIClient

from accounts import operations
from accounts.domain.actor import SYSTEM
from accounts.models import Membership


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

    def put(self, path: str, body: Any) -> Any:
        return self.client.put(f"/api/v1{path}", body, format="json")

    def delete(self, path: str) -> Any:
        return self.client.delete(f"/api/v1{path}")

    def raw(self, path: str, body: bytes, content_type: str = "application/json") -> Any:
        return self.client.generic("POST", f"/api/v1{path}", body, content_type)  # type: ignore[arg-type]  # bytes too

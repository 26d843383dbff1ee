"""The account over HTTP: who am I, and my access tokens."""

from typing import Any, ClassVar

from django.shortcuts import get_object_or_404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import operations, queries
from accounts.api import describe, rows
from accounts.api.body import Body
from accounts.api.endpoint import Endpoint, no_content
from accounts.api.paging import Pages
from accounts.domain.roles import Scope


class TokenBody(Body):
    """The body of POST /me/tokens. What is left out or null is as the asking token has it."""

    example: ClassVar = {"name": "CI", "scopes": ["monitors:write", "secrets:read"], "dailyMutationLimit": 1000}

    name = serializers.CharField(max_length=100)
    scopes = serializers.ListField(
        child=serializers.CharField(max_length=50), required=False, allow_null=True, max_length=50
    )
    expiresAt = serializers.DateTimeField(source="expires_at", required=False, allow_null=True)
    dailyMutationLimit = serializers.IntegerField(
        source="daily_mutation_limit", required=False, allow_null=True, min_value=1, max_value=2_147_483_647
    )


class Tokens(Endpoint):
    """`/me/tokens`: the tokens of the membership that asks."""

    needs: ClassVar = {"POST": (Scope.TOKENS_WRITE,)}

    @describe.call("List access tokens", answer=rows.TokenRow, paged=True)
    def get(self, request: Request) -> Response:
        """The tokens of the membership that asks, the newest first, without their text, which is kept nowhere."""
        pages = Pages(ordering=["-id"])
        found = queries.live_tokens(self.access.membership, self.now)
        return pages.answer([rows.token(token) for token in pages.rows(found, request)])

    @describe.call("Create an access token", body=TokenBody, answer=rows.NewTokenRow, status=201)
    def post(self, request: Request) -> Response:
        """It is never stronger than the token that asks, and dies with it; `token` is shown once."""
        asked: dict[str, Any] = self.body(request, TokenBody)
        minted = operations.mint_token(
            **asked, membership=self.access.membership, minted_by=self.access.token, by=self.access.actor, now=self.now
        )
        return Response(rows.new_token(minted), status=201)


class TokenDetail(Endpoint):
    """`/me/tokens/{id}`."""

    needs: ClassVar = {"DELETE": (Scope.TOKENS_WRITE,)}

    @describe.call("Revoke an access token")
    def delete(self, request: Request, token_id: int) -> Response:
        """It is dead at once, and so is all that it minted."""
        token = get_object_or_404(queries.live_tokens(self.access.membership, self.now), id=token_id)
        operations.revoke_token(token=token, by=self.access.actor, now=self.now)
        return no_content()

"""The people of the organisation over HTTP: members, and invitations that are on their way."""

from typing import Any, ClassVar

from django.conf import settings
from django.shortcuts import get_object_or_404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import invitations, members, queries
from accounts.api import describe
from accounts.api import organization_rows as rows
from accounts.api.body import Body
from accounts.api.endpoint import Endpoint, no_content
from accounts.api.paging import Pages
from accounts.domain.roles import Role, Scope
from accounts.models import Invitation, Membership
from heartbeet.lib import ratelimit

_ROLES = [role.value for role in Role]


class RoleBody(Body):
    """The body of PATCH /me/members/{id}."""

    example: ClassVar = {"role": "admin"}

    role = serializers.ChoiceField(choices=_ROLES)


class InviteBody(Body):
    """The body of POST /me/invites."""

    example: ClassVar = {"email": "grace@example.com", "role": "member"}

    email = serializers.CharField(max_length=254)
    role = serializers.ChoiceField(choices=_ROLES)


class Members(Endpoint):
    """`/me/members`."""

    needs: ClassVar = {"GET": (Scope.MEMBERS_READ,)}

    @describe.call("List members", answer=rows.MemberRow, paged=True)
    def get(self, request: Request) -> Response:
        """Everyone in the organisation of the token, the oldest member first."""
        pages = Pages(ordering=["id"])
        return pages.answer(rows.members(pages.rows(queries.members(self.organization), request)))


class MemberDetail(Endpoint):
    """`/me/members/{id}`."""

    needs: ClassVar = {"PATCH": (Scope.MEMBERS_WRITE,), "DELETE": (Scope.MEMBERS_WRITE,)}

    @describe.call("Change a member", body=RoleBody, answer=rows.MemberRow, problems=["LAST_OWNER"])
    def patch(self, request: Request, member_id: int) -> Response:
        """Gives a member another role. Nobody gives a role above their own, and only owners touch owners; the last
        owner stays."""
        membership = self._member(member_id)
        role = Role(self.body(request, RoleBody)["role"])
        members.change_role(membership=membership, role=role, by=self.access.actor, now=self.now)
        return Response(rows.member(self._member(member_id)))

    @describe.call("Remove a member", problems=["LAST_OWNER"])
    def delete(self, request: Request, member_id: int) -> Response:
        """Ends a membership, and with it its access tokens. One's own may be ended too; the last owner stays."""
        members.remove(membership=self._member(member_id), by=self.access.actor, now=self.now)
        return no_content()

    def _member(self, member_id: int) -> Membership:
        return get_object_or_404(queries.members(self.organization), id=member_id)


class Invites(Endpoint):
    """`/me/invites`."""

    needs: ClassVar = {"GET": (Scope.MEMBERS_READ,), "POST": (Scope.MEMBERS_WRITE,)}

    @describe.call("List invitations", answer=rows.InviteRow, paged=True)
    def get(self, request: Request) -> Response:
        """The invitations that were neither accepted nor revoked, the newest first."""
        pages = Pages(ordering=["-id"])
        found = pages.rows(queries.open_invitations(self.organization), request)
        return pages.answer(rows.invites(found, self.now))

    @describe.call(
        "Invite a person", body=InviteBody, answer=rows.NewInviteRow, status=201,
        problems=["ALREADY_MEMBER", "ALREADY_INVITED", "INVITATION_LIMIT"],
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Sends a letter with a link that works once, for seven days, for this address. `role` is at most one's own."""
        asked = self.body(request, InviteBody)
        ratelimit.check_invitation(request, organization_id=self.organization.id, email=asked["email"])
        made = invitations.invite(
            organization=self.organization, email=asked["email"], role=Role(asked["role"]),
            by=self.access.actor, now=self.now,
        )  # fmt: skip
        return Response(_new(made, self), status=201)


class InviteEndpoint(Endpoint):
    """The base of what concerns one open invitation."""

    def invitation(self, invite_id: int) -> Invitation:
        """The open invitation of this organisation. Raises Http404."""
        return get_object_or_404(queries.open_invitations(self.organization), id=invite_id)


class InviteDetail(InviteEndpoint):
    """`/me/invites/{id}`."""

    needs: ClassVar = {"DELETE": (Scope.MEMBERS_WRITE,)}

    @describe.call("Revoke an invitation")
    def delete(self, request: Request, invite_id: int) -> Response:
        """Its link is dead at once."""
        invitations.revoke(invitation=self.invitation(invite_id), by=self.access.actor, now=self.now)
        return no_content()


class InviteResending(InviteEndpoint):
    """`/me/invites/{id}/resend`."""

    needs: ClassVar = {"POST": (Scope.MEMBERS_WRITE,)}

    @describe.call("Resend an invitation", answer=rows.NewInviteRow)
    def post(self, request: Request, invite_id: int) -> Response:
        """Sends a fresh link that works for seven days; the one before is dead."""
        invitation = self.invitation(invite_id)
        ratelimit.check_invitation(request, organization_id=self.organization.id, email=invitation.email)
        return Response(_new(invitations.resend(invitation=invitation, by=self.access.actor, now=self.now), self))


def _new(invitation: Invitation, endpoint: Endpoint) -> dict[str, Any]:
    """The row with the link, where there is no mail server that could bring it."""
    link = "" if settings.HEARTBEET_SMTP_URL else invitations.link(invitation)
    return rows.new_invite(invitation, endpoint.now, link)

"""The organisation's policy of alerts over HTTP."""

from typing import ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from accounts import access
from accounts.api import describe
from accounts.api.endpoint import Endpoint
from accounts.domain import roles
from accounts.domain.roles import Scope
from monitors import policies
from monitors.api import bodies, rows


class AlertPolicy(Endpoint):
    """`/alert-policy`. Everybody sees it; owners and admins change it."""

    needs: ClassVar = {"GET": (Scope.MONITORS_READ,), "PATCH": (Scope.MONITORS_WRITE,)}

    @describe.call("Get the alert policy", answer=rows.PolicyRow)
    def get(self, request: Request) -> Response:
        """What counts for every monitor that says nothing else."""
        return Response(rows.policy(policies.of(self.organization)))

    @describe.call("Change the alert policy", body=bodies.PolicyBody, partial=True, answer=rows.PolicyRow)
    def patch(self, request: Request) -> Response:
        """Changes what is sent; what is open follows it at once. For owners and admins."""
        if not roles.manages(self.access.role):
            raise access.RoleInsufficient(access.RoleInsufficient.__doc__)
        changes = self.body(request, bodies.PolicyBody, partial=True)
        found = policies.edit(organization=self.organization, changes=changes, by=self.access.actor, now=self.now)
        return Response(rows.policy(found))

"""`GET /me`: it lives here and not with the accounts because it counts monitors."""

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import describe, rows
from accounts.api.endpoint import Endpoint
from monitors import queries


class Me(Endpoint):
    """Who the token acts for. Open to every token: a client has to be able to ask what it may do."""

    @describe.call("Get who asks", name="getMe", answer=rows.MeRow)
    def get(self, request: Request) -> Response:
        """Whom the access token acts for, where, as what, on which plan, and what of it is used."""
        used = queries.live(self.organization).count()
        return Response(rows.me(self.access, monitors=used))

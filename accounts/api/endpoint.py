"""The base of every API view: who asks, whether they may, how often, and what the answer's headers say about it."""

from datetime import datetime
from typing import Any, ClassVar

from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import access, operations
from accounts.access import Access
from accounts.api.authentication import AccessTokenAuthentication
from accounts.api.body import Body, StrictJSONParser
from accounts.domain.roles import Scope
from accounts.models import AccessToken, Organization
from heartbeet.lib import clock, ratelimit

_READS = {"GET", "HEAD", "OPTIONS"}


class AlwaysJSON(BaseContentNegotiation):
    """Answers JSON whatever the Accept header says: a curl or a browser without one should not get a 406."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        wanted = (request.content_type or "").partition(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == wanted), None)

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        return renderers[0], renderers[0].media_type


@method_decorator(never_cache, name="dispatch")
class Endpoint(APIView):
    """A view of the API. `needs` names the scopes of each method (HEAD asks what GET asks); a method without an entry
    is open to every token. `self.access` is who asks, `self.now` when."""

    authentication_classes = [AccessTokenAuthentication]
    permission_classes = []
    throttle_classes = []
    parser_classes = [StrictJSONParser]
    renderer_classes = [JSONRenderer]
    content_negotiation_class = AlwaysJSON
    metadata_class = None
    needs: ClassVar[dict[str, tuple[Scope, ...]]] = {}

    access: Access
    now: datetime
    _quota: dict[str, str]  # `X-RateLimit-*`: what is left in this minute; `X-PAT-Mut-*`: in this UTC day

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.now = clock.now()
        self.access = access.of(request)
        self._count_request(request)
        wanted = self.needs.get("GET" if request.method == "HEAD" else request.method or "", ())
        try:
            for scope in wanted:
                self.access.demand(scope)
        except access.NotAllowed:
            self._spend(0)
            raise
        self._spend(0 if request.method in _READS else 1)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        final = super().finalize_response(request, response, *args, **kwargs)
        for name, value in getattr(self, "_quota", {}).items():  # none if nobody could be authenticated
            final[name] = value
        return final

    @property
    def organization(self) -> Organization:
        return self.access.organization

    def body(self, request: Request, shape: type[Body], **options: Any) -> dict[str, Any]:
        """The validated body, by Python's names. Raises ValidationError."""
        read = shape(data=request.data, **options)
        read.is_valid(raise_exception=True)
        values: dict[str, Any] = read.validated_data
        return values

    def _count_request(self, request: Request) -> None:
        usage = ratelimit.check_api(request, token_id=self._token.id)
        self._quota = {}
        if usage:
            self._quota = {"X-RateLimit-Limit": str(usage.limit), "X-RateLimit-Remaining": str(usage.remaining)}

    def _spend(self, count: int) -> None:
        spent = operations.spend_mutations(token=self._token, count=count, now=self.now)
        self._quota |= {
            "X-PAT-Mut-Limit": str(spent.limit),
            "X-PAT-Mut-Remaining": str(spent.remaining),
            "X-PAT-Mut-Reset": str(int(spent.resets_at.timestamp())),
        }

    @property
    def _token(self) -> AccessToken:
        assert self.access.token is not None  # the only authentication class gives one
        return self.access.token


NO_CONTENT = 204


def no_content() -> Response:
    """The answer when there is nothing left to show."""
    return Response(status=NO_CONTENT)

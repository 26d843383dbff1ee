"""The base of every API view: who asks, whether they may, how often, and what the answer's headers say about it."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any, ClassVar

from django.db import transaction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import access, answers
from accounts.access import Access
from accounts.api import describe, idempotency, parameters
from accounts.api.authentication import AccessTokenAuthentication
from accounts.api.body import Body, StrictJSONParser
from accounts.api.negotiation import AlwaysJSON
from accounts.api.quota import Quota
from accounts.domain.roles import Scope
from accounts.models import AccessToken, Organization
from heartbeet.lib import clock

_READS = {"GET", "HEAD", "OPTIONS"}


@method_decorator(never_cache, name="dispatch")
class Endpoint(APIView):
    """A view of the API. `needs` names the scopes of each method (HEAD asks what GET asks); a method without an entry
    is open to every token. `self.access` is who asks, `self.now` when. A change with an `Idempotency-Key` is one
    transaction; a view that waits for somebody else's server says `is_atomic = False`."""

    authentication_classes = [AccessTokenAuthentication]
    permission_classes = []
    throttle_classes = []
    parser_classes = [StrictJSONParser]
    renderer_classes = [JSONRenderer]
    content_negotiation_class = AlwaysJSON
    metadata_class = None
    needs: ClassVar[dict[str, tuple[Scope, ...]]] = {}
    is_atomic: ClassVar[bool] = True

    access: Access
    now: datetime
    quota: Quota | None = None  # none while nobody could be authenticated

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """As in Django REST Framework, but for what comes between the checks and the handler."""
        self.args, self.kwargs = args, kwargs
        self.request = self.initialize_request(request, *args, **kwargs)
        self.headers = self.default_response_headers
        response: HttpResponseBase
        try:
            self.initial(self.request, *args, **kwargs)
            response = self._respond(*args, **kwargs)
        except Exception as error:
            response = self.handle_exception(error)
        final: HttpResponseBase = self.finalize_response(self.request, response, *args, **kwargs)
        return final

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.now = clock.now()
        self.access = access.of(request)
        self.quota = Quota(self._token, self.now)
        self.quota.count_request(request)
        for scope in self.scopes(request):
            self.access.demand(scope)
        once, filled = describe.single_parameters(self._method()), describe.filled_parameters(self._method())
        parameters.check(request.META.get("QUERY_STRING", ""), once=once, filled=filled)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        final = super().finalize_response(request, response, *args, **kwargs)
        if self.quota and final.status_code < 500:  # else the database may be away
            self.quota.complete()
        for name, value in self.quota.headers.items() if self.quota else ():
            final[name] = value
        return final

    @property
    def organization(self) -> Organization:
        return self.access.organization

    def scopes(self, request: Request) -> tuple[Scope, ...]:
        """The scopes that this request needs."""
        return self.needs.get("GET" if request.method == "HEAD" else request.method or "", ())

    def cost(self, request: Request) -> int:
        """How many changes of the token's daily limit this request takes; reading takes none."""
        return 1

    def body(self, request: Request, shape: type[Body], **options: Any) -> dict[str, Any]:
        """The validated body, by Python's names. Raises ValidationError."""
        read = shape(data=request.data, **options)
        read.is_valid(raise_exception=True)
        values: dict[str, Any] = read.validated_data
        return values

    def _method(self) -> Callable[..., Response] | None:
        name = (self.request.method or "").lower()
        found: Callable[..., Response] | None = getattr(self, name, None) if name in self.http_method_names else None
        return found

    def _respond(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        method = self._method()
        if method is None:
            raise MethodNotAllowed(self.request.method or "")
        handler = partial(method, self.request, *args, **kwargs)
        if self.request.method in _READS:
            return handler()
        key = idempotency.key_of(self.request)
        if not key:
            self._spend()
            return handler()
        with transaction.atomic():
            found = self._claim(key)
        if isinstance(found, answers.Answer):
            return idempotency.replay(found)
        return idempotency.run(found, handler, self.handle_exception, is_atomic=self.is_atomic)

    def _claim(self, key: str) -> answers.Claim | answers.Answer:
        """A replay costs nothing, and a request that there is no room for leaves no claim."""
        digest = idempotency.digest_of(self.request)
        found = answers.claim(token=self._token, key=key, request_digest=digest, now=self.now)
        if isinstance(found, answers.Claim):
            self._spend()
        return found

    def _spend(self) -> None:
        assert self.quota is not None
        self.quota.spend(self.cost(self.request))

    @property
    def _token(self) -> AccessToken:
        assert self.access.token is not None  # the only authentication class gives one
        return self.access.token


NO_CONTENT = 204


def no_content() -> Response:
    """The answer when there is nothing left to show."""
    return Response(status=NO_CONTENT)

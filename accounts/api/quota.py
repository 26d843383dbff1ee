"""What a token has left, as headers: `X-RateLimit-*` in this minute, `X-PAT-Mut-*` in this UTC day."""

from datetime import datetime

from django.http import HttpRequest

from accounts import operations
from accounts.models import AccessToken
from heartbeet.lib import ratelimit


class Quota:
    """Counts one request of a token. `headers` has what is known so far."""

    def __init__(self, token: AccessToken, now: datetime) -> None:
        self.headers: dict[str, str] = {}
        self._token, self._now = token, now

    def count_request(self, request: HttpRequest) -> None:
        """Raises ratelimit.TooManyRequests."""
        try:
            usage = ratelimit.check_api(request, token_id=self._token.id)
        except ratelimit.TooManyRequests as error:
            self._show(error.usage)
            raise
        if usage:  # none while the counts cannot be kept
            self._show(usage)

    def spend(self, count: int) -> None:
        """Take changes off the token's daily limit. Raises operations.DailyLimitReached."""
        spent = operations.spend_mutations(token=self._token, count=count, now=self._now)
        self.headers |= {
            "X-PAT-Mut-Limit": str(spent.limit),
            "X-PAT-Mut-Remaining": str(spent.remaining),
            "X-PAT-Mut-Reset": str(int(spent.resets_at.timestamp())),
        }

    def complete(self) -> None:
        """Look up what no change has told, for a request that was refused or only read."""
        if "X-PAT-Mut-Limit" not in self.headers:
            self.spend(0)

    def _show(self, usage: ratelimit.Usage) -> None:
        self.headers |= {"X-RateLimit-Limit": str(usage.limit), "X-RateLimit-Remaining": str(usage.remaining)}

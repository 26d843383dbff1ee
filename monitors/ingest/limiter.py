"""At most 60 pings in any 10 seconds per token: a sliding window, exact, because the last 60 times are kept."""

from collections.abc import Sequence

import redis
import structlog

from monitors.ingest.arrival import Arrival

log = structlog.get_logger(__name__)

LIMIT = 60
WINDOW_US = 10_000_000
MAX_TOKENS = 100_000


def _wait_sec(oldest_us: int, at_us: int) -> int:
    """Whole seconds, at least one, until the oldest of the last 60 leaves the window."""
    return max(1, -((at_us - oldest_us - WINDOW_US) // 1_000_000))


class MemoryLimiter:
    """For one process, by a clock that nobody sets. Times are kept in two generations: what was not seen for a window
    is forgotten with the older one, so that memory is bounded by the tokens of two windows, and by `MAX_TOKENS` in
    each."""

    def __init__(self) -> None:
        self._times: dict[bytes, list[int]] = {}
        self._older: dict[bytes, list[int]] = {}
        self._turned_us = 0

    def admit(self, digest: bytes, at_us: int) -> int:
        """0 if the ping may pass (it then counts), else the seconds to wait. A ping turned away does not count."""
        if at_us - self._turned_us >= WINDOW_US or len(self._times) >= MAX_TOKENS:
            self._older, self._times, self._turned_us = self._times, {}, at_us
        times = self._times.get(digest)
        if times is None:
            times = self._times[digest] = self._older.pop(digest, [])
        if len(times) == LIMIT:
            if times[0] > at_us - WINDOW_US:
                return _wait_sec(times[0], at_us)
            del times[0]
        times.append(at_us)
        return 0


# Times of the shared limiter are wall times, for several hosts write them. What lies a window ahead was written before
# a clock was set back, and must not limit anybody until then.

_SCRIPT = """
local answers = {}
for i = 1, #KEYS do
    local at, window, limit = tonumber(ARGV[i]), tonumber(ARGV[#KEYS + 1]), tonumber(ARGV[#KEYS + 2])
    redis.call('ZREMRANGEBYSCORE', KEYS[i], '-inf', string.format('%.0f', at - window))
    redis.call('ZREMRANGEBYSCORE', KEYS[i], string.format('%.0f', at + window), '+inf')
    if redis.call('ZCARD', KEYS[i]) < limit then
        redis.call('ZADD', KEYS[i], ARGV[i], ARGV[i] .. ':' .. ARGV[#KEYS + 2 + i])
        redis.call('PEXPIRE', KEYS[i], window / 1000 + 1000)
        answers[i] = '0'
    else
        answers[i] = redis.call('ZRANGE', KEYS[i], 0, 0, 'WITHSCORES')[2]
    end
end
return answers
"""


class RedisLimiter:
    """For several processes: one script for a whole batch. If Redis is away every ping passes, for losing a
    heartbeat is worse; it is asked again a second later."""

    PAUSE_US = 1_000_000

    def __init__(self, url: str, *, name: str) -> None:
        self._client = redis.Redis.from_url(url, socket_timeout=0.25, socket_connect_timeout=0.25)
        self._script = self._client.register_script(_SCRIPT)
        self._name = name
        self._count = 0
        self._away_until_us = 0

    def admit(self, arrivals: Sequence[Arrival], *, now_us: int) -> list[int]:
        """For each arrival 0 if it may pass, else the seconds to wait."""
        if now_us < self._away_until_us:
            return [0] * len(arrivals)
        try:
            oldest = self._ask(arrivals)
        except redis.RedisError as error:
            log.warning("limiter_away", error=type(error).__name__)
            self._away_until_us = now_us + self.PAUSE_US
            return [0] * len(arrivals)
        pairs = zip(oldest, arrivals, strict=True)
        return [_wait_sec(int(found), arrival.received_us) if int(found) else 0 for found, arrival in pairs]

    def _ask(self, arrivals: Sequence[Arrival]) -> list[bytes]:
        """The oldest time in the window of each arrival that is over the limit, 0 for the others."""
        keys = [b"heartbeet:limit:" + arrival.digest for arrival in arrivals]
        times = [arrival.received_us for arrival in arrivals]
        names = [f"{self._name}:{self._count + index}" for index in range(len(arrivals))]
        self._count += len(arrivals)
        answers: list[bytes] = self._script(keys=keys, args=[*times, WINDOW_US, LIMIT, *names])
        return answers

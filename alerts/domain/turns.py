"""Whose turn it is to be sent, so that one receiver's trouble never takes the senders away from the others.

What is sent together is an errand: some deliveries to one channel, one after the other. Errands run side by side.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

PER_CHANNEL = 4
"""How many errands to one channel run at once."""
ERRAND = 16
"""How many deliveries an errand has at most. It ends early when its receiver fails, or takes over a second."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A delivery that could be sent now. `host` is whom its channel talks to."""

    id: int
    channel_id: int
    host: str
    tries: int


@dataclass(frozen=True, slots=True)
class Room:
    """How many errands may start, at most `doubtful` of them to receivers that may hang: hanging ones may fill that
    many senders, and others still find a free one. `channels` and `hosts` count the errands under way; a host that is
    `slow` has not answered in time lately."""

    errands: int
    doubtful: int
    per_host: int
    channels: Mapping[int, int] = field(default_factory=dict)
    hosts: Mapping[str, int] = field(default_factory=dict)
    slow: Collection[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Errand:
    """Deliveries to send to one channel, one after the other."""

    channel_id: int
    host: str
    ids: tuple[int, ...]


def choose(candidates: Iterable[Candidate], *, room: Room, troubled: Collection[int]) -> list[Errand]:
    """The errands to start now; the candidates come in the order of their urgency.

    A channel that is `troubled` (its last sends failed, or its host's did) is tried with one delivery at a time. Every
    channel gets one errand before any gets a second.
    """
    waiting: defaultdict[tuple[int, str], list[Candidate]] = defaultdict(list)
    for each in sorted(candidates, key=lambda candidate: candidate.tries > 0):
        waiting[each.channel_id, each.host].append(each)
    lanes = _lanes(waiting, room, troubled)
    return [
        Errand(channel_id, host, ids)
        for (channel_id, host), count in lanes.items()
        for ids in _split(waiting[channel_id, host], count, is_single=channel_id in troubled)
    ]


def _lanes(
    waiting: Mapping[tuple[int, str], list[Candidate]], room: Room, troubled: Collection[int]
) -> Counter[tuple[int, str]]:
    """How many errands each channel may start."""
    lanes: Counter[tuple[int, str]] = Counter()
    channels, hosts = Counter(room.channels), Counter(room.hosts)
    left, doubtful = room.errands, room.doubtful
    for number in range(PER_CHANNEL):
        for (channel_id, host), found in waiting.items():
            most = 1 if channel_id in troubled else PER_CHANNEL
            is_doubtful = channel_id in troubled or host in room.slow or found[0].tries > 0
            is_full = channels[channel_id] >= most or hosts[host] >= room.per_host or (is_doubtful and doubtful <= 0)
            if is_full or left <= 0 or number >= len(found):
                continue
            lanes[channel_id, host] += 1
            channels[channel_id] += 1
            hosts[host] += 1
            left -= 1
            doubtful -= is_doubtful
    return lanes


def _split(found: list[Candidate], count: int, *, is_single: bool) -> list[tuple[int, ...]]:
    """A channel's deliveries as `count` errands of much the same length: three are sent side by side, not in a row."""
    size = 1 if is_single or found[0].tries else min(ERRAND, -(-len(found) // count))
    ids = tuple(candidate.id for candidate in found)
    return [ids[first : first + size] for first in range(0, len(ids), size)][:count]

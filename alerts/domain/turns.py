"""Whose turn it is to be sent, so that one channel's trouble never takes the senders away from the others."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

PER_CHANNEL = 4
"""How many sends to one channel run at once."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A delivery that could be sent now."""

    id: int
    channel_id: int
    tries: int


def choose(
    candidates: Iterable[Candidate],
    *,
    sending: Mapping[int, int],
    troubled: Collection[int],
    retries: int,
    slots: int,
) -> list[int]:
    """The ids to send now, at most `slots`; the candidates come in the order of their urgency.

    `sending` counts the sends under way by channel. A channel that is `troubled` (its last sends failed) is tried one
    at a time. At most `retries` of the chosen have failed before: hanging receivers may fill that many senders, and a
    first try still finds a free one.
    """
    busy = Counter(sending)
    chosen: list[int] = []
    for each in sorted(candidates, key=lambda candidate: candidate.tries > 0):
        most = 1 if each.channel_id in troubled else PER_CHANNEL
        if len(chosen) == slots or busy[each.channel_id] >= most or (each.tries and retries <= 0):
            continue
        retries -= bool(each.tries)
        busy[each.channel_id] += 1
        chosen.append(each.id)
    return chosen

"""What one look at a beet costs the rules: the events since the last look are taken in, and the next deadline is found.
Prints one JSON line per rate, the best of some rounds: the look as a whole, from facts to a verdict; what of it are the
two arms; and the ratio to reading as many instants as seconds.

    python -m benchmarks.judging
"""

import json
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime

from monitors.domain import beet, expected, rhythm
from monitors.domain.beet import BeetFacts
from monitors.domain.status import Status

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
ROUNDS, LOOKS = 15, 1000


def best_us(work: Callable[[], object]) -> float:
    """Microseconds per call, in the best of the rounds."""
    took = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        for _ in range(LOOKS):
            work()
        took.append(time.perf_counter() - started)
    return min(took) / LOOKS * 1e6


def measure(rate: float) -> dict[str, float]:
    """A healthy stream of so many events an hour that is looked at when its deadline has come."""
    rates = tuple(rate * (1.5 if slot % 24 > 8 else 1.0) for slot in range(expected.WEEK_HOURS))
    profile = rhythm.Profile("Europe/Berlin", rates, burst=1.3, wobble=0.03)
    new = BeetFacts(status=Status.UP, status_since=NOW, last_success_at=NOW, profile=profile)
    facts = beet.on_clock(new, [], NOW).facts
    due = beet.deadline(facts)
    assert due is not None, "it has learned"
    draw = random.Random(1)
    count = int((due - NOW).total_seconds() / 3600 * rate * 1.2)
    events = sorted(NOW + (due - NOW) * draw.random() for _ in range(count))
    assert beet.on_clock(facts, events, due).effects == (), "it is well"
    judged = best_us(lambda: beet.on_clock(facts, events, due))
    times = [rhythm.seconds(at) for at in events]
    arms, until = facts.arms, rhythm.seconds(due)
    assert arms is not None, "it was looked at"
    clock, limits = rhythm.Expected(profile), rhythm.Thresholds.of(profile, facts.tuning)

    def evaluate() -> float:
        return rhythm.deadline(rhythm.advance(arms, times, until, clock, limits)[0], clock, limits)

    evaluated = best_us(evaluate)
    read = best_us(lambda: [rhythm.seconds(at) for at in events])
    return {
        "per_hour": rate,
        "events": count,
        "us_per_look": round(judged, 1),
        "us_arms": round(evaluated, 1),
        "ratio": round(judged / read, 1),
    }


def main() -> None:
    """Measure some rates."""
    for rate in (1, 10, 60, 250):
        print(json.dumps({"case": "judging", **measure(rate)}))


if __name__ == "__main__":
    main()

"""The picture of docs/explanation/rhythm.md: four days of one simulated stream with a drop and a silence, what was
expected, and how the two arms rise to their threshold.

    python -m benchmarks.rhythm.figure > docs/images/rhythm.svg
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from benchmarks.rhythm.simulator import START
from monitors.domain import arms, learning
from monitors.domain.arms import Thresholds, Tuning, Turn
from monitors.domain.expected import Expected, Profile

WIDTH, LEFT, HIGH, LOW, BETWEEN = 860, 46, 170, 120, 46
DAYS, LEARNED = 4, 8 * 168
DROP, DROP_ENDS, SILENCE, BACK = 33, 42, 61, 68  # hours after the first midnight that is shown
SEED = 29
EPOCH = START.timestamp() + LEARNED * 3600
STYLE = """
text { font: 12px system-ui, sans-serif; fill: #444 }
.bar { fill: #b9a3b0 } .band { fill: #8b2252; opacity: .16 } .mean { stroke: #8b2252; fill: none; stroke-width: 1.6 }
.axis { stroke: #999 } .grid { stroke: #ddd } .limit { stroke: #b3261e; stroke-dasharray: 5 4 }
.quiet { stroke: #1d5f8a; fill: none; stroke-width: 1.6 } .drop { stroke: #8a5a00; fill: none; stroke-width: 1.6 }
.alarm { stroke: #b3261e; stroke-width: 1.5 } .word { fill: #b3261e; font-weight: 600 }
"""


def stream() -> tuple[NDArray[np.float64], Profile]:
    """The events of the days that are shown, as seconds since 1970, and what eight weeks before them were like."""
    draw = np.random.default_rng(SEED)
    slot = np.arange(168)
    shape = 2 + 14 * np.clip(np.sin((slot % 24 - 7) / 15 * np.pi), 0, None) * np.where(slot < 120, 1.0, 0.6)
    wobble = draw.lognormal(-0.01, 0.15, LEARNED)
    profile = learning.learn(START, draw.poisson(np.tile(shape, 8) * wobble)[None], np.ones((1, LEARNED)), "UTC")[0]
    left = [_left(hour) for hour in range(DAYS * 24)]
    counts = draw.poisson(shape[: DAYS * 24] * np.array(left))
    hours = np.repeat(np.arange(DAYS * 24), counts) + draw.uniform(size=counts.sum())
    return EPOCH + np.sort(hours) * 3600, profile


def _left(hour: int) -> float:
    """The share of the usual events that comes."""
    if SILENCE <= hour < BACK:
        return 0.0
    return 0.35 if DROP <= hour < DROP_ENDS else 1.0


def judged(times: NDArray[np.float64], profile: Profile) -> tuple[list[tuple[float, float, float]], list[Turn]]:
    """Every six minutes: the hour, and both arms as a share of their thresholds; and what was said."""
    clock, limits = Expected(profile), Thresholds.of(profile, Tuning())
    state, rows, turns = arms.begin(EPOCH), [], []
    for step in range(1, DAYS * 240 + 1):
        until = EPOCH + step * 360
        new = times[(times > state.at) & (times <= until)].tolist()
        state, said = arms.advance(state, new, until, clock, limits)
        rows.append((step / 10, min(1.0, state.quiet / limits.silence), state.drop / limits.h))
        turns += said
    return rows, turns


def x(hour: float) -> float:
    """Where an hour stands."""
    return LEFT + hour * (WIDTH - LEFT - 8) / (DAYS * 24)


def line(points: list[tuple[float, float]], kind: str) -> str:
    """A line through points."""
    return f'<polyline class="{kind}" points="{" ".join(f"{px:.1f},{py:.1f}" for px, py in points)}"/>'


def counts(times: NDArray[np.float64], profile: Profile) -> Iterator[str]:
    """The upper half: what came in each hour, and what was expected."""
    seen = np.bincount(((times - EPOCH) // 3600).astype(int), minlength=DAYS * 24)
    usual = np.array([profile.rates[hour % 168] * profile.level for hour in range(DAYS * 24)])
    spread = 1.96 * np.sqrt(profile.burst * usual + profile.wobble * usual**2)
    top = float(max(seen.max(), (usual + spread).max())) * 1.05
    y = [HIGH - value / top * (HIGH - 20) for value in range(int(top) + 1)]
    for value in range(0, int(top) + 1, 10):
        yield f'<path class="grid" d="M{LEFT} {y[value]:.1f}H{WIDTH - 8}"/>'
        yield f'<text x="{LEFT - 6}" y="{y[value] + 4:.1f}" text-anchor="end">{value}</text>'
    scale = (HIGH - 20) / top
    width = x(1) - x(0) - 1
    for hour, count in enumerate(seen):
        yield (
            f'<rect class="bar" x="{x(hour):.1f}" y="{HIGH - count * scale:.1f}" width="{width:.1f}" '
            f'height="{count * scale:.1f}"/>'
        )
    upper = [(x(hour + 0.5), HIGH - (usual[hour] + spread[hour]) * scale) for hour in range(DAYS * 24)]
    lower = [(x(hour + 0.5), HIGH - max(0.0, usual[hour] - spread[hour]) * scale) for hour in range(DAYS * 24)]
    band = " ".join(f"{px:.1f},{py:.1f}" for px, py in [*upper, *reversed(lower)])
    yield f'<polygon class="band" points="{band}"/>'
    yield line([(x(hour + 0.5), HIGH - usual[hour] * scale) for hour in range(DAYS * 24)], "mean")


def rising(rows: list[tuple[float, float, float]]) -> Iterator[str]:
    """The lower half: how far the arms have come."""
    base = HIGH + BETWEEN + LOW
    for share, text in ((0.0, "0"), (1.0, "h")):
        kind = "limit" if share else "axis"
        yield f'<path class="{kind}" d="M{LEFT} {base - share * (LOW - 14):.1f}H{WIDTH - 8}"/>'
        yield f'<text x="{LEFT - 6}" y="{base - share * (LOW - 14) + 4:.1f}" text-anchor="end">{text}</text>'
    for column, kind in ((1, "quiet"), (2, "drop")):
        yield line([(x(row[0]), base - row[column] * (LOW - 14)) for row in rows], kind)
    for day in range(DAYS):
        name = ("Monday", "Tuesday", "Wednesday", "Thursday")[day]
        yield f'<path class="grid" d="M{x(day * 24):.1f} 12V{base}"/>'
        yield f'<text x="{x(day * 24) + 4:.1f}" y="{base + 18}">{name}</text>'


def alarms(turns: list[Turn]) -> Iterator[str]:
    """When something was said."""
    for turn in turns:
        hour = (turn.at - EPOCH) / 3600
        word = "recovered" if turn.severity is None else f"{turn.arm}: {turn.severity}"
        yield f'<path class="alarm" d="M{x(hour):.1f} 12V{HIGH + BETWEEN + LOW}"/>'
        anchor = "end" if hour > DAYS * 18 else "start"
        row = 24 if turn.severity is None else 10
        yield f'<text class="word" x="{x(hour) + 4:.1f}" y="{HIGH + row + 14}" text-anchor="{anchor}">{word}</text>'


def main() -> None:
    """Print the picture."""
    times, profile = stream()
    rows, turns = judged(times, profile)
    height = HIGH + BETWEEN + LOW + 26
    parts = [*counts(times, profile), *rising(rows), *alarms(turns)]
    print(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img"><title>Four days of a '
        "stream that drops on Tuesday and is silent on Wednesday, what was expected, and the two arms</title>"
        f'<style>{STYLE}</style><rect width="100%" height="100%" fill="#fff"/>{"".join(parts)}</svg>'
    )


if __name__ == "__main__":
    main()

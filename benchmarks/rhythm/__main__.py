"""Prints how often beets and their rivals cry wolf, how late they notice, and what of it was aimed at."""

import argparse
import json
import math
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace

from benchmarks.rhythm import measure, ours
from benchmarks.rhythm.measure import Group, Result
from benchmarks.rhythm.simulator import DISTURBANCES, NOISES, RATES, TEST_WEEKS, Noise

AIMS: dict[str, dict[float, float]] = {
    "silence": {4.0: 5.5, 15.0: 1.9, 60.0: 0.6, 250.0: 0.3},
    "drop to 20 %": {4.0: 11.0, 15.0: 4.6, 60.0: 1.5, 250.0: 0.5},
}
"""Median hours by events an hour, over all noises."""
STREAMS, COPIES = 96, 3
QUICK_STREAMS, QUICK_COPIES = 6, 2


def main() -> None:
    options = parse()
    if not options.json:
        sys.stdout.write(head(options.streams, options.copies))
    write = json_line if options.json else table_row
    with ProcessPoolExecutor(options.processes) as pool:
        for rate in options.rates:
            groups = [Group(noise, rate, options.streams, options.copies, options.seed) for noise in NOISES]
            for group, results in by_group(groups, pool.map):
                sys.stdout.writelines(write(group, result) + "\n" for result in results)
                sys.stdout.flush()


def by_group(groups: list[Group], run: measure.Map) -> Iterator[tuple[Group, list[Result]]]:
    """The results of each group, and those of all noises together at the end."""
    found = []
    for group in groups:
        found.append(measure.measure(group, run))
        yield group, found[-1]
    together = replace(groups[0], noise=Noise("all"), streams=sum(group.streams for group in groups))
    yield together, [measure.pooled(list(of_rule)) for of_rule in zip(*found, strict=True)]


def parse() -> argparse.Namespace:
    """The options, with the sizes that are meant."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rhythm", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few streams: shows that it runs, not how good it is")
    parser.add_argument("--streams", type=int, help=f"per noise and rate ({STREAMS})")
    parser.add_argument("--copies", type=int, help=f"of each stream, for each kind of disturbance ({COPIES})")
    parser.add_argument("--rates", type=float, nargs="+", choices=RATES, default=RATES, help="events an hour")
    parser.add_argument("--seed", type=int, default=6)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--json", action="store_true", help="a JSON object a line instead of a table")
    options = parser.parse_args()
    options.streams = options.streams or (QUICK_STREAMS if options.quick else STREAMS)
    options.copies = options.copies or (QUICK_COPIES if options.quick else COPIES)
    return options


def json_line(group: Group, result: Result) -> str:
    """One rule on one group; an infinite median is null."""
    found = {
        name: {"medianHours": rounded(each.median), "foundShare": rounded(each.share), "aimHours": aim(group, name)}
        for name, each in result.found.items()
    }
    return json.dumps(
        {
            "benchmark": "rhythm",
            "noise": group.noise.name,
            "rate": group.rate,
            "rule": result.rule,
            "monitorWeeks": group.streams * TEST_WEEKS,
            "falseAlarmsPerWeek": rounded(result.per_week),
            "standardError": rounded(result.error),
            "comparable": result.is_comparable,
            "blindShare": rounded(result.blind),
            "found": found,
        },
        ensure_ascii=False,
    )


def aim(group: Group, disturbance: str) -> float | None:
    """What the median was to be for ours, if anything."""
    return AIMS.get(disturbance, {}).get(group.rate)


def rounded(value: float) -> float | None:
    """Four digits after the point, or nothing for what is not finite."""
    return round(value, 4) if math.isfinite(value) else None


def head(streams: int, copies: int) -> str:
    """The title of the table."""
    columns = ["noise", "per hour", "rule", "false alarms a week", "blind", *(each.name for each in DISTURBANCES)]
    return (
        f"{streams * TEST_WEEKS} undisturbed monitor-weeks and {streams * copies} disturbances of each kind per noise "
        f"and rate. Budget: {1 / ours.BUDGET_WEEKS:.3f} false alarms a week. Median hours, and share found in 72 h; "
        f"* misses its aim; (…) cries wolf more often than ours even at its strictest.\n\n"
        f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}\n"
    )


def table_row(group: Group, result: Result) -> str:
    """One line of a table in Markdown."""
    alarms = f"{result.per_week:.3f} ± {result.error:.3f}"
    cells = [
        group.noise.name,
        f"{group.rate:g}",
        result.rule,
        alarms if result.is_comparable else f"({alarms})",
        f"{result.blind:.0%}",
        *found_cells(group, result),
    ]
    return f"| {' | '.join(cells)} |"


def found_cells(group: Group, result: Result) -> Iterator[str]:
    """Median and share of each kind of disturbance."""
    for name, each in result.found.items():
        median = f"{each.median:.1f} h" if math.isfinite(each.median) else "never"
        limit = aim(group, name)
        missed = "*" if result.rule == "ours" and limit is not None and each.median > limit else ""
        yield f"{median}{missed}, {each.share:.0%}"


if __name__ == "__main__":
    main()

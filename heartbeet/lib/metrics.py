"""Figures in Prometheus' text format."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4 as CONTENT_TYPE
from prometheus_client.registry import Collector

__all__ = ["CONTENT_TYPE", "Gauge", "render"]

PREFIX = "heartbeet_"


@dataclass(frozen=True, slots=True)
class Gauge:
    """A figure with its meaning: one number, or one per (label, value)."""

    name: str
    meaning: str
    value: float | Mapping[tuple[str, str], float]


def render(gauges: Iterable[Gauge]) -> bytes:
    """The text that Prometheus reads."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Figures(list(gauges)))
    return generate_latest(registry)


class _Figures(Collector):
    def __init__(self, gauges: list[Gauge]) -> None:
        self._gauges = gauges

    def collect(self) -> Iterable[GaugeMetricFamily]:
        return [_family(gauge) for gauge in self._gauges]


def _family(gauge: Gauge) -> GaugeMetricFamily:
    name = PREFIX + gauge.name
    if isinstance(gauge.value, int | float):
        return GaugeMetricFamily(name, gauge.meaning, value=float(gauge.value))
    labels = {label for label, _ in gauge.value} or {"status"}
    family = GaugeMetricFamily(name, gauge.meaning, labels=sorted(labels))
    for (_, value), number in sorted(gauge.value.items()):
        family.add_metric([value], float(number))
    return family

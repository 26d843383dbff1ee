"""Figures in Prometheus' text format."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4 as CONTENT_TYPE
from prometheus_client.registry import Collector

__all__ = ["CONTENT_TYPE", "Counter", "Gauge", "render"]

PREFIX = "heartbeet_"


@dataclass(frozen=True, slots=True)
class Gauge:
    """A figure with its meaning: one number, or one per (label, value)."""

    name: str
    meaning: str
    value: float | Mapping[tuple[str, str], float]


@dataclass(frozen=True, slots=True)
class Counter:
    """A figure that only grows; its name is given without `_total`."""

    name: str
    meaning: str
    value: float


Figure = Gauge | Counter


def render(figures: Iterable[Figure]) -> bytes:
    """The text that Prometheus reads."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Figures(list(figures)))
    return generate_latest(registry)


class _Figures(Collector):
    def __init__(self, figures: list[Figure]) -> None:
        self._figures = figures

    def collect(self) -> Iterable[Metric]:
        return [_family(figure) for figure in self._figures]


def _family(figure: Figure) -> Metric:
    name = PREFIX + figure.name
    if isinstance(figure, Counter):
        return CounterMetricFamily(name, figure.meaning, value=figure.value)
    return _gauge(name, figure)


def _gauge(name: str, gauge: Gauge) -> GaugeMetricFamily:
    if isinstance(gauge.value, int | float):
        return GaugeMetricFamily(name, gauge.meaning, value=float(gauge.value))
    labels = {label for label, _ in gauge.value} or {"status"}
    family = GaugeMetricFamily(name, gauge.meaning, labels=sorted(labels))
    for (_, value), number in sorted(gauge.value.items()):
        family.add_metric([value], float(number))
    return family

"""The node for Prometheus: what is stored, in which state, how much room is left, and what works."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from api.readiness import Condition
from archive.space import Space

_SPACE: Final = (
    ("free_bytes", "Free space of the storage"),
    ("total_bytes", "Size of the storage"),
    ("reserved_bytes", "Free space below which objects are refused"),
    ("warning_bytes", "Free space below which that is said beforehand"),
)
_BY_STATE: Final = (("jobs", "status"), ("results", "state"), ("deliveries", "status"), ("associations", "state"))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)  # registries tell collectors apart by identity
class NodeMetrics(Collector):
    """The node's numbers at one moment, as a collector."""

    numbers: Mapping[str, Any] | None
    condition: Condition
    parts: Sequence[str]
    space: Space | None
    feed_clients: int

    def collect(self) -> Iterator[Metric]:
        """Yield all families; what could not be found out is left out."""
        if self.numbers is not None:
            yield from _stored(self.numbers)
        if self.space is not None:
            yield from _space(self.space)
        ready = GaugeMetricFamily("isocenter_ready", "Whether a part of the node works", labels=["part"])
        for part in self.parts:
            ready.add_metric([part], part not in self.condition.failing)
        yield ready
        yield GaugeMetricFamily("isocenter_feed_clients", "WebSockets of this process", value=self.feed_clients)


def _stored(numbers: Mapping[str, Any]) -> Iterator[Metric]:
    for name in ("patients", "studies", "series", "instances", "bytes"):
        yield GaugeMetricFamily(f"isocenter_stored_{name}", f"Stored {name}", value=numbers[name])
    for name, label in _BY_STATE:
        family = GaugeMetricFamily(f"isocenter_{name}", f"{name.capitalize()} by {label}", labels=[label])
        for value, count in numbers[name].items():
            family.add_metric([value], count)
        yield family


def _space(found: Space) -> Iterator[Metric]:
    for name, text in _SPACE:
        yield GaugeMetricFamily(f"isocenter_storage_{name}", text, value=getattr(found, name))

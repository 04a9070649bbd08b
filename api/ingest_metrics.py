"""The ingest path for Prometheus: counts of all processes as histograms, counters and gauges."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from archive.histograms import Histogram, Snapshot
from archive.stages import Count, Level, Stage

_OUTCOMES: Final = tuple(what for what in Count if what is not Count.BYTES)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)  # registries tell collectors apart by identity
class IngestMetrics(Collector):
    """The counts at one moment, as a collector."""

    counts: Snapshot

    def collect(self) -> Iterator[Metric]:
        """Yield all families."""
        yield self._seconds()
        yield self._groups()
        yield self._instances()
        yield CounterMetricFamily(
            "isocenter_ingest_bytes", "Bytes that were kept", value=self.counts.count(Count.BYTES)
        )
        yield self._level("isocenter_connections", "Open connections of DICOM peers", Level.CONNECTIONS)
        half_open = "Connections of DICOM peers without an association"
        yield self._level("isocenter_connections_half_open", half_open, Level.HALF_OPEN)
        yield self._level("isocenter_ingest_waiting", "Objects that wait for the commit before theirs", Level.WAITING)

    def _seconds(self) -> Metric:
        family = HistogramMetricFamily("isocenter_ingest_seconds", "Time in a stage of the ingest", labels=["stage"])
        for stage in Stage:
            histogram = self.counts.stage(stage)
            family.add_metric([stage.name.lower()], _buckets(histogram), histogram.total)
        return family

    def _groups(self) -> Metric:
        histogram = self.counts.groups()
        family = HistogramMetricFamily("isocenter_ingest_group_size", "Objects that were committed together")
        family.add_metric([], _buckets(histogram), histogram.total)
        return family

    def _instances(self) -> Metric:
        family = CounterMetricFamily("isocenter_ingest_instances", "Objects by what became of them", labels=["outcome"])
        for outcome in _OUTCOMES:
            family.add_metric([outcome.name.lower()], self.counts.count(outcome))
        return family

    def _level(self, name: str, text: str, level: Level) -> Metric:
        return GaugeMetricFamily(name, text, value=self.counts.level(level))


def _buckets(histogram: Histogram) -> list[tuple[str, float]]:
    bounds = [*(str(bound) for bound in histogram.bounds), "+Inf"]
    return list(zip(bounds, map(float, histogram.cumulative()), strict=True))

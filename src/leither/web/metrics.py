"""What the node counts of itself, and the page a Prometheus server reads it from.

Counting is plain arithmetic on the event loop; the library is loaded when somebody first asks.
"""

import os
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

from leither.service.engines import Engines
from leither.service.traffic import Traffic

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

_BUCKETS_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class Metrics:
    """Counts of requests by route class and status, bytes sent, durations; and what the engines hold when read."""

    def __init__(self, engines: Engines, traffic: Traffic | None = None) -> None:
        """Take traffic: what went between this node and others, None where it speaks with none."""
        self._engines = engines
        self._traffic = traffic
        self._requests: defaultdict[tuple[str, int], int] = defaultdict(int)
        self._bytes: defaultdict[str, int] = defaultdict(int)
        self._seconds: defaultdict[str, float] = defaultdict(float)
        self._buckets: defaultdict[str, list[int]] = defaultdict(lambda: [0] * (len(_BUCKETS_S) + 1))

    def count(self, route: str, status: int, size_bytes: int, seconds: float) -> None:
        """Take note of an answered request."""
        self._requests[route, status] += 1
        self._bytes[route] += size_bytes
        self._seconds[route] += seconds
        self._buckets[route][bisect_left(_BUCKETS_S, seconds)] += 1

    def page(self) -> tuple[bytes, bytes]:
        """Return the media type and text of all metrics. May wait for the disk."""
        from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

        registry = CollectorRegistry(auto_describe=False)
        registry.register(self)
        return CONTENT_TYPE_LATEST.encode(), generate_latest(registry)

    def collect(self) -> "Iterator[Metric]":
        """Yield the metrics, as the library's collectors do."""
        from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

        requests = CounterMetricFamily("leither_http_requests", "Requests answered.", labels=("route", "status"))
        for (route, status), number in sorted(self._requests.items()):
            requests.add_metric((route, str(status)), number)
        yield requests
        sent = CounterMetricFamily("leither_http_sent_bytes", "Bytes of bodies sent.", labels=("route",))
        for route, size in sorted(self._bytes.items()):
            sent.add_metric((route,), size)
        yield sent
        durations = HistogramMetricFamily("leither_http_seconds", "Time from request to last byte.", labels=("route",))
        for route, buckets in sorted(self._buckets.items()):
            durations.add_metric((route,), _cumulative(buckets), self._seconds[route])
        yield durations
        yield from self._collect_traffic()
        stats = self._engines.blocks.stats()
        for name, about, value in (
            ("leither_blocks", "Blocks stored.", stats.blocks),
            ("leither_blocks_disk_bytes", "Size of the block store on disk.", stats.bytes_on_disk),
            ("leither_watchers", "Who watches for changes.", self._engines.events.watchers),
            ("leither_process_resident_bytes", "Memory of this process.", resident_bytes()),
        ):
            if value is not None:
                yield GaugeMetricFamily(name, about, value=value)

    def _collect_traffic(self) -> "Iterator[Metric]":
        """Yield what each protocol between nodes has moved."""
        from prometheus_client.metrics_core import CounterMetricFamily

        totals = sorted(self._traffic.totals().items()) if self._traffic is not None else ()
        moved = CounterMetricFamily(
            "leither_network_bytes", "Bytes said to and by other nodes.", labels=("protocol", "way")
        )
        messages = CounterMetricFamily(
            "leither_network_messages", "Messages to and from other nodes.", labels=("protocol", "way")
        )
        streams = CounterMetricFamily("leither_network_streams", "Streams with other nodes.", labels=("protocol",))
        errors = CounterMetricFamily("leither_network_errors", "What broke off or was refused.", labels=("protocol",))
        for protocol, counts in totals:
            moved.add_metric((protocol, "in"), counts.bytes_received)
            moved.add_metric((protocol, "out"), counts.bytes_sent)
            messages.add_metric((protocol, "in"), counts.messages_received)
            messages.add_metric((protocol, "out"), counts.messages_sent)
            streams.add_metric((protocol,), counts.streams)
            errors.add_metric((protocol,), counts.errors)
        yield from (moved, messages, streams, errors)


def _cumulative(buckets: list[int]) -> list[tuple[str, float]]:
    total, found = 0, []
    for bound, number in zip((*map(str, _BUCKETS_S), "+Inf"), buckets, strict=True):
        total += number
        found.append((bound, float(total)))
    return found


def resident_bytes() -> int | None:
    """Return the memory this process occupies; None where the system does not tell it simply."""
    try:
        with open("/proc/self/statm", encoding="ascii") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return None

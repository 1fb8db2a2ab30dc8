"""What the switch counts of itself, and how Prometheus reads it."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field

BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)


@dataclass(slots=True)
class Histogram:
    """Seconds, counted by upper bound."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS) + 1))
    total: float = 0.0

    def add(self, seconds: float) -> None:
        self.counts[bisect_left(BUCKETS, seconds)] += 1
        self.total += seconds

    def lines(self, name: str, text: str) -> list[str]:
        """In Prometheus' text form."""
        made, running = [f"# HELP {name} {text}", f"# TYPE {name} histogram"], 0
        for bound, count in zip((*BUCKETS, None), self.counts, strict=True):
            running += count
            made.append(f'{name}_bucket{{le="{"+Inf" if bound is None else bound}"}} {running}')
        return [*made, f"{name}_sum {self.total:.6f}", f"{name}_count {running}"]


@dataclass(slots=True)
class Metrics:
    calls: int = 0
    answered: int = 0
    abandoned: int = 0
    offers: int = 0
    repairs: int = 0
    errors: int = 0
    orders_failed: int = 0
    recordings_failed: int = 0
    directory_version: int = 0
    lag: Histogram = field(default_factory=Histogram)
    decide: Histogram = field(default_factory=Histogram)

    def text(self, gauges: dict[str, float]) -> str:
        """The whole page for /metrics. ``gauges``: name -> present value."""
        counters = {
            "calls_total": (self.calls, "calls taken in or made"),
            "answered_total": (self.answered, "calls answered by a person"),
            "abandoned_total": (self.abandoned, "callers who hung up while waiting"),
            "offers_total": (self.offers, "times a phone was rung for a waiting caller"),
            "repairs_total": (self.repairs, "repairs made by the reconciler; zero when all is well"),
            "errors_total": (self.errors, "steps of the engine that failed"),
            "orders_failed_total": (self.orders_failed, "orders the media engine refused"),
            "recordings_failed_total": (self.recordings_failed, "conversations that could not be recorded"),
        }
        made: list[str] = []
        for name, (value, text) in counters.items():
            made += [
                f"# HELP dealerline_{name} {text}",
                f"# TYPE dealerline_{name} counter",
                f"dealerline_{name} {value}",
            ]
        for name, number in {**gauges, "directory_version": self.directory_version}.items():
            made += [f"# TYPE dealerline_{name} gauge", f"dealerline_{name} {number:.15g}"]
        made += self.lag.lines("dealerline_event_loop_lag_seconds", "how late the event loop runs")
        made += self.decide.lines("dealerline_ring_seconds", "agent free to order to ring")
        return "\n".join(made) + "\n"

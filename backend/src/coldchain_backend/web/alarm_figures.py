"""The figures of ISA-18.2 for /metrics: those of the last 24 hours, counted at most once a minute."""

from collections.abc import Mapping
from threading import Lock
from typing import Final

from prometheus_client import CollectorRegistry, Gauge

from coldchain.errors import InvalidInput
from coldchain_backend.alerts import Load
from coldchain_backend.judging import Figures
from coldchain_backend.web.services import Services

SPAN_MS: Final = 86_400_000
FRESH_MS: Final = 60_000
"""Anybody may ask for /metrics as often as they like, so that figures over a day are kept for so long."""

QUANTILES: Final = ("0.5", "0.9", "0.99", "1")
NO_LOAD: Final = Load(
    position=None,
    alarms=0,
    per_hour=0.0,
    most_per_hour=0,
    per_10_minutes=0.0,
    most_per_10_minutes=0,
    floods=(),
    flood_share=0.0,
)


class AlarmFigures:
    """Keeps what was counted last; may be asked from any thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._counted_ms: int | None = None
        self._figures: Figures | None = None

    def expose(self, registry: CollectorRegistry, services: Services) -> None:
        """Add all figures; where there are too many alerts to count, only that they were not counted."""
        found = self._fresh(services)
        _set(registry, "counted", "1: the figures of the last 24 hours could be counted", found is not None)
        if found is None:
            return
        _load(registry, found)
        _receivers(registry, found, [one.name for one in services.fleet().plan.receivers])
        _others(registry, found)

    def _fresh(self, services: Services) -> Figures | None:
        with self._lock:
            now_ms = services.clock.now_ms()
            if self._counted_ms is None or not 0 <= now_ms - self._counted_ms < FRESH_MS:
                self._counted_ms = now_ms
                self._figures = _counted(services, now_ms)
            return self._figures


def _counted(services: Services, now_ms: int) -> Figures | None:
    try:
        return services.answers.kpis(now_ms - SPAN_MS, now_ms)
    except InvalidInput:
        return None


def _load(registry: CollectorRegistry, found: Figures) -> None:
    load = found.kpis.total
    _set(registry, "calls", "calls to people", load.alarms)
    _set(registry, "calls_per_hour", "calls per hour, on average", load.per_hour)
    _set(registry, "most_calls_per_hour", "most calls within an hour", load.most_per_hour)
    _set(registry, "calls_per_10_minutes", "calls per 10 minutes, on average", load.per_10_minutes)
    _set(registry, "most_calls_per_10_minutes", "most calls within 10 minutes", load.most_per_10_minutes)
    _set(registry, "floods", "floods of alarms", len(load.floods))
    _set(registry, "flood_ratio", "share of the time that lay in a flood", load.flood_share)


def _receivers(registry: CollectorRegistry, found: Figures, names: list[str]) -> None:
    """Only receivers of the fleet in force, each of them: labels come and go with the fleet file alone."""
    loads = {one.position: one for one in found.kpis.positions}
    calls = _gauge(registry, "receiver_calls", "calls to a receiver", "receiver")
    hour = _gauge(registry, "receiver_most_calls_per_hour", "most calls within an hour", "receiver")
    ten = _gauge(registry, "receiver_most_calls_per_10_minutes", "most calls within 10 minutes", "receiver")
    flood = _gauge(registry, "receiver_flood_ratio", "share of the time in a flood", "receiver")
    missing = _gauge(registry, "receiver_undelivered", "tellings of the time not arrived", "receiver")
    for name in names:
        load = loads.get(name, NO_LOAD)
        calls.labels(name).set(load.alarms)
        hour.labels(name).set(load.most_per_hour)
        ten.labels(name).set(load.most_per_10_minutes)
        flood.labels(name).set(load.flood_share)
        missing.labels(name).set(sum(found.undelivered.get(name, {}).values()))


def _others(registry: CollectorRegistry, found: Figures) -> None:
    k = found.kpis
    split = _gauge(registry, "alerts", "alerts that people were called for", "priority")
    for priority, count in k.split.items():
        split.labels(priority.value).set(count)
    _set(registry, "chattering_sources", "sources that fired too often", len(k.chattering))
    _set(registry, "fleeting_alerts", "alarms that were over before anybody could act", k.fleeting)
    _set(registry, "standing_alerts", "alarms that stand for more than 24 hours now", k.standing)
    _set(registry, "most_standing_alerts", "most that stood for more than 24 hours at once", k.standing_most)
    _set(registry, "actors_ratio", "share of the ten sources that were called for most", k.actors_share)
    _set(registry, "shelved_alerts", "alarms that are shelved now", k.shelved)
    _set(registry, "shelved_seconds", "time for which alarms were shelved", k.shelved_ms / 1000)
    waited = k.waited
    _set(
        registry, "acknowledged_alerts", "alerts with a call that somebody acknowledged", waited.acknowledged
    )
    _set(registry, "unacknowledged_alerts", "alerts with a call that nobody acknowledged", waited.never)
    times = (waited.p50_ms, waited.p90_ms, waited.p99_ms, waited.longest_ms)
    until = _gauge(registry, "acknowledge_seconds", "from the first call to the acknowledgement", "quantile")
    for quantile, ms in _known(dict(zip(QUANTILES, times, strict=True))).items():
        until.labels(quantile).set(ms / 1000)


def _known(times: Mapping[str, int | None]) -> Mapping[str, int]:
    """Without acknowledgements there is no time until one: no sample, and not 0."""
    return {name: ms for name, ms in times.items() if ms is not None}


def _set(registry: CollectorRegistry, name: str, text: str, value: float) -> None:
    _gauge(registry, name, text).set(value)


def _gauge(registry: CollectorRegistry, name: str, text: str, *labels: str) -> Gauge:
    return Gauge(f"coldchain_kpi_{name}", f"{text}; last 24 hours", labels, registry=registry)

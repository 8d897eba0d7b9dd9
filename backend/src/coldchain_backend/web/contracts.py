"""What API and page ask of judging, as values; times are ms UTC."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from coldchain.excursions import Excursion
from coldchain.readings import Value
from coldchain_backend.alerts import Alert, Transition
from coldchain_backend.series import SeriesReading


class Condition(StrEnum):
    """How a point, or the worst point of a zone, stands now."""

    ALARM = "alarm"
    WARNING = "warning"
    UNKNOWN = "unknown"
    IN_LIMITS = "in_limits"
    NOT_JUDGED = "not_judged"


@dataclass(frozen=True, slots=True, kw_only=True)
class PointStatus:
    """How a point stands.

    time_ms, values   its newest reading
    since_ms          since when it is out of limits or unknown
    stale_at_ms       when it turns unknown unless another reading comes
    catching_up_ms    up to which event time the readings are whole while older ones still come in
    alert             id of the alert that is on
    """

    point: str
    sensor: str
    condition: Condition
    time_ms: int | None = None
    values: Mapping[str, Value]
    since_ms: int | None = None
    stale_at_ms: int | None = None
    catching_up_ms: int | None = None
    alert: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """Temperatures of a stretch of time in °C."""

    from_ms: int
    low: float
    high: float
    mean: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """A point's temperature over a time, with the unknown time within."""

    buckets: tuple[Bucket, ...]
    gaps: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundExcursion:
    """An excursion with the point where it was."""

    id: str
    point: str
    excursion: Excursion


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One telling of a receiver, as far as it got."""

    receiver: str
    sequence: int
    state: str
    attempts: int
    at_ms: int
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertHistory:
    """An alert with everything that happened to it."""

    alert: Alert
    transitions: Sequence[Transition]
    told: Sequence[Told]


class Answers(Protocol):
    """The only way to ask about a period; every method may block and is called in a thread."""

    def board(self, now_ms: int) -> Sequence[PointStatus]:
        """How each point of the newest fleet version stands."""
        ...

    def trace(self, point: str, from_ms: int, to_ms: int, buckets: int) -> Trace:
        """A point's temperature in at most so many stretches, whichever sensor stood there."""
        ...

    def readings(self, sensor: str, from_ms: int, to_ms: int, limit: int) -> Sequence[SeriesReading]:
        """The first `limit` readings of from_ms ≤ time < to_ms."""
        ...

    def excursions(
        self, points: Collection[str] | None, from_ms: int, to_ms: int, limit: int
    ) -> Sequence[FoundExcursion]:
        """Excursions that overlap a time, newest first."""
        ...

    def alerts(self, *, open_only: bool, before: str | None, limit: int) -> Sequence[Alert]:
        """Alerts, newest first; `before` is the id after which the page goes on."""
        ...

    def alert(self, alert: str) -> AlertHistory | None:
        """One alert with its history."""
        ...

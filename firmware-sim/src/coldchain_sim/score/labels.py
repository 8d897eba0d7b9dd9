"""What was done to a simulated store, and what a watcher is expected to say of it."""

from dataclasses import dataclass
from enum import StrEnum


class Fault(StrEnum):
    """What is injected into a trial; `DEFROST` is a day with nothing but what belongs to it."""

    DEFROST = "defrost"
    DOOR = "door"
    COMPRESSOR = "compressor"
    COMPRESSOR_IN_DEFROST = "compressor_in_defrost"
    DRIFT = "drift"
    STUCK = "stuck"
    CLOCK_SKEW = "clock_skew"
    OUTAGE = "outage"
    POWER_CUT = "power_cut"


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A condition that was really there from `from_ms` to `to_ms`.

    kinds      the kinds of alert that tell of it; any one of them will do
    sensors    whose it is; empty: the gateway's or the zone's
    wanted     False: an alert of these kinds is no false one, but none is missed either
    """

    kinds: frozenset[str]
    from_ms: int
    to_ms: int
    sensors: frozenset[str] = frozenset()
    wanted: bool = True

    def holds(self, told: "Told", slack_ms: int) -> bool:
        """Whether an alert tells of this."""
        begun = told.opened_ms <= self.to_ms + slack_ms
        near = begun and (told.ended_ms is None or told.ended_ms >= self.from_ms - slack_ms)
        mine = not self.sensors or told.sensor is None or told.sensor in self.sensors
        return told.kind in self.kinds and near and mine


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An alert as it was told: from when on, when that became known, until when (None: it goes on)."""

    kind: str
    level: str
    sensor: str | None
    opened_ms: int
    at_ms: int
    ended_ms: int | None = None

"""Rules: one limit each, how it is measured, and after how long it is a warning or an alarm."""

from dataclasses import dataclass
from enum import StrEnum
from math import isfinite

from coldchain.errors import InvalidInput
from coldchain.quantities import QUANTITIES

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
LONGEST_WINDOW_MS = 366 * DAY_MS
LONGEST_RATE_WINDOW_MS = 6 * HOUR_MS


class Level(StrEnum):
    """How loud an excursion is; "severity" stands only in foreign payloads."""

    WARNING = "warning"
    ALARM = "alarm"

    @property
    def rank(self) -> int:
        """Order of the levels: the higher, the louder."""
        return 2 if self is Level.ALARM else 1


class Side(StrEnum):
    """The side of the limit on which it is broken."""

    HIGH = "high"
    LOW = "low"


class Mode(StrEnum):
    """What is compared with the threshold, and what the delays count.

    `single`: the value; the time beyond the limit since the excursion opened. `cumulative`: the value; the
    sum of all time beyond the limit since the last reset. `mkt`: the mean kinetic temperature of a rolling
    window that ends at full UTC hours. `rate`: how fast the value rises or falls (unit per hour), as the
    median of slopes.
    """

    SINGLE = "single"
    CUMULATIVE = "cumulative"
    MKT = "mkt"
    RATE = "rate"


class Reset(StrEnum):
    """When a cumulative sum begins anew: never (the life of the goods), as a window rolls on, at local
    midnight."""

    NEVER = "never"
    WINDOW = "window"
    LOCAL_DAY = "local_day"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One limit with two levels, each reached after its own delay of event time out of limits.

    `inclusive`: the threshold itself breaks the limit. `hysteresis` (≥ 0, in the quantity's unit): how far
    behind the threshold a value must be to end the excursion. A delay of None leaves its level out.
    `irreversible`: once its highest level is reached, no reading ends the excursion. `ignore_at_start_ms`:
    nothing opens in this time behind the first reading of a series (a logger that still comes to
    temperature). `window_ms` belongs to the modes mkt and rate and to a cumulative sum over a window.
    """

    name: str
    side: Side
    threshold: float
    inclusive: bool
    hysteresis: float = 0.0
    warning_after_ms: int | None = None
    alarm_after_ms: int | None = None
    quantity: str = "temperature"
    mode: Mode = Mode.SINGLE
    window_ms: int | None = None
    reset: Reset = Reset.NEVER
    irreversible: bool = False
    ignore_at_start_ms: int = 0

    def __post_init__(self) -> None:
        quantity = QUANTITIES.get(self.quantity)
        if quantity is None or quantity.kind != "float":
            raise InvalidInput(f"rule {self.name}: {self.quantity} has no limits")
        if not isfinite(self.threshold) or not quantity.low <= self.threshold <= quantity.high:
            raise InvalidInput(f"rule {self.name}: {self.threshold} is not possible for {self.quantity}")
        if round(self.threshold, 3) != self.threshold:
            raise InvalidInput(f"rule {self.name}: a threshold has at most three decimals")
        if not isfinite(self.hysteresis) or self.hysteresis < 0:
            raise InvalidInput(f"rule {self.name}: hysteresis cannot be {self.hysteresis}")
        self._check_delays()
        self._check_mode()

    def _check_delays(self) -> None:
        if self.warning_after_ms is None and self.alarm_after_ms is None:
            raise InvalidInput(f"rule {self.name}: neither a warning nor an alarm")
        if min(self.delays) < 0 or (len(self.delays) == 2 and self.delays[0] > self.delays[1]):
            raise InvalidInput(
                f"rule {self.name}: delays must be ≥ 0 and the warning's not above the alarm's"
            )
        if self.ignore_at_start_ms < 0:
            raise InvalidInput(f"rule {self.name}: the time ignored at the start must be ≥ 0")

    def _check_mode(self) -> None:
        if self.reset is not Reset.NEVER and self.mode is not Mode.CUMULATIVE:
            raise InvalidInput(f"rule {self.name}: only a cumulative sum is reset")
        if self._rolls and not self._whole_hours(self.window_ms):
            raise InvalidInput(f"rule {self.name}: its window must be whole hours, 1 h to 366 d")
        if self.mode is Mode.RATE and not 60_000 <= (self.window_ms or 0) <= LONGEST_RATE_WINDOW_MS:
            raise InvalidInput(f"rule {self.name}: a rate needs a window of 1 min to 6 h")
        if self.window_ms is not None and not self._rolls and self.mode is not Mode.RATE:
            raise InvalidInput(f"rule {self.name}: a window makes no sense here")
        if self.mode is Mode.MKT and (self.side is Side.LOW or self.quantity != "temperature"):
            raise InvalidInput(f"rule {self.name}: a mean kinetic temperature tells of heat only")

    @property
    def by_value(self) -> bool:
        """Whether values themselves are compared with the threshold."""
        return self.mode in (Mode.SINGLE, Mode.CUMULATIVE)

    @property
    def _rolls(self) -> bool:
        return self.mode is Mode.MKT or self.reset is Reset.WINDOW

    @staticmethod
    def _whole_hours(window_ms: int | None) -> bool:
        return (
            window_ms is not None and HOUR_MS <= window_ms <= LONGEST_WINDOW_MS and window_ms % HOUR_MS == 0
        )

    @property
    def delays(self) -> tuple[int, ...]:
        """The delays that this rule has, warning first, in ms."""
        return tuple(delay for delay in (self.warning_after_ms, self.alarm_after_ms) if delay is not None)

    def broken_by(self, value: float) -> bool:
        """Tell whether a value (rounded to 0.001) opens an excursion."""
        if value == self.threshold:
            return self.inclusive
        return (value > self.threshold) is (self.side is Side.HIGH)

    def cleared_by(self, value: float) -> bool:
        """Tell whether a value (rounded to 0.001) ends an excursion: clear of threshold and hysteresis."""
        if self.broken_by(value):
            return False
        edge = (
            self.threshold - self.hysteresis if self.side is Side.HIGH else self.threshold + self.hysteresis
        )
        edge = round(edge, 3)
        return value <= edge if self.side is Side.HIGH else value >= edge

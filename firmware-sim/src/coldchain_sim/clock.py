"""Simulated time: the real monotonic clock, scaled."""

from dataclasses import dataclass, field

from coldchain_runtime.clock import Clock


@dataclass(slots=True, kw_only=True)
class SimulatedClock:
    """Seconds since the scenario began; physics runs `speed` times faster than the wall clock."""

    real: Clock
    speed: float = 1.0
    _began_ns: int = field(init=False)

    def __post_init__(self) -> None:
        self._began_ns = self.real.monotonic_ns()

    def real_s(self) -> float:
        """Real seconds since the start."""
        return (self.real.monotonic_ns() - self._began_ns) / 1e9

    def simulated_s(self) -> float:
        """Simulated seconds since the start."""
        return self.real_s() * self.speed

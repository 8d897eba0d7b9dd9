"""When to try again: arithmetic only; whoever waits has the clock and the chance."""

from dataclasses import dataclass

from coldchain.errors import InvalidInput


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """Growing waits: `base_ms` after the first failure, then each `factor` times as long, up to `cap_ms`."""

    base_ms: int
    factor: float = 2.0
    cap_ms: int

    def __post_init__(self) -> None:
        if self.base_ms < 0 or self.factor < 1 or self.cap_ms < self.base_ms:
            raise InvalidInput(f"not a back-off: {self.base_ms} ms × {self.factor} up to {self.cap_ms} ms")

    def delay_ms(self, failures: int) -> int:
        """The wait in ms when `failures` failures came before the last one (0: it was the first)."""
        delay = self.base_ms
        for _ in range(failures):
            if delay >= self.cap_ms or delay == 0:
                break
            delay = min(round(delay * self.factor), self.cap_ms)
            if self.factor == 1:
                break
        return delay


def jittered(delay_ms: int, fraction: float, random01: float) -> int:
    """`delay_ms` moved by up to ± `fraction` of itself; `random01` in [0, 1] is the caller's chance."""
    return max(0, round(delay_ms * (1.0 + fraction * (2.0 * random01 - 1.0))))

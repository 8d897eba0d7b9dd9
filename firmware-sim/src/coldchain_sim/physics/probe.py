"""A probe: what a sensor at one place says of the space it hangs in."""

import math
import random
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeSpec:
    """`door_share` 1 hangs at the door, 0 at the far end; a buffered probe has `lag_s` of minutes."""

    door_share: float = 0.0
    goods_share: float = 0.0
    lag_s: float = 30.0
    offset_c: float = 0.0
    noise_c: float = 0.03
    resolution_c: float = 0.01


@dataclass(slots=True, kw_only=True)
class Probe:
    """First-order lag, offset, noise and resolution; the same seed gives the same readings."""

    spec: ProbeSpec
    rng: random.Random
    _felt_c: float | None = field(default=None, init=False)
    _at_s: float = field(default=0.0, init=False)

    def read(self, *, at_s: float, air_c: float, draught_k: float, goods_c: float) -> float:
        """One reading in °C at this simulated second, on the grid of the probe's resolution."""
        spec = self.spec
        around = (1.0 - spec.goods_share) * (air_c + spec.door_share * draught_k) + spec.goods_share * goods_c
        if self._felt_c is None or spec.lag_s <= 0.0:
            self._felt_c = around
        else:
            self._felt_c = around + (self._felt_c - around) * math.exp(-(at_s - self._at_s) / spec.lag_s)
        self._at_s = at_s
        said = self._felt_c + spec.offset_c + self.rng.gauss(0.0, spec.noise_c)
        return round(round(said / spec.resolution_c) * spec.resolution_c, 4)

"""The compressor's thermostat: two points, and the rest that protects the motor."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Thermostat:
    """Starts half a band above the set point, stops half a band below it, rests `min_off_s` in between."""

    set_point_c: float = 4.0
    band_c: float = 2.0
    cooling_kw: float = 3.0
    min_off_s: float = 120.0

    def wants(self, *, running: bool, air_c: float, off_s: float) -> bool:
        """Whether the compressor should run now; `off_s` is how long it has stood still."""
        if running:
            return air_c > self.set_point_c - self.band_c / 2.0
        return air_c >= self.set_point_c + self.band_c / 2.0 and off_s >= self.min_off_s

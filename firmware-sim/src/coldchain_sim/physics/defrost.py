"""The evaporator coil: frost gathers on it while cooling and is melted off by the clock.

Ends when the coil passes 12.8 °C or after 45 minutes; fans stand still meanwhile, so the air reads high.
"""

from dataclasses import dataclass

FUSION_KJ_PER_KG = 334.0
END_COIL_C = 12.8
LONGEST_S = 2_700.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Defrost:
    """Interval 1.5, 3, 6 or 12 h, counted from the end of the last one; 0 means never."""

    every_s: float = 21_600.0
    heater_kw: float = 2.0
    leak_share: float = 0.25
    frost_kg_per_h: float = 0.5
    coil_kj_per_k: float = 20.0

    def due(self, since_last_s: float) -> bool:
        """Whether the timer asks for a defrost."""
        return self.every_s > 0.0 and since_last_s >= self.every_s

    def gathered(self, frost_kg: float, *, is_open: bool, dt_s: float) -> float:
        """Frost after `dt_s` of cooling; an open door brings four times the moisture."""
        return frost_kg + self.frost_kg_per_h / 3_600.0 * dt_s * (4.0 if is_open else 1.0)

    def melted(self, frost_kg: float, coil_c: float, dt_s: float) -> tuple[float, float]:
        """Frost and coil after `dt_s` of heating: the coil stays near 0 °C until the frost is gone."""
        heat = self.heater_kw * (1.0 - self.leak_share) * dt_s
        to_zero = max(0.0, -coil_c) * self.coil_kj_per_k
        if heat < to_zero:
            return frost_kg, coil_c + heat / self.coil_kj_per_k
        coil_c, heat = max(coil_c, 0.0), heat - to_zero
        melting = min(heat, frost_kg * FUSION_KJ_PER_KG)
        return frost_kg - melting / FUSION_KJ_PER_KG, coil_c + (heat - melting) / self.coil_kj_per_k

    def ended(self, coil_c: float, lasted_s: float) -> bool:
        """Whether heating stops: warm coil or the longest time."""
        return coil_c >= END_COIL_C or lasted_s >= LONGEST_S

"""Mean kinetic temperature: USP <1160> with time as weight, in whole numbers so that sums add up in any
order.

A temperature's weight is e^(ΔH/R · (1/T₀ − 1/T)) with T₀ = 273.15 K, as a whole number of 2^−64, at least 1:
below about −130 °C it loses its precision, where no mean kinetic temperature is meant. ΔH/R takes R as
8.3144e-3 kJ/(mol·K), which makes it 10 000 K for USP's 83.144 kJ/mol.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import exp, log

GAS_CONSTANT = 8.3144e-3
ZERO_K = 273.15
SCALE = 1 << 64
HOUR_MS = 3_600_000


@lru_cache(maxsize=1 << 16)
def kinetic_weight(thousandths: int, activation_kj_mol: float) -> int:
    """The weight of a temperature given in 0.001 °C."""
    kelvin = max(ZERO_K + thousandths / 1000, 1.0)
    return max(1, round(exp(activation_kj_mol / GAS_CONSTANT * (1 / ZERO_K - 1 / kelvin)) * SCALE))


def mean_kinetic(kinetic: int, double_ms: int, activation_kj_mol: float) -> float | None:
    """The mean kinetic temperature in °C, rounded to 0.001, of weights summed over twice a known time.

    Twice, because the mean of two neighbours must stay a whole number. None where nothing is known.
    """
    if double_ms <= 0 or kinetic <= 0:
        return None
    return round(_celsius(log(kinetic / SCALE / double_ms), activation_kj_mol), 3) + 0.0


def _celsius(logarithm: float, activation_kj_mol: float) -> float:
    return 1 / (1 / ZERO_K - logarithm * GAS_CONSTANT / activation_kj_mol) - ZERO_K


@dataclass(frozen=True, slots=True, kw_only=True)
class HourSum:
    """What is known of one full UTC hour: twice the known ms, and the kinetic sum over them."""

    hour_ms: int
    double_ms: int
    kinetic: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A rolling window [from_ms, to_ms) with its mean kinetic temperature, °C, and what of it is known,
    ms."""

    from_ms: int
    to_ms: int
    mkt: float
    known_ms: int


def windows(hours: Sequence[HourSum], window_ms: int, activation_kj_mol: float) -> Iterator[Window]:
    """Each window that ends at a full UTC hour behind one of `hours` (ascending) and is known for half at
    least."""
    begin = double_ms = kinetic = 0
    for hour in hours:
        double_ms, kinetic = double_ms + hour.double_ms, kinetic + hour.kinetic
        end_ms = hour.hour_ms + HOUR_MS
        while hours[begin].hour_ms < end_ms - window_ms:
            double_ms -= hours[begin].double_ms
            kinetic -= hours[begin].kinetic
            begin += 1
        mkt = mean_kinetic(kinetic, double_ms, activation_kj_mol)
        if mkt is not None and double_ms >= window_ms:
            yield Window(from_ms=end_ms - window_ms, to_ms=end_ms, mkt=mkt, known_ms=double_ms // 2)


def worst_window(found: Iterable[Window]) -> Window | None:
    """The warmest window, the first of several equal ones."""
    return max(found, key=lambda window: (window.mkt, -window.to_ms), default=None)

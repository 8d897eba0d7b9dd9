"""Formulas as they stand in the books, in floating point: what the product's sums are compared with."""

from __future__ import annotations

from collections.abc import Iterable
from math import exp, log

KELVIN = 273.15
GAS_CONSTANT = 8.3144e-3
"""kJ / (mol K), as USP <1079> rounds it: with 83.144 kJ/mol their ratio is 10 000 K."""


def mean_kinetic_of(pairs: Iterable[tuple[float, float]], activation_kj_mol: float) -> float:
    """The mean kinetic temperature in °C of (°C, weight) pairs, unrounded."""
    held = list(pairs)
    per_kelvin = activation_kj_mol / GAS_CONSTANT
    rates = sum(weight * exp(-per_kelvin / (KELVIN + celsius)) for celsius, weight in held)
    return per_kelvin / -log(rates / sum(weight for _, weight in held)) - KELVIN

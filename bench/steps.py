"""Judging: readings per second through the steps of excursions, beside a bare comparison with the limit."""

from __future__ import annotations

import random

from bench.table import Row
from bench.timing import rate
from coldchain.builtin_profiles import BUILTIN
from coldchain.excursions import INITIAL, Judged, Sample, run, step

COUNT = 100_000
INTERVAL_MS = 10_000
START_MS = 1_795_376_523_000
JUDGED = Judged(profile=BUILTIN["vaccine-2-8"], interval_ms=INTERVAL_MS)
Series = list[tuple[int, float]]


def day_of_a_cold_room(count: int, seed: int = 7) -> Series:
    """A compressor's cycle around 5 °C with noise, and a door left open for three minutes every two hours."""
    chance = random.Random(seed)
    series = []
    for number in range(count):
        cycle = abs(number % 120 - 60) / 40
        door = 4.5 if number % 720 < 18 else 0.0
        series.append((START_MS + number * INTERVAL_MS, round(4.2 + cycle + door + chance.gauss(0, 0.05), 2)))
    return series


def bare(series: Series) -> int:
    """The least that anything could do: compare each value with the two limits."""
    out = 0
    for _, value in series:
        if value > 8.0 or value < 2.0:
            out += 1
    return out


def one_by_one(series: Series) -> None:
    state = INITIAL
    for time_ms, value in series:
        state, _ = step(state, Sample(time_ms=time_ms, value=value), JUDGED)


def in_batches(series: Series, size: int) -> None:
    state = INITIAL
    for first in range(0, len(series), size):
        state, _ = run(state, series[first : first + size], JUDGED)


def measure() -> list[Row]:
    """Three rules, both levels; the whole series at once, in batches of ten, and reading by reading."""
    series = day_of_a_cold_room(COUNT)
    some = series[: COUNT // 5]
    baseline = rate(lambda: bare(series), len(series))
    rates = {
        "steps": rate(lambda: run(INITIAL, series, JUDGED), len(series)),
        "steps in batches of 10": rate(lambda: in_batches(some, 10), len(some)),
        "steps one by one": rate(lambda: one_by_one(some), len(some)),
    }
    return [
        Row(name=name, value=value, unit="readings/s", baseline=baseline, baseline_name="comparisons/s")
        for name, value in rates.items()
    ]

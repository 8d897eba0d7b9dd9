"""How fast a piece of work goes: the best of several rounds, so that a busy machine says less."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from time import perf_counter

from bench.loads import Shape

ROUNDS = 7
SCALE = float(os.environ.get("COLDCHAIN_BENCH_SCALE", "1"))
"""How long the long parts are: 1 is what the budgets are held against, 0.1 a look."""


def scaled(shape: Shape) -> Shape:
    """The shape with so many requests."""
    return replace(shape, requests=max(4, int(shape.requests * SCALE)))


def best_s(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Seconds that `work` takes; the best of `rounds`."""
    return 1 / rate(work, 1, rounds)


def rate(work: Callable[[], object], count: int, rounds: int = ROUNDS) -> float:
    """Items per second of `work`, which does `count` of them; the best of `rounds`."""
    best = float("inf")
    for _ in range(rounds):
        began = perf_counter()
        work()
        best = min(best, perf_counter() - began)
    return count / best

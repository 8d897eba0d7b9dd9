"""How fast a piece of work goes: the best of several rounds, so that a busy machine says less."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

ROUNDS = 7


def rate(work: Callable[[], object], count: int, rounds: int = ROUNDS) -> float:
    """Items per second of `work`, which does `count` of them; the best of `rounds`."""
    best = float("inf")
    for _ in range(rounds):
        began = perf_counter()
        work()
        best = min(best, perf_counter() - began)
    return count / best

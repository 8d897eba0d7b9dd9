"""How often a logger recorded, as its file shows it."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

FEWEST = 3
"""Times that a spacing must occur before it is believed."""


def proposed_interval_ms(times: Sequence[int]) -> int | None:
    """The spacing that a logger kept; None where none occurs often enough, and a person has to say.

    Of the spacings that make up a third of all, the one that covers most of the time: with a cadence that
    changes (30 min, and 2 min out of limits) that is the one of most hours, so that a calm day is no gap.
    Where none does, the most frequent. Two readings three hours apart propose nothing: the hole must not
    become the interval.
    """
    waits = [after - before for before, after in pairwise(times) if after > before]
    classes: Counter[int] = Counter(_class(wait) for wait in waits)
    usual = {size: count for size, count in classes.items() if count >= FEWEST}
    if not usual:
        return None
    often = [size for size, count in usual.items() if 3 * count >= len(waits)]
    chosen = (
        max(often, key=lambda size: (usual[size] * size, -size))
        if often
        else max(usual, key=lambda size: (usual[size], -size))
    )
    members: Counter[int] = Counter(wait for wait in waits if _class(wait) == chosen)
    return max(members, key=lambda wait: (members[wait], -wait))


def _class(wait: int) -> int:
    """A spacing without its jitter: to the second below 10 min, to 10 s below 1 h, to the minute above."""
    step = 1000 if wait < 600_000 else 10_000 if wait < 3_600_000 else 60_000
    return max(step, (wait + step // 2) // step * step)

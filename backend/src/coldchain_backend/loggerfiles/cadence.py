"""How often a logger recorded, as its file shows it."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise


def proposed_interval_ms(times: Sequence[int]) -> int | None:
    """The spacing that covers most of the time, of those that occur three times or more; else the median.

    With a cadence that changes (30 min, and 2 min out of limits) that is the one of most hours, so that a
    calm day is no gap. Spacings within 2 % are one. None for fewer than two readings.
    """
    waits = [after - before for before, after in pairwise(times) if after > before]
    if not waits:
        return None
    classes: Counter[int] = Counter(_class(wait) for wait in waits)
    usual = {size: count * size for size, count in classes.items() if count >= 3}
    if not usual:
        return sorted(waits)[(len(waits) - 1) // 2]
    chosen = max(usual, key=lambda size: (usual[size], -size))
    members: Counter[int] = Counter(wait for wait in waits if _class(wait) == chosen)
    return max(members, key=lambda wait: (members[wait], -wait))


def _class(wait: int) -> int:
    """A spacing without its jitter: to the second below 10 min, to 10 s below 1 h, to the minute above."""
    step = 1000 if wait < 600_000 else 10_000 if wait < 3_600_000 else 60_000
    return max(step, (wait + step // 2) // step * step)

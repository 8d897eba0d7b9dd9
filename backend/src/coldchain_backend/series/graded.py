"""One quantity of a sensor with the rank of each reading, for questions about how good the evidence is."""

from itertools import pairwise
from operator import lt

from coldchain_backend.series.blocks import rank_of
from coldchain_backend.series.merge import disjoint, winners
from coldchain_backend.series.store import Sample, SeriesStore


def graded(  # noqa: PLR0913 - a question about readings
    store: SeriesStore, sensor: str, quantity: str, from_ms: int, to_ms: int, *, worst_rank: int
) -> tuple[list[Sample], list[int]]:
    """(time, value) of from_ms ≤ time < to_ms by time, and the rank of each, none above `worst_rank`."""
    blocks = [
        block
        for block in store.blocks(sensor, from_ms, to_ms)
        if block.rank <= worst_rank and f",{quantity}:" in f",{block.layout}"
    ]
    samples: list[Sample] = []
    ranks: list[int] = []
    if disjoint(blocks):
        for block in blocks:
            columns = block.columns(quantity)
            found = [
                (time_ms, float(value))
                for time_ms, value in zip(columns.times, columns.fields[quantity], strict=True)
                if from_ms <= time_ms < to_ms
            ]
            samples += found
            ranks += [block.rank] * len(found)
        if all(lt(before[0], after[0]) for before, after in pairwise(samples)):
            return samples, ranks
    kept = [one for one in winners(blocks, from_ms, to_ms)[0] if quantity in one.values]
    return (
        [(one.time_ms, float(one.values[quantity])) for one in kept],
        [rank_of(one.quality, one.origin) for one in kept],
    )

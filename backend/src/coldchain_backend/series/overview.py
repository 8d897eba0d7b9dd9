"""A quantity of one sensor over a long time: from summaries where they are exact, else from readings."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from coldchain_backend.series.store import Outline, SeriesStore
from coldchain_backend.series.summaries import STEP_MS, Summary, floor_step, joined, summarise, unpack_summary


class _Stretch(NamedTuple):
    """Blocks that reach into each other, or one that stands alone and has a summary; both ends included."""

    first_ms: int
    last_ms: int
    summary: bytes | None


def overview(
    store: SeriesStore, sensor: str, quantity: str, span: tuple[int, int], *, worst_rank: int
) -> Summary:
    """The five minutes of span[0] ≤ time < span[1] (ms UTC), of readings whose rank is at most `worst_rank`.

    Equal to summing up the readings themselves; the first and last may be cut by the span's edges.
    """
    from_ms, to_ms = span
    begin_ms, end_ms = floor_step(from_ms + STEP_MS - 1), floor_step(to_ms)

    def said(first_ms: int, behind_ms: int) -> Summary:
        samples, _ = store.samples(sensor, quantity, first_ms, behind_ms, worst_rank=worst_rank)
        return summarise([time_ms for time_ms, _ in samples], [value for _, value in samples])

    if begin_ms >= end_ms:
        return said(from_ms, to_ms)
    parts = [said(from_ms, begin_ms)] if from_ms < begin_ms else []
    for one in _stretches(store.outlines(sensor, quantity, begin_ms, end_ms, worst_rank=worst_rank)):
        if one.summary is not None:
            parts.append(unpack_summary(one.summary).within(begin_ms, end_ms))
        else:
            parts.append(said(max(one.first_ms, begin_ms), min(one.last_ms + 1, end_ms)))
    if end_ms < to_ms:
        parts.append(said(end_ms, to_ms))
    return joined(parts)


def _stretches(outlines: Sequence[Outline]) -> Iterator[_Stretch]:
    """Stretches in order; neighbours without a summary are one."""
    open_: _Stretch | None = None
    for one in _apart(outlines):
        if open_ is not None and open_.summary is None and one.summary is None:
            open_ = _Stretch(open_.first_ms, one.last_ms, None)
            continue
        if open_ is not None:
            yield open_
        open_ = one
    if open_ is not None:
        yield open_


def _apart(outlines: Sequence[Outline]) -> Iterator[_Stretch]:
    """Blocks, by their first time, put together where they reach into each other."""
    open_: _Stretch | None = None
    for one in outlines:
        if open_ is not None and one.first_ms <= open_.last_ms:
            open_ = _Stretch(open_.first_ms, max(open_.last_ms, one.last_ms), None)
            continue
        if open_ is not None:
            yield open_
        open_ = _Stretch(one.first_ms, one.last_ms, one.summary)
    if open_ is not None:
        yield open_

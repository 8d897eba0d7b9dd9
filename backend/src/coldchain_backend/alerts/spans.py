"""Counting in sliding time: the most events within a while, the most at once, stretches of too many."""

from collections import Counter
from collections.abc import Iterator, Sequence

Span = tuple[int, int | None]
"""From, to (exclusive); None: still goes on."""


def clipped(span: Span, within: tuple[int, int]) -> tuple[int, int] | None:
    """The part of a span that lies within a time; None if none of it does."""
    from_ms = max(span[0], within[0])
    to_ms = within[1] if span[1] is None else min(span[1], within[1])
    return (from_ms, to_ms) if from_ms < to_ms else None


def length_ms(span: tuple[int, int] | None) -> int:
    """How long a finished span is."""
    return 0 if span is None else span[1] - span[0]


def most_within(times: Sequence[int], width_ms: int) -> int:
    """The most of the ordered times that lie in one half-open window of a width, wherever it begins."""
    most, first = 0, 0
    for at, time in enumerate(times):
        while time - times[first] >= width_ms:
            first += 1
        most = max(most, at - first + 1)
    return most


def most_at_once(spans: Sequence[Span], within: tuple[int, int]) -> int:
    """The most of the spans that hold at one instant of a time."""
    edges: list[tuple[int, int]] = []
    for span in spans:
        cut = clipped(span, within)
        if cut is not None:
            edges += [(cut[0], 1), (cut[1], -1)]
    most = now = 0
    for _, change in sorted(edges):
        now += change
        most = max(most, now)
    return most


def floods(times: Sequence[int], count: int, width_ms: int) -> Iterator[Span]:
    """Stretches with too many events: from the one that makes `count` within the width that ends with it,
    until fewer than half as many lie in the width that has just passed.
    """
    changes = Counter(times)
    changes.subtract(at + width_ms for at in times)
    now, began = 0, None
    for at in sorted(changes):
        now += changes[at]
        if began is None and now >= count:
            began = at
        elif began is not None and now * 2 < count:
            yield (began, at)
            began = None

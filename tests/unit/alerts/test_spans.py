"""Counting in sliding time, beside the slowest way to count the same."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from coldchain_backend.alerts.spans import Span, clipped, floods, length_ms, most_at_once, most_within

TIMES = st.lists(st.integers(0, 60), max_size=30).map(sorted)
SPANS = st.lists(
    st.tuples(st.integers(0, 40), st.none() | st.integers(0, 40)).map(
        lambda one: (one[0], None if one[1] is None else one[0] + one[1])
    ),
    max_size=12,
)


@given(TIMES, st.integers(1, 20))
def test_the_most_within_a_while(times: list[int], width: int) -> None:
    slow = max((sum(at <= one < at + width for one in times) for at in times), default=0)
    assert most_within(times, width) == slow


@given(SPANS, st.integers(0, 30), st.integers(1, 50))
def test_the_most_at_once(spans: list[Span], begin: int, long: int) -> None:
    slow = max(
        sum(one[0] <= at and (one[1] is None or at < one[1]) for one in spans)
        for at in range(begin, begin + long)
    )
    assert most_at_once(spans, (begin, begin + long)) == slow


def slow_floods(times: list[int], count: int, width: int) -> list[Span]:
    """Instant by instant: how many lie in the width that ends with it."""
    found: list[Span] = []
    began: int | None = None
    for at in range(200):
        now = sum(at - width < one <= at for one in times)
        if began is None and now >= count:
            began = at
        elif began is not None and now * 2 < count:
            found.append((began, at))
            began = None
    return found


@given(TIMES, st.integers(2, 6), st.integers(2, 20))
def test_floods_instant_by_instant(times: list[int], count: int, width: int) -> None:
    assert list(floods(times, count, width)) == slow_floods(times, count, width)


def test_a_flood_begins_with_the_tenth_and_ends_when_it_has_calmed_down() -> None:
    minute = 60_000
    ten = [at * minute // 2 for at in range(10)]
    assert list(floods(ten[:9], 10, 10 * minute)) == []
    [(began, ended)] = floods(ten, 10, 10 * minute)
    assert began == ten[-1]
    assert ended == ten[5] + 10 * minute


@given(st.tuples(st.integers(0, 40), st.none() | st.integers(0, 80)), st.integers(0, 40), st.integers(1, 40))
def test_what_is_cut_lies_within(span: Span, begin: int, long: int) -> None:
    cut = clipped(span, (begin, begin + long))
    inside = [at for at in range(begin, begin + long) if span[0] <= at and (span[1] is None or at < span[1])]
    assert length_ms(cut) == len(inside)


def test_one_that_comes_as_another_leaves_keeps_the_flood_on() -> None:
    assert list(floods([0, 0, 2, 2], 2, 2)) == [(0, 4)]

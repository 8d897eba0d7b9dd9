"""Curves: everything stays inside its frame, breaks at gaps, and limits are always in sight."""

from __future__ import annotations

import re
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from coldchain.words import Language
from coldchain_backend.web.console.charts import Curve, Frame, Sample, draw
from coldchain_backend.web.console.wording import Wording
from coldchain_backend.web.console.zone_page import SPANS, time_ticks

START, END = 1_795_376_400_000, 1_795_376_400_000 + 3_600_000
FRAME = Frame(width=300, height=120, from_ms=START, to_ms=END, left=30, right=20, top=5, bottom=15)
LIMITS = st.tuples(
    st.none() | st.floats(min_value=-80, max_value=8), st.none() | st.floats(min_value=8, max_value=80)
)


@st.composite
def samples(draw: st.DrawFn) -> list[Sample]:
    times = sorted(draw(st.lists(st.integers(START - 9999, END + 9999), unique=True, max_size=30)))
    made = []
    for time in times:
        low, mean, high = sorted(draw(st.tuples(*[st.floats(min_value=-200, max_value=850)] * 3)))
        made.append(Sample(time_ms=time, low=low, high=high, mean=mean))
    return made


GAPS = st.lists(
    st.tuples(st.integers(START, END), st.integers(START, END)).map(sorted).map(tuple), max_size=3
)


def numbers(path: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r"(-?[\d.e+]+) (-?[\d.e+]+)", path)]


def inside(curve: Curve, x: float, y: float) -> bool:
    frame = curve.frame
    across = frame.left <= x <= frame.width - frame.right
    return across and frame.top - 0.1 <= y <= frame.height - frame.bottom + 0.1


@given(samples(), LIMITS, GAPS)
def test_everything_stays_inside_the_frame(
    drawn: list[Sample], limits: tuple[float | None, float | None], gaps: list[tuple[int, int]]
) -> None:
    curve = draw(FRAME, drawn, limits, gaps)
    for path in (*curve.lines, *curve.bands):
        assert all(inside(curve, x, y) for x, y in numbers(path))
    for tick in curve.limits:
        assert inside(curve, FRAME.left, tick.at)
    for box in (*curve.gaps, *curve.beyond):
        assert box.width >= 0
        assert box.height >= -0.1
    assert len(curve.limits) == sum(limit is not None for limit in limits)


@given(samples(), GAPS)
def test_no_line_is_drawn_across_unknown_time(drawn: list[Sample], gaps: list[tuple[int, int]]) -> None:
    curve = draw(FRAME, drawn, (None, None), gaps)
    breaks = sum(
        any(start < after.time_ms and end > before.time_ms for start, end in gaps)
        for before, after in pairwise(drawn)
    )
    assert len(curve.lines) == (breaks + 1 if drawn else 0)


def test_a_single_reading_is_a_dot() -> None:
    curve = draw(FRAME, [Sample(time_ms=START, low=4, high=4, mean=4)], (2, 8), [])
    assert curve.lines == ("M30 68.4h0.1",)
    assert curve.bands == ()
    assert curve.last == (30.0, 68.4)


@given(st.sampled_from(sorted(SPANS)), st.sampled_from(["Asia/Shanghai", "Asia/Kolkata", "America/New_York"]))
def test_time_axes_have_a_few_round_local_times(span: str, zone: str) -> None:
    wording = Wording(language=Language.EN, now_ms=END)
    frame = Frame(width=300, height=100, from_ms=END - SPANS[span], to_ms=END)
    ticks = time_ticks(frame, zone, 6, wording)
    assert 2 <= len(ticks) <= 8
    assert all(re.fullmatch(r"\d\d:[0-5][05]|\d\d-\d\d", tick.label) for tick in ticks)

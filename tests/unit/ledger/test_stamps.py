"""Stamps never fall and never stand still for long."""

from hypothesis import given
from hypothesis import strategies as st

from coldchain_backend.ledger.stamps import Stamps
from support.still_clock import StillClock


@given(steps=st.lists(st.tuples(st.integers(0, 5_000), st.integers(-10_000, 10_000))))
def test_they_never_fall_whatever_the_clock_does(steps: list[tuple[int, int]]) -> None:
    clock = StillClock()
    stamps = Stamps(clock, clock.wall_ms)
    last = 0
    for passed, jump in steps:
        clock.advance(passed)
        clock.wall_ms += jump
        stamp, _ = stamps.next()
        assert stamp >= max(last, clock.wall_ms)
        last = stamp


def test_a_step_back_is_told_once_and_caught_up_with() -> None:
    clock = StillClock()
    stamps = Stamps(clock, 0)
    first, _ = stamps.next()
    clock.wall_ms -= 10_000
    told, shown = [], []
    for _ in range(30):
        clock.advance(1_000)
        stamp, behind = stamps.next()
        told.append(behind)
        shown.append(stamp)
    assert [behind for behind in told if behind] == [9_000]
    assert shown[1] > shown[0] > first
    assert shown[-1] == clock.wall_ms

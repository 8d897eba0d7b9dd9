"""Held numbers of a run are the same whatever order they come in."""

from hypothesis import given
from hypothesis import strategies as st

from coldchain_backend.judging.contracts import RunState
from coldchain_backend.judging.holes import with_newest, with_numbers

SPANS = st.lists(st.tuples(st.integers(1, 30), st.integers(0, 5)), max_size=25)


@given(SPANS)
def test_held_is_the_highest_number_below_which_nothing_is_missing(spans: list[tuple[int, int]]) -> None:
    run, numbers = RunState(run="r", gateway="g"), set[int]()
    for first, more in spans:
        run = with_numbers(run, first, first + more)
        numbers |= set(range(first, first + more + 1))
        held = next(number for number in range(40) if number + 1 not in numbers)
        assert run.held == held
        assert run.newest == max(numbers)
        assert run.whole == (held == max(numbers))
        assert {n for a, b in run.above for n in range(a, b + 1)} == {n for n in numbers if n > held}


def test_a_successor_may_know_of_numbers_that_never_came() -> None:
    run = with_numbers(RunState(run="r", gateway="g"), 1, 3)
    assert run.whole
    assert not with_newest(run, 5).whole
    assert with_numbers(with_newest(run, 5), 4, 5).whole

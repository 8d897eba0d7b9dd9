"""Runs held as intervals say what a plain set of numbers would say."""

from hypothesis import given
from hypothesis import strategies as st

from coldchain_backend.ledger import Added, Run

NUMBERS = st.integers(1, 30)


def hash_of(number: int) -> str:
    return f"{number:064x}"


def add(run: Run, number: int) -> Added:
    return run.add(number, hash_of(number - 1), hash_of(number))


@given(numbers=st.lists(NUMBERS))
def test_any_order_holds_the_same_numbers(numbers: list[int]) -> None:
    run, plain = Run(), set[int]()
    for number in numbers:
        assert add(run, number) is (Added.PRESENT if number in plain else Added.NEW)
        plain.add(number)
    missing = {number for first, last in run.missing() for number in range(first, last + 1)}
    assert all((number in run) is (number in plain) for number in range(32))
    assert run.newest == max(plain, default=0)
    assert missing == set(range(1, run.newest)) - plain
    assert run.held == next(number for number in range(32) if number + 1 not in plain)
    assert run.head == (hash_of(run.newest) if plain else None)


@given(numbers=st.lists(NUMBERS), holes=st.lists(st.tuples(NUMBERS, NUMBERS)))
def test_declared_numbers_count_as_held_and_take_no_others_place(
    numbers: list[int], holes: list[tuple[int, int]]
) -> None:
    run, plain = Run(), set[int]()
    for number in numbers:
        add(run, number)
        plain.add(number)
    for one, other in holes:
        first, last = min(one, other), max(one, other)
        run.declare(first, last, hash_of(last))
        plain.update(range(first, last + 1))
    assert all((number in run) is (number in plain) for number in range(32))
    assert Run(run.intervals).missing() == run.missing()


@given(numbers=st.sets(NUMBERS), cut=NUMBERS)
def test_parts_of_a_run_merge_to_the_whole(numbers: set[int], cut: int) -> None:
    whole, left, right = Run(), Run(), Run()
    for number in sorted(numbers):
        add(whole, number)
        add(left if number < cut else right, number)
    assert all(left.take(interval) is Added.NEW for interval in right.intervals)
    assert left.intervals == whole.intervals


@given(numbers=st.permutations(range(1, 6)), wrong=st.integers(2, 5))
def test_a_broken_link_is_found_in_any_order(numbers: list[int], wrong: int) -> None:
    run = Run()
    found = [
        run.add(number, hash_of(99) if number == wrong else hash_of(number - 1), hash_of(number))
        for number in numbers
    ]
    assert found.count(Added.UNLINKED) == 1
    assert run.held == 5

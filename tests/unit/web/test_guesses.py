"""Guessing is slowed down for each address and for all together, and memory of it is bounded."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from coldchain_backend.web.guesses import MAX_ADDRESSES, WITHIN_MS, Guesses

NOW = 1_795_376_523_000


def test_one_address_is_slowed_down_and_another_is_not() -> None:
    guesses = Guesses(each=3, all_together=100)
    for _ in range(3):
        assert not guesses.too_many("a", NOW)
        guesses.count("a", NOW)
    assert guesses.too_many("a", NOW + WITHIN_MS - 1)
    assert not guesses.too_many("b", NOW)
    assert not guesses.too_many("a", NOW + WITHIN_MS)


def test_many_addresses_together_are_slowed_down() -> None:
    guesses = Guesses(each=3, all_together=5)
    for number in range(5):
        guesses.count(f"{number}", NOW)
    assert guesses.too_many("fresh", NOW)


def test_addresses_are_forgotten_but_not_what_all_did_together() -> None:
    guesses = Guesses(each=1, all_together=MAX_ADDRESSES)
    for number in range(MAX_ADDRESSES):
        guesses.count(f"{number}", NOW + number * WITHIN_MS)
    guesses.count("last", NOW)
    assert not guesses.too_many("0", NOW)


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 30_000)), max_size=40))
def test_never_more_than_allowed_within_a_minute(steps: list[tuple[str, int]]) -> None:
    guesses, now, taken = Guesses(each=4, all_together=6), NOW, list[tuple[int, str]]()
    for address, later in steps:
        now += later
        if not guesses.too_many(address, now):
            guesses.count(address, now)
            taken.append((now, address))
    for at, address in taken:
        window = [one for one in taken if at <= one[0] < at + WITHIN_MS]
        assert len(window) <= 6
        assert len([one for one in window if one[1] == address]) <= 4

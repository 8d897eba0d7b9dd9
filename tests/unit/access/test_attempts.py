"""How often somebody may fail: counted per key, forgotten after a while, within bounded memory."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldchain_backend.access import Attempts, network_of

NOW = 1_795_376_523_000


def test_so_many_are_borne_and_then_one_waits_for_the_oldest() -> None:
    attempts = Attempts(limit=3, within_ms=60_000)
    for second in range(3):
        assert attempts.wait_ms("wang.li", NOW + second * 1000) == 0
        attempts.failed("wang.li", NOW + second * 1000)
    assert attempts.wait_ms("wang.li", NOW + 3000) == 57_000
    assert attempts.wait_ms("chen.jing", NOW + 3000) == 0
    assert attempts.wait_ms("wang.li", NOW + 60_000) == 0


def test_who_was_right_begins_anew() -> None:
    attempts = Attempts(limit=1, within_ms=60_000)
    attempts.failed("wang.li", NOW)
    attempts.forget("wang.li")
    attempts.forget("nobody")
    assert attempts.wait_ms("wang.li", NOW) == 0


def test_a_clock_that_is_set_back_locks_nobody_out_for_long() -> None:
    attempts = Attempts(limit=1, within_ms=60_000)
    attempts.failed("wang.li", NOW)
    assert attempts.wait_ms("wang.li", NOW - 3_600_000) == 0


def test_memory_is_bounded_and_what_is_forgotten_is_counted() -> None:
    attempts = Attempts(limit=2, within_ms=60_000, max_keys=100)
    for number in range(1000):
        attempts.failed(f"key {number}", NOW)
    assert (len(attempts), attempts.forgotten) == (100, 900)
    attempts.failed("key 999", NOW)
    assert attempts.wait_ms("key 999", NOW) > 0, "who fails again is not the one that is forgotten"


@given(st.lists(st.integers(min_value=0, max_value=200_000), max_size=40), st.integers(1, 5))
def test_never_more_failures_than_the_limit_in_any_while(steps: list[int], limit: int) -> None:
    attempts = Attempts(limit=limit, within_ms=60_000)
    tried: list[int] = []
    now = NOW
    for step in steps:
        now += step
        wait = attempts.wait_ms("k", now)
        assert 0 <= wait <= 60_000
        if wait == 0:
            attempts.failed("k", now)
            tried.append(now)
        else:
            assert attempts.wait_ms("k", now + wait) == 0
    for first, last in zip(tried, tried[limit:], strict=False):
        assert last - first >= 60_000


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("", ""),
        ("testclient", "testclient"),
    ],
)
def test_one_host_is_one_address(address: str, network: str) -> None:
    assert network_of(address) == network

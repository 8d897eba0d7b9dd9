"""A receiver's rate holds in every window, however messages come."""

from hypothesis import given
from hypothesis import strategies as st

from coldchain_backend.alerts.rates import Bucket, room_ms, size_of, spent, token_ms, tokens
from coldchain_backend.fleet import Rate

RATES = st.builds(Rate, count=st.integers(1, 200), per_ms=st.sampled_from([1000, 60_000, 3_600_000]))


def test_a_full_bucket_holds_half_of_the_rate() -> None:
    rate = Rate(count=20, per_ms=60_000)
    assert (size_of(rate), token_ms(rate), tokens(Bucket(), rate, 5)) == (10, 6000, 10)


def test_a_token_comes_back_after_its_time() -> None:
    rate, bucket = Rate(count=20, per_ms=60_000), Bucket()
    for _ in range(10):
        bucket = spent(bucket, rate, 1000)
    assert tokens(bucket, rate, 1000) == 0
    assert tokens(bucket, rate, 6999) == 0
    assert tokens(bucket, rate, 7000) == 1
    assert room_ms(bucket, rate, 1000) == 7000
    assert tokens(bucket, rate, 61_000) == 10


@given(RATES, st.lists(st.integers(0, 5000), min_size=1, max_size=120))
def test_no_window_sees_more_than_the_rate(rate: Rate, waits: list[int]) -> None:
    bucket, now_ms, sent = Bucket(), 0, []
    for wait_ms in waits:
        now_ms += wait_ms
        if tokens(bucket, rate, now_ms) >= 1:
            bucket = spent(bucket, rate, now_ms)
            sent.append(now_ms)
    for first in sent:
        assert sum(1 for at_ms in sent if first <= at_ms < first + rate.per_ms) <= rate.count


@given(RATES, st.lists(st.integers(0, 5000), min_size=1, max_size=120))
def test_what_must_go_is_sent_as_soon_as_there_is_room_and_no_window_sees_more(
    rate: Rate, waits: list[int]
) -> None:
    bucket, now_ms, sent = Bucket(), 0, []
    for wait_ms in waits:
        now_ms += wait_ms
        sent.append(room_ms(bucket, rate, now_ms))
        bucket = spent(bucket, rate, now_ms)
    assert sent == sorted(sent)
    for first in sent:
        assert sum(1 for at_ms in sent if first <= at_ms < first + rate.per_ms) <= rate.count


@given(RATES, st.integers(0, 300), st.integers(0, 10**7))
def test_room_is_the_first_instant_with_a_token(rate: Rate, gone: int, now_ms: int) -> None:
    bucket = Bucket()
    for _ in range(gone):
        bucket = spent(bucket, rate, 0)
    at_ms = room_ms(bucket, rate, now_ms)
    assert tokens(bucket, rate, at_ms) >= 1
    assert at_ms == now_ms or tokens(bucket, rate, at_ms - 1) < 1

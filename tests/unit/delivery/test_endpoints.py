"""The breaker of an endpoint: closed, open, probed, told once and told back."""

from hypothesis import given
from hypothesis import strategies as st

from coldchain_backend.delivery.endpoints import FAILING_AFTER_MS, PROBE_MS, SLOW_IN_A_ROW, Breaker
from coldchain_backend.delivery.request import Fate, Outcome
from coldchain_backend.delivery.retry import SLOW_MS

FATES = st.lists(st.tuples(st.sampled_from(Fate), st.integers(0, 5 * 60_000)), max_size=40)


@given(FATES)
def test_it_is_down_after_failures_that_pass_and_back_after_a_success(fates: list[tuple[Fate, int]]) -> None:
    breaker, now_ms, was_down = Breaker(), 0, False
    for fate, pause_ms in fates:
        now_ms += pause_ms
        back = breaker.note(Outcome(fate=fate), now_ms)
        assert back == (was_down and fate is Fate.DELIVERED)
        was_down = breaker.down
        failed = fate is not Fate.DELIVERED
        assert breaker.down == (fate is Fate.RETRY or (failed and breaker.failures >= SLOW_IN_A_ROW))
        if fate is Fate.RETRY:
            assert now_ms + 5000 <= breaker.probe_ms <= now_ms + PROBE_MS
        elif failed:
            assert breaker.probe_ms == now_ms + SLOW_MS


@given(FATES)
def test_the_operator_is_told_of_each_long_failure_and_of_its_end(fates: list[tuple[Fate, int]]) -> None:
    breaker, now_ms, told = Breaker(), 0, []
    failing_since: int | None = None
    for fate, pause_ms in fates:
        now_ms += pause_ms
        breaker.note(Outcome(fate=fate), now_ms)
        if fate is Fate.DELIVERED:
            failing_since = None
        elif failing_since is None:
            failing_since = now_ms
        tell = breaker.to_tell(now_ms)
        if tell is not None:
            told.append(tell)
        long = failing_since is not None and now_ms - failing_since >= FAILING_AFTER_MS
        assert breaker.told == long
    assert told == [number % 2 == 0 for number in range(len(told))]


def test_a_wish_to_be_left_alone_moves_the_probe() -> None:
    breaker = Breaker()
    breaker.note(Outcome(fate=Fate.RETRY, retry_after_ms=120_000), 0)
    assert breaker.probe_ms == 120_000
    breaker.note(Outcome(fate=Fate.RETRY, retry_after_ms=10**9), 0)
    assert breaker.probe_ms == 900_000

"""Rates, lanes and the courier's time: never too many in any window, never backwards, no last way off."""

from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldchain_backend.delivery.endpoints import SLOW_IN_A_ROW, Standing, standing_of_gone
from coldchain_backend.delivery.lanes import AT_ONCE, Lane, settings_digest
from coldchain_backend.delivery.queue import Waiting
from coldchain_backend.delivery.rate import Window
from coldchain_backend.delivery.request import Fate, Outcome
from coldchain_backend.delivery.retry import GIVE_UP_MS, LEAST_ATTEMPTS, Again, GiveUp, decide
from coldchain_backend.delivery.timekeeping import Timekeeper
from coldchain_backend.fleet import Plan, Rate, Receiver, Slack, Webhook
from support.acceptance import Figures

RATE = Rate(count=8, per_ms=1000)


@pytest.mark.acceptance("T11")
@given(
    st.lists(st.tuples(st.integers(0, 300), st.booleans(), st.integers(1, 12)), max_size=80),
    st.integers(1, 30),
)
def test_no_window_of_the_rate_ever_holds_more_than_the_rate(
    wishes: list[tuple[int, bool, int]], count: int
) -> None:
    window, now_ms, sent = Window(Rate(count=count, per_ms=1000)), 0, []
    for pause_ms, critical, wanted in wishes:
        now_ms += pause_ms
        may = min(window.room(now_ms, critical=critical), wanted)
        window.note(now_ms, may)
        sent += [now_ms] * may
        assert window.free_ms(now_ms, critical=True) >= now_ms
    for begins_ms in sent:
        assert sum(begins_ms <= at_ms < begins_ms + 1000 for at_ms in sent) <= count


def test_a_quarter_is_kept_free_for_criticals() -> None:
    window = Window(RATE)
    assert window.room(0, critical=False) == 6
    window.note(0, 6)
    assert (window.room(0, critical=False), window.room(0, critical=True)) == (0, 2)
    assert window.free_ms(0, critical=False) == 1000
    assert window.free_ms(0, critical=True) == 0
    window.note(1, 2)
    assert window.free_ms(1, critical=True) == 1000
    assert window.room(1000, critical=True) == 6


def test_a_rate_of_one_lets_one_through() -> None:
    window = Window(Rate(count=1, per_ms=1000))
    assert window.room(0, critical=False) == 1


def test_a_restart_knows_what_went_out_and_another_rate_keeps_the_history() -> None:
    window = Window(RATE, [900, 100, 950])
    assert window.room(1000, critical=True) == 5
    tight = window.with_rate(Rate(count=2, per_ms=1000))
    assert tight.room(1000, critical=True) == 0
    assert window.with_rate(RATE) is window


@dataclass(slots=True)
class Clocks:
    """A wall clock that steps and a monotonic one that does not."""

    wall_ms: int = 1_000_000
    steady_ms: int = 0

    def now_ms(self) -> int:
        return self.wall_ms

    def monotonic_ns(self) -> int:
        return self.steady_ms * 1_000_000

    def boottime_ns(self) -> int:
        return self.steady_ms * 1_000_000

    async def sleep(self, seconds: float) -> None:
        raise AssertionError(seconds)


@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(-(10**9), 10**9)), max_size=30))
def test_the_couriers_time_never_falls_and_never_stands(steps: list[tuple[int, int]]) -> None:
    clocks = Clocks()
    time, before_ms = Timekeeper(clocks), 0
    for passed_ms, step_ms in steps:
        clocks.steady_ms += passed_ms
        clocks.wall_ms += passed_ms + step_ms
        now_ms = time.now_ms()
        assert now_ms >= before_ms + (passed_ms if before_ms else 0)
        assert now_ms >= clocks.wall_ms
        before_ms = now_ms


def test_it_is_never_earlier_than_what_the_log_has_stamped() -> None:
    clocks = Clocks()
    time = Timekeeper(clocks)
    time.at_least(5_000_000)
    clocks.steady_ms += 7
    assert time.now_ms() == 5_000_007


@pytest.mark.acceptance("T16")
@given(st.integers(1, 200), st.integers(GIVE_UP_MS, 100 * GIVE_UP_MS))
def test_age_alone_gives_nothing_up(attempts: int, age_ms: int) -> None:
    decision = decide(Outcome(fate=Fate.RETRY), attempts, 0, age_ms, 0.5)
    assert isinstance(decision, GiveUp if attempts >= LEAST_ATTEMPTS else Again)


def test_failures_of_the_receiver_prove_as_much_as_attempts_of_the_one() -> None:
    outcome = Outcome(fate=Fate.RETRY)
    assert isinstance(decide(outcome, 1, 0, 2 * GIVE_UP_MS, 0.5, LEAST_ATTEMPTS), GiveUp)
    assert isinstance(decide(outcome, 1, 0, 2 * GIVE_UP_MS, 0.5, LEAST_ATTEMPTS - 1), Again)


def lane() -> Lane:
    return Lane(receiver="r", window=Window(RATE), settings="s")


def waiting(due_ms: int = 0, *, critical: bool = False) -> Waiting:
    return Waiting(receiver="r", count=1, oldest_ms=0, due_ms=due_ms, attempts=0, critical=critical)


def test_a_backlog_is_released_at_a_bounded_rate() -> None:
    found = lane()
    found.note(Outcome(fate=Fate.RETRY), 0)
    assert found.note(Outcome(fate=Fate.DELIVERED), 1)
    ramps = []
    for _ in range(5):
        ramps.append(found.ramp)
        found.note(Outcome(fate=Fate.DELIVERED), 1)
    assert ramps == [1, 2, 4, 8, AT_ONCE]


def test_while_it_is_down_only_the_probe_counts_and_never_before_its_rate_has_room() -> None:
    found = lane()
    found.note(Outcome(fate=Fate.RETRY), 100)
    assert found.due_ms(waiting(), 100, 0) == 5100
    found.window.note(0, 8)
    assert found.due_ms(waiting(), 100, 0) == 5100
    found.begin_afresh("t")
    assert found.due_ms(waiting(critical=True), 100, 0) == 1100


def test_after_some_refusals_in_a_row_the_rest_is_not_thrown_at_it() -> None:
    found = lane()
    for number in range(SLOW_IN_A_ROW):
        assert not found.breaker.down
        found.note(Outcome(fate=Fate.SLOW, reason="HTTP 404"), number)
    assert found.breaker.down
    assert found.last_reason == "HTTP 404"


def receivers(*names: str, fallback: str | None = None) -> Plan:
    hook = Webhook(url="https://x/", secret="env:A")
    first = Receiver(name=names[0], webhook=hook, fallback=fallback)
    return Plan(
        organisation="demo", receivers=(first, *(Receiver(name=name, webhook=hook) for name in names[1:]))
    )


@pytest.mark.acceptance("T10")
@pytest.mark.parametrize(
    ("plan", "disabled", "wanted"),
    [
        (receivers("r"), [], Standing.DEGRADED),
        (receivers("r", "q"), [], Standing.DISABLED),
        (receivers("r", "q"), ["q"], Standing.DEGRADED),
        (receivers("r", "q", fallback="q"), [], Standing.DISABLED),
        (receivers("r", "q", fallback="q"), ["q"], Standing.DEGRADED),
        (receivers("q"), [], Standing.DISABLED),
    ],
)
def test_the_last_way_for_criticals_is_never_switched_off(
    plan: Plan, disabled: list[str], wanted: Standing, figures: Figures
) -> None:
    assert standing_of_gone("r", plan, disabled) is wanted
    figures.add(plans=1)


def test_other_settings_are_another_end() -> None:
    one, other = (Receiver(name="r", slack=Slack(url=url)) for url in ("file:a", "file:b"))
    assert settings_digest(one) != settings_digest(other)
    assert settings_digest(one) == settings_digest(replace(one, persons=("x",)))
    assert settings_digest(None) == ""

"""Who may say what time it is."""

from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldchain_gateway.clock_trust import (
    UNTRUSTED_ALARM_MS,
    Bounds,
    ClockTrust,
    TrustSource,
    Validity,
    boot_id,
    chosen_offset,
    date_bounds,
    kernel_synchronised,
    narrowed,
)
from support.still_clock import StillClock


def http_date(utc_ms: int) -> str:
    return format_datetime(datetime.fromtimestamp(utc_ms // 1000, UTC), usegmt=True)


def never() -> bool:
    return False


@given(
    true_offset=st.integers(10**12, 2 * 10**12),
    sent=st.integers(0, 10**9),
    way_there=st.integers(0, 5000),
    way_back=st.integers(0, 5000),
)
def test_the_true_offset_always_lies_within_the_bounds_of_an_answer(
    true_offset: int, sent: int, way_there: int, way_back: int
) -> None:
    written = http_date(true_offset + sent + way_there)
    bounds = date_bounds(written, sent, sent + way_there + way_back)
    assert bounds is not None
    assert bounds.low <= true_offset <= bounds.high
    assert bounds.high - bounds.low <= way_there + way_back + 1000


@given(
    true_offset=st.integers(10**12, 2 * 10**12),
    asked=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 900)), min_size=1, max_size=20),
)
def test_answers_together_narrow_the_bounds_and_never_lose_the_truth(
    true_offset: int, asked: list[tuple[int, int]]
) -> None:
    bounds: Bounds | None = None
    for sent, trip in sorted(asked):
        new = date_bounds(http_date(true_offset + sent + trip), sent, sent + trip)
        assert new is not None
        bounds = narrowed(bounds, new)
        assert bounds.low <= true_offset <= bounds.high


def test_a_wall_clock_within_the_bounds_is_taken_as_it_is() -> None:
    bounds = Bounds(low=1000, high=2000, seen_boot_ms=0)
    assert chosen_offset(bounds, None, 1900) == 1900
    assert chosen_offset(bounds, 1100, 1900) == 1100
    assert chosen_offset(bounds, None, 90_000) == 1500
    assert chosen_offset(bounds, 5, 90_000) == 1500


def test_nobody_vouches_until_an_authenticated_answer_comes() -> None:
    clock = StillClock(now_ms=5_000)  # a clock that woke up in 1970
    trust = ClockTrust(clock, never)
    assert trust.offset_ms() is None
    assert trust.now_ms() is None
    clock.advance(10_000)
    now_ms = 1_795_376_523_400
    trust.answered(http_date(now_ms), trust.boot_ms() - 40, trust.boot_ms())
    assert trust.source is TrustSource.BACKEND
    assert abs((trust.now_ms() or 0) - now_ms) <= 1040


def test_the_offset_stays_put_while_answers_agree_with_it() -> None:
    clock = StillClock()
    trust = ClockTrust(clock, never)
    trust.answered(http_date(clock.wall_ms), 0, 5)
    first = trust.offset_ms()
    for _ in range(50):
        clock.advance(7_137)
        trust.answered(http_date(clock.wall_ms), trust.boot_ms() - 3, trust.boot_ms())
        assert trust.offset_ms() == first


def test_a_wall_clock_that_steps_afterwards_changes_nothing() -> None:
    clock = StillClock()
    trust = ClockTrust(clock, never)
    trust.answered(http_date(clock.wall_ms), 0, 5)
    before = trust.offset_ms()
    clock.wall_ms += 3 * 86_400_000
    assert trust.offset_ms() == before


def test_the_kernels_word_follows_the_wall_clock() -> None:
    clock = StillClock()
    trust = ClockTrust(clock, lambda: True)
    assert trust.now_ms() == clock.wall_ms
    assert trust.source is TrustSource.KERNEL
    clock.wall_ms += 3
    assert trust.now_ms() == clock.wall_ms
    trust.answered(http_date(clock.wall_ms + 60_000), 0, 5)
    assert trust.now_ms() == clock.wall_ms


def test_an_answer_without_a_date_says_nothing() -> None:
    trust = ClockTrust(StillClock(), never)
    trust.answered("", 0, 5)
    trust.answered("yesterday", 0, 5)
    assert trust.offset_ms() is None


def test_trust_of_an_earlier_process_of_the_same_boot_goes_on() -> None:
    clock = StillClock()
    trust = ClockTrust(clock, never, earlier_offset_ms=1_700_000_000_000)
    assert trust.offset_ms() == 1_700_000_000_000
    assert trust.source is TrustSource.EARLIER


def test_a_satellite_receiver_vouches_and_the_wall_clock_within_its_bounds_is_kept() -> None:
    clock = StillClock(now_ms=5_000)
    trust = ClockTrust(clock, never)
    clock.advance(10_000)
    trust.offer(TrustSource.SATELLITES, 1_795_376_523_400, clock.boottime_ns(), 750)
    assert trust.source is TrustSource.SATELLITES
    assert trust.now_ms() == 1_795_376_523_400
    right = StillClock()
    trust = ClockTrust(right, never)
    trust.offer(TrustSource.SATELLITES, right.wall_ms + 600, right.boottime_ns(), 750)
    assert trust.now_ms() == right.wall_ms


def test_nobody_is_believed_who_says_less_than_was_trusted_before_or_hardly_knows() -> None:
    clock = StillClock()
    floor = clock.wall_ms
    trust = ClockTrust(clock, never, floor_ms=floor)
    twenty_years = 1024 * 7 * 86_400_000  # a receiver whose weeks have rolled over
    trust.offer(TrustSource.SATELLITES, floor - twenty_years, clock.boottime_ns(), 750)
    trust.answered(http_date(floor - 86_400_000), 0, 5)
    trust.offer(TrustSource.SATELLITES, floor + 1000, clock.boottime_ns(), 3_600_000)
    assert trust.offset_ms() is None
    trust.answered(http_date(floor + 5000), 0, 5)
    assert trust.source is TrustSource.BACKEND


def test_a_receiver_with_a_wrong_year_is_told_once_until_it_is_right(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = StillClock()
    floor = clock.wall_ms
    trust = ClockTrust(clock, never, floor_ms=floor)

    def hear(*offsets_ms: int) -> int:
        for offset_ms in offsets_ms:
            trust.offer(TrustSource.SATELLITES, floor + offset_ms, clock.boottime_ns(), 750)
        return sum(record.message == "clock.too_early" for record in caplog.records)

    day = 86_400_000
    assert hear(-day, 1000 - day, 2000 - day) == 1
    trust.answered(http_date(floor - day), 0, 5)
    assert hear(3000 - day) == 2, "another source is told for itself"
    assert hear(1000, -day, 1000 - day) == 3


def test_certificates_are_judged_by_the_kernels_clock_the_trusted_time_or_the_latest_ever_known() -> None:
    clock = StillClock(now_ms=0)
    trust = ClockTrust(clock, never, floor_ms=1_795_000_000_000)
    assert trust.validity() == Validity(now_ms=1_795_000_000_000, sure=False)
    trust.answered(http_date(1_795_376_523_000), 0, 5)
    known = trust.validity()
    assert known is not None
    assert known.sure
    assert abs(known.now_ms - 1_795_376_523_000) <= 1005
    assert ClockTrust(clock, lambda: True).validity() is None


def test_a_day_without_trust_is_an_alarm() -> None:
    clock = StillClock()
    trust = ClockTrust(clock, never)
    clock.advance(UNTRUSTED_ALARM_MS - 1)
    assert not trust.alarming()
    clock.advance(1)
    assert trust.alarming()
    trust.answered(http_date(clock.wall_ms), trust.boot_ms() - 1, trust.boot_ms())
    assert not trust.alarming()


def test_the_real_kernel_can_be_asked() -> None:
    assert kernel_synchronised() in (True, False)
    assert len(boot_id()) == 36

"""Times as devices write them."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldchain_gateway.formats.source_time import EARLIEST_MS, LATEST_MS, TimeUnit, time_of

instants = st.integers(EARLIEST_MS, LATEST_MS - 1)
BERLIN = ZoneInfo("Europe/Berlin")


@given(instants)
def test_milliseconds_and_seconds_are_told_apart_by_their_size(instant_ms: int) -> None:
    assert time_of(instant_ms) == time_of(str(instant_ms)) == instant_ms
    whole = instant_ms // 1000 * 1000
    if whole >= EARLIEST_MS:
        assert time_of(whole // 1000) == time_of(str(whole // 1000)) == whole


@given(instants, st.integers(-14 * 60, 14 * 60))
def test_iso_times_with_any_offset_are_the_same_instant(instant_ms: int, offset_min: int) -> None:
    zone = timezone(timedelta(minutes=offset_min))
    written = datetime.fromtimestamp(instant_ms // 1000, UTC).astimezone(zone).isoformat()
    found = time_of(written)
    assert found == instant_ms // 1000 * 1000


@given(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=40) | st.lists(st.integers()),
    st.sampled_from([None, "s", "ms", "iso"]),
)
def test_whatever_is_written_gives_a_plausible_time_or_none(said: object, unit: TimeUnit | None) -> None:
    found = time_of(said, unit=unit, zone=BERLIN)
    assert found is None or EARLIEST_MS <= found < LATEST_MS


NO_TIMES = (None, True, "", "yesterday", "20240101", 0, 1, -1, 12, 4.2e12, 1e300)
NO_TEXTS = ("1970-01-01T00:00:00Z", "2016-01-01T00:00:00Z", "2200-01-01T00:00:00Z", "2024-13-01T00:00:00Z")


@pytest.mark.parametrize("said", [*NO_TIMES, *NO_TEXTS, "2024-01-01T00:00:00"])
def test_what_cannot_be_meant_is_no_time(said: object) -> None:
    assert time_of(said) is None


def test_a_unit_is_obeyed() -> None:
    assert time_of(1_700_000_000, unit="s") == 1_700_000_000_000
    assert time_of(1_700_000_000, unit="ms") is None
    assert time_of(1_700_000_000_123, unit="ms") == 1_700_000_000_123
    assert time_of("2024-01-01T00:00:00Z", unit="s") is None
    assert time_of(1_700_000_000, unit="iso") is None


def test_the_hour_that_comes_twice_is_the_one_nearer_to_arrival() -> None:
    first = int(datetime(2024, 10, 27, 0, 30, tzinfo=UTC).timestamp() * 1000)  # 02:30 summer time
    second = first + 3_600_000  # 02:30 again, winter time
    for arrival in (first, second):
        assert time_of("2024-10-27T02:30:00", zone=BERLIN, near_ms=arrival + 5000) == arrival


def test_seven_and_nine_digits_of_a_second_are_read() -> None:
    assert time_of("2023-05-23T06:30:11.1230000", zone=ZoneInfo("UTC")) == 1_684_823_411_123
    assert time_of("2022-07-18T09:34:15.775023242+00:00") == 1_658_136_855_775

"""Samples and instants as rule tests write them."""

from contextlib import suppress
from datetime import date
from math import isfinite
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldchain.errors import InvalidInput
from coldchain_backend.ruletests.calendar import Calendar
from coldchain_backend.ruletests.document import values_of

CHONGQING = Calendar(day=date(2026, 11, 22), zone=ZoneInfo("Asia/Shanghai"))
BERLIN = Calendar(day=date(2026, 10, 25), zone=ZoneInfo("Europe/Berlin"))
TEN = 1_795_312_800_000


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("5 -18.5 0 _", (5.0, -18.5, 0.0, None)),
        ("4x2", (4.0, 4.0, 4.0)),
        ("4+0.5x3", (4.0, 4.5, 5.0, 5.5)),
        ("4-1x2", (4.0, 3.0, 2.0)),
        ("_x3", (None, None, None)),
        ("", ()),
    ],
)
def test_samples_are_written_as_in_promtool(text: str, values: tuple[float | None, ...]) -> None:
    assert values_of(text) == values


@pytest.mark.parametrize("text", ["x3", "5x", "five", "5,6", "1e3", "_x", "nan", "5x9999999", "1x199999 2"])
def test_what_is_no_sample_is_named(text: str) -> None:
    with pytest.raises(InvalidInput):
        values_of(text)


@given(st.text(max_size=40))
def test_any_text_is_samples_or_a_named_mistake(text: str) -> None:
    with suppress(InvalidInput):
        assert all(value is None or isfinite(value) for value in values_of(text))


@pytest.mark.parametrize(
    ("text", "at_ms"),
    [
        ("10:00", TEN),
        ("10:00:05", TEN + 5_000),
        ("+1d 10:00", TEN + 86_400_000),
        ("2026-11-22T10:00", TEN),
        ("2026-11-22 02:00Z", TEN),
        ("2026-11-22T10:00+08:00", TEN),
    ],
)
def test_instants_lie_in_the_file_s_zone(text: str, at_ms: int) -> None:
    assert CHONGQING.instant(text) == at_ms


@pytest.mark.parametrize(
    "text", ["2:00", "25:00", "10:60", "now", "", "2026-13-01", "+10000d 10:00", "10:00x"]
)
def test_what_is_no_instant_is_named(text: str) -> None:
    with pytest.raises(InvalidInput):
        CHONGQING.instant(text)


@given(st.text(alphabet="0123456789:-+d TZ.", max_size=24))
def test_any_text_is_an_instant_or_a_named_mistake(text: str) -> None:
    for read in (CHONGQING.instant, CHONGQING.span, lambda one: CHONGQING.behind(one, 0)):
        with suppress(InvalidInput):
            read(text)


def test_a_local_time_that_comes_twice_or_never_needs_its_offset() -> None:
    with pytest.raises(InvalidInput, match="ambiguous"):
        BERLIN.instant("02:30")
    with pytest.raises(InvalidInput, match="does not exist"):
        BERLIN.instant("2026-03-29T02:30")
    first, second = BERLIN.instant("2026-10-25T02:30+02:00"), BERLIN.instant("2026-10-25T02:30+01:00")
    assert second - first == 3_600_000


def test_spans_end_behind_their_beginning() -> None:
    assert CHONGQING.span("10:00-10:05") == (TEN, TEN + 300_000)
    assert CHONGQING.span("23:00 - +1d 01:00")[1] - CHONGQING.span("23:00-23:01")[0] == 7_200_000
    assert CHONGQING.span("2026-11-22T10:00..2026-11-22T10:05") == (TEN, TEN + 300_000)
    for wrong in ("10:00", "10:00-10:00", "10:00-09:00", "10:00.."):
        with pytest.raises(InvalidInput):
            CHONGQING.span(wrong)


def test_behind_counts_from_its_base() -> None:
    assert CHONGQING.behind("+2h", 7) == 7_200_007
    assert CHONGQING.behind("+1d 10:00", 7) == TEN + 86_400_000
    assert CHONGQING.behind("10:00", 7) == TEN


def test_the_clock_says_the_day_only_where_it_is_another() -> None:
    assert CHONGQING.clock(TEN) == "10:00:00"
    assert CHONGQING.clock(TEN + 86_400_000) == "+1d 10:00:00"
    assert CHONGQING.clock(TEN - 86_400_000) == "-1d 10:00:00"

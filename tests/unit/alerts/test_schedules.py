"""Named schedules: by the clock on the wall, over midnight, when the clock jumps, with exceptions."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coldchain_backend.alerts.schedules import active, next_boundary
from coldchain_backend.fleet import DatedTimes, NamedSchedule, ScheduledTime
from support.soak import rounds

if TYPE_CHECKING:
    from support.acceptance import Figures

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
EVERY_DAY = tuple(range(7))
JUMPS = {
    "Europe/Berlin": ("2026-03-29", "2026-10-25"),
    "America/New_York": ("2026-03-08", "2026-11-01"),
    "Australia/Lord_Howe": ("2026-04-05", "2026-10-04"),  # half an hour
    "America/Santiago": ("2026-04-04", "2026-09-06"),  # at midnight
    "Africa/Cairo": ("2026-04-24", "2026-10-29"),  # at midnight; the last hour of a day comes twice
    "Pacific/Auckland": ("2026-04-05", "2026-09-27"),
}
"""Zones and the days of 2026 on which their clock goes forward or back."""


def ms(text: str, zone: str, *, fold: int = 0) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp() * 1000)


def named(zone: str, *times: ScheduledTime, exceptions: tuple[DatedTimes, ...] = ()) -> NamedSchedule:
    return NamedSchedule(name="s", time_zone=zone, times=times, exceptions=exceptions)


def daily(begin: str, end: str, days: tuple[int, ...] = EVERY_DAY) -> ScheduledTime:
    minutes = [int(text[:2]) * 60 + int(text[3:]) for text in (begin, end)]
    return ScheduledTime(days=days, from_minute=minutes[0], to_minute=minutes[1])


def plainly(schedule: NamedSchedule, at_ms: int) -> bool:
    """The rule again, written as a walk over every minute that the clock on the wall shows."""
    local = datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(ZoneInfo(schedule.time_zone))
    shown = local.replace(tzinfo=None)
    for back in (0, 1):
        day = shown.date() - timedelta(days=back)
        times = [one for one in schedule.times if day.weekday() in one.days]
        for exception in schedule.exceptions:
            if date.fromisoformat(exception.first) <= day <= date.fromisoformat(exception.last):
                times = list(exception.times)
        midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - what the wall shows has no zone
        for one in times:
            length = (one.to_minute - one.from_minute) % 1440 or 1440
            begins = midnight + timedelta(minutes=one.from_minute)
            if begins <= shown < begins + timedelta(minutes=length):
                return True
    return False


def some_times() -> st.SearchStrategy[ScheduledTime]:
    minutes = st.integers(0, 95).map(lambda quarter: quarter * 15)
    return st.builds(
        ScheduledTime,
        days=st.sets(st.integers(0, 6), min_size=1).map(lambda found: tuple(sorted(found))),
        from_minute=minutes,
        to_minute=st.integers(1, 96).map(lambda quarter: quarter * 15),
    ).filter(lambda one: one.from_minute != one.to_minute)


@st.composite
def schedules(draw: st.DrawFn) -> tuple[NamedSchedule, date]:
    """A schedule of one of the zones, with exceptions around a day on which its clock jumps."""
    zone = draw(st.sampled_from(sorted(JUMPS)))
    day = date.fromisoformat(draw(st.sampled_from(JUMPS[zone])))
    exceptions = []
    for _ in range(draw(st.integers(0, 2))):
        first = day + timedelta(days=draw(st.integers(-2, 2)))
        last = first + timedelta(days=draw(st.integers(0, 2)))
        times = tuple(draw(st.lists(some_times(), max_size=2)))
        exceptions.append(DatedTimes(first=first.isoformat(), last=last.isoformat(), times=times))
    times = tuple(draw(st.lists(some_times(), max_size=3)))
    return named(zone, *times, exceptions=tuple(exceptions)), day


@pytest.mark.acceptance("T6")
@settings(max_examples=rounds(25, 2000), deadline=None)
@given(drawn=schedules())
def test_a_schedule_is_on_when_the_wall_says_so_on_days_on_which_the_clock_jumps(
    drawn: tuple[NamedSchedule, date],
) -> None:
    schedule, day = drawn
    begin = ms((day - timedelta(days=1)).isoformat(), schedule.time_zone)
    shown = [(at, plainly(schedule, at)) for at in range(begin, begin + 3 * DAY, 15 * MINUTE)]
    assert [(at, active(schedule, at)) for at, _ in shown] == shown


@pytest.mark.acceptance("T6")
@settings(max_examples=rounds(25, 2000), deadline=None)
@given(drawn=schedules())
def test_boundaries_are_exactly_where_it_goes_on_or_off(drawn: tuple[NamedSchedule, date]) -> None:
    schedule, day = drawn
    begin = ms((day - timedelta(days=1)).isoformat(), schedule.time_zone)
    end = begin + 3 * DAY
    found, at_ms = [], next_boundary(schedule, begin)
    while at_ms is not None and at_ms < end:
        assert active(schedule, at_ms) is not active(schedule, at_ms - 1)
        found.append(at_ms)
        at_ms = next_boundary(schedule, at_ms)
    shown = [plainly(schedule, at) for at in range(begin, end, 15 * MINUTE)]
    changes = sum(after is not before for before, after in pairwise(shown))
    assert len(found) == changes


@pytest.mark.acceptance("T6")
@pytest.mark.parametrize("zone", sorted(JUMPS))
def test_day_and_night_together_are_always_on_and_never_both(zone: str, figures: Figures) -> None:
    day, night = named(zone, daily("02:30", "14:00")), named(zone, daily("14:00", "02:30"))
    for jump in JUMPS[zone]:
        begin = ms(jump, zone) - DAY
        for at in range(begin, begin + 3 * DAY, 10 * MINUTE):
            assert active(day, at) is not active(night, at)
        figures.add(days=1)


@pytest.mark.acceptance("T6")
def test_the_hour_that_comes_twice_lies_in_a_time_both_times(figures: Figures) -> None:
    early = named("Europe/Berlin", daily("02:00", "03:00"))
    first, second = (ms("2026-10-25T02:30", "Europe/Berlin", fold=fold) for fold in (0, 1))
    assert second - first == HOUR
    assert active(early, first)
    assert active(early, second)
    begin, end = ms("2026-10-25T02:00", "Europe/Berlin"), ms("2026-10-25T03:00", "Europe/Berlin")
    assert end - begin == 2 * HOUR
    assert next_boundary(early, begin - 1) == begin
    assert next_boundary(early, begin) == end
    figures.add(zones=len(JUMPS))


@pytest.mark.acceptance("T6")
def test_the_hour_that_does_not_come_lies_in_none() -> None:
    early = named("Europe/Berlin", daily("02:00", "03:00"))
    begin = ms("2026-03-29T00:00", "Europe/Berlin")
    assert next_boundary(early, begin) == ms("2026-03-30T02:00", "Europe/Berlin")


def test_an_end_is_outside_and_a_night_belongs_to_the_day_on_which_it_begins() -> None:
    friday_night = named("Asia/Shanghai", daily("22:00", "06:00", (4,)))
    at = {text: ms(f"2026-11-{text}", "Asia/Shanghai") for text in ("27T22:00", "28T05:59", "28T06:00")}
    assert [active(friday_night, at[text]) for text in at] == [True, True, False]
    assert not active(friday_night, at["27T22:00"] - 1)
    assert not active(friday_night, ms("2026-11-28T23:00", "Asia/Shanghai"))
    assert next_boundary(friday_night, at["28T06:00"]) == at["27T22:00"] + 7 * DAY


def test_an_exception_takes_the_place_of_what_begins_on_its_days_and_of_nothing_else() -> None:
    holiday = DatedTimes(first="2026-10-01", last="2026-10-03")
    short = DatedTimes(first="2026-10-03", last="2026-10-03", times=(daily("10:00", "12:00"),))
    nights = named("Asia/Shanghai", daily("22:00", "06:00"), exceptions=(holiday, short))
    on = {
        "2026-09-30T23:00": True,
        "2026-10-01T05:00": True,  # it began the day before
        "2026-10-01T23:00": False,
        "2026-10-03T11:00": True,  # of two exceptions the later counts
        "2026-10-03T23:00": False,
        "2026-10-04T22:00": True,
    }
    assert {text: active(nights, ms(text, "Asia/Shanghai")) for text in on} == on
    assert next_boundary(nights, ms("2026-10-01T06:00", "Asia/Shanghai")) == ms(
        "2026-10-03T10:00", "Asia/Shanghai"
    )


def test_what_is_always_on_changes_only_at_its_exceptions_however_far_away() -> None:
    far = DatedTimes(first="2031-05-01", last="2031-05-02")
    always = named("UTC", daily("00:00", "24:00"), exceptions=(far,))
    assert next_boundary(named("UTC", daily("00:00", "24:00")), 0) is None
    off = next_boundary(always, ms("2026-01-01", "UTC"))
    assert off == ms("2031-05-01", "UTC")
    assert next_boundary(always, off) == ms("2031-05-03", "UTC")
    assert next_boundary(always, ms("2031-05-03", "UTC")) is None


def test_days_that_a_zone_left_out_are_no_trouble() -> None:
    office = named("Pacific/Apia", daily("09:00", "17:00"))
    at = ms("2011-12-29T18:00", "Pacific/Apia")
    assert next_boundary(office, at) == ms("2011-12-31T09:00", "Pacific/Apia")

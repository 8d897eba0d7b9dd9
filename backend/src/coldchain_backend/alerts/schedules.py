"""Named schedules over time: whether one is on at an instant, and when it next changes. Pure.

Times go by the clock of the schedule's zone, ends lie outside, and what begins before midnight may end
behind it. On a day with an exception only the exception's times begin; what began the day before goes on.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from coldchain_backend.fleet import NamedSchedule, ScheduledTime, TimesOf, next_change_ms, within

AHEAD_DAYS: Final = 9
"""Within so many days from now, or from the end of an exception, a schedule changes or never does."""


def active(schedule: NamedSchedule, at_ms: int) -> bool:
    """Whether a schedule is on at an instant, ms UTC."""
    return within(_times_of(schedule), ZoneInfo(schedule.time_zone), at_ms)


def next_boundary(schedule: NamedSchedule, at_ms: int) -> int | None:
    """The next instant behind `at_ms` at which a schedule goes on or off; None if it never does again."""
    zone = ZoneInfo(schedule.time_zone)
    return next_change_ms(_times_of(schedule), zone, at_ms, _days(schedule, zone, at_ms))


@lru_cache(maxsize=512)
def _times_of(schedule: NamedSchedule) -> TimesOf:
    exceptions = [
        (date.fromisoformat(one.first), date.fromisoformat(one.last), one.times)
        for one in reversed(schedule.exceptions)
    ]
    weekly = tuple(tuple(one for one in schedule.times if day in one.days) for day in range(7))

    def times_of(day: date) -> tuple[ScheduledTime, ...]:
        for first, last, times in exceptions:
            if first <= day <= last:
                return times
        return weekly[day.weekday()]

    return times_of


def _days(schedule: NamedSchedule, zone: ZoneInfo, at_ms: int) -> Iterator[date]:
    """The days on which the schedule may change: the next ones, those of exceptions and behind them."""
    today = datetime.fromtimestamp(at_ms // 1000, zone).date()
    ahead = timedelta(days=AHEAD_DAYS)
    stretches = [(today, today + ahead)]
    for one in schedule.exceptions:
        first, last = date.fromisoformat(one.first), date.fromisoformat(one.last)
        stretches.append((max(first, today), last + ahead))
    reached = today - timedelta(days=1)
    for first, last in sorted(stretches):
        day = max(first, reached + timedelta(days=1))
        while day <= last:
            yield day
            reached, day = day, day + timedelta(days=1)

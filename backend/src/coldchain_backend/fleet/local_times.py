"""Times of day by a local clock, day by day: whether an instant lies in one, and when that changes. Pure.

A time belongs to the day on which it begins, also where it goes over midnight; its end does not lie in it.
The clock on the wall decides: the hour that comes twice lies in a time both times or neither, the one that
does not come lies in none.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

TimesOf = Callable[[date], Sequence["ScheduledTime"]]
"""The times that begin on a day."""

AHEAD_DAYS: Final = 9
"""A weekly timetable says something else within so many days, or never."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledTime:
    """A time of day on days of the week (0: Monday), local minutes of the day; to ≤ from: over midnight."""

    days: tuple[int, ...]
    from_minute: int
    to_minute: int


def within(times_of: TimesOf, zone: ZoneInfo, at_ms: int) -> bool:
    """Whether an instant (ms UTC) lies in one of the times, by the clock of `zone`."""
    local = datetime.fromtimestamp(at_ms // 1000, zone)
    minute, today = local.hour * 60 + local.minute, local.date()
    for times in times_of(today):
        ends = 24 * 60 if times.to_minute <= times.from_minute else times.to_minute
        if times.from_minute <= minute < ends:
            return True
    return any(minute < times.to_minute <= times.from_minute for times in times_of(today - timedelta(days=1)))


def next_change_ms(times_of: TimesOf, zone: ZoneInfo, after_ms: int, days: Iterable[date]) -> int | None:
    """The first instant behind `after_ms` at which `within` says something else; None if on no such day.

    `days` are local days in their order on which something may change; see `days_from`.
    """
    here = within(times_of, zone, after_ms)
    for day in days:
        found = {*_written(times_of, zone, day), *_jumps(zone, day)}
        for at_ms in sorted(one for one in found if one > after_ms and _of_day(zone, one, day)):
            if within(times_of, zone, at_ms) is not here:
                return at_ms
    return None


def days_from(zone: ZoneInfo, after_ms: int, number: int = AHEAD_DAYS) -> Iterator[date]:
    """So many local days, from that of an instant on."""
    today = datetime.fromtimestamp(after_ms // 1000, zone).date()
    return (today + timedelta(days=count) for count in range(number))


def _written(times_of: TimesOf, zone: ZoneInfo, day: date) -> Iterator[int]:
    """The times that the clock shows on a day where something begins or ends; what comes twice, twice."""
    yesterday = day - timedelta(days=1)
    minutes = {one.from_minute for one in times_of(day)}
    minutes |= {one.to_minute for one in times_of(day) if one.to_minute > one.from_minute}
    minutes |= {one.to_minute for one in times_of(yesterday) if one.to_minute <= one.from_minute}
    for minute in (0, *minutes):
        local = datetime.combine(day, time(), zone) + timedelta(minutes=minute)
        for fold in (0, 1):
            yield int(local.replace(fold=fold).timestamp()) * 1000


def _jumps(zone: ZoneInfo, day: date) -> Iterator[int]:
    """Instants about a day at which the clock jumps; found to the second."""
    noon = int(datetime.combine(day, time(12), UTC).timestamp())
    for begin in range(noon - 32 * 3600, noon + 32 * 3600, 8 * 3600):
        first, last = begin, begin + 8 * 3600
        if _offset(zone, first) == _offset(zone, last):
            continue
        while last - first > 1:
            middle = (first + last) // 2
            first, last = (middle, last) if _offset(zone, middle) == _offset(zone, begin) else (first, middle)
        yield last * 1000


def _of_day(zone: ZoneInfo, at_ms: int, day: date) -> bool:
    """Whether an instant lies in a local day or ends it; days must be looked at in order."""
    moments = (datetime.fromtimestamp(at_ms // 1000 - before, zone) for before in (0, 1))
    return any(moment.date() == day for moment in moments)


def _offset(zone: ZoneInfo, at_s: int) -> timedelta | None:
    return datetime.fromtimestamp(at_s, zone).utcoffset()

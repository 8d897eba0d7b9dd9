"""Dates and times as loggers write them, and which of day and month comes first."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from typing import Final, NamedTuple

from coldchain.errors import ConfigError
from coldchain_backend.loggerfiles.cells import plain

DAY_MS: Final = 86_400_000


class DateOrder(StrEnum):
    """The order of day, month and year in a date of numbers."""

    DMY = "dmy"
    MDY = "mdy"
    YMD = "ymd"


class Numbers(NamedTuple):
    """A date of three numbers as written, and the orders that its form allows."""

    first: int
    second: int
    third: int
    orders: tuple[DateOrder, ...]


class Stamp(NamedTuple):
    """A written instant: date, ms of the day (None: no time in it), and its own offset from UTC in
    minutes."""

    date: Numbers
    day_ms: int | None
    offset: int | None


_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        (
            "jan january januar janvier janv ene enero янв gennaio gen",
            "feb february februar février févr fev fevrier febrero фев febbraio",
            "mar march märz mrz mär mars marzo мар",
            "apr april avril avr abr abril апр aprile",
            "may mai mayo maj май maggio mag",
            "jun june juni juin junio июн giugno giu",
            "jul july juli juillet juil julio июл luglio lug",
            "aug august août aout ago agosto авг",
            "sep sept september septembre septiembre set сен settembre",
            "oct october oktober okt octobre octubre окт ottobre ott",
            "nov november novembre noviembre ноя",
            "dec december dezember dez décembre déc decembre dic diciembre дек dicembre",
        ),
        start=1,
    )
    for name in names.split()
}
_YEAR_FIRST = re.compile(r"(\d{4})\s?[-/.年]\s?(\d{1,2})\s?[-/.月]\s?(\d{1,2})日?")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_YEAR_LAST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})\.?")
_DAY_NAMED = re.compile(r"(\d{1,2})[-/ .]+([^\W\d]+)\.?[-/ ,.]+(\d{4}|\d{2})")
_NAMED_DAY = re.compile(r"([^\W\d]+)\.?[-/ ]+(\d{1,2})(?:st|nd|rd|th)?,?[-/ ]+(\d{4})")
_YEAR_NAMED = re.compile(r"(\d{4})[-/ ]([^\W\d]+)\.?[-/ ](\d{1,2})")
_HALF = r"(?:([ap])\.?\s?m\.?|(上午|午前|오전|下午|午後|오후))"
_TIME = re.compile(
    rf"(?:(上午|午前|오전|下午|午後|오후)\s*)?(\d{{1,2}})\s?[:h.时時]\s?(\d{{1,2}})(?:\s?[:m.分]\s?(\d{{1,2}})(?:[.,:](\d{{1,9}}))?)?s?秒?"
    rf"\s*{_HALF}?\s*(Z|UTC|GMT)?\s*([+-]\d{{1,2}}(?::?\d{{2}})?)?",
    re.IGNORECASE,
)
_CLOCK = re.compile(r"(\d{2})(\d{2})(\d{2})?")
_WEEKDAY = re.compile(
    r"^(?:mon|tue|wed|thu|fri|sat|sun|mo|di|mi|do|fr|sa|so|lun|mar|mer|jeu|ven|sam|dim)[a-z]*\.?,?\s+(?=\d|[a-z]{3})",
    re.IGNORECASE,
)
_PM = ("p", "下午", "午後", "오후")
_AFTER_DATE = re.compile(r"(?<=\d)T(?=\d)|(?<=日)|(?<=\d),?\s+(?=\d{1,2}\s?[:h.时時]|上|下|午|오)")


def stamp_of(cell: str, time_cell: str | None = None) -> Stamp | None:
    """The instant that a cell writes, or that two cells write together; None where it is none."""
    text = plain(cell)
    if not text[:1].isdigit():
        text = _WEEKDAY.sub("", text)
    if time_cell is not None:
        found, clock = date_of(text), clock_of(plain(time_cell))
        return None if found is None or clock is None else Stamp(found, *clock)
    parts = _AFTER_DATE.split(text, maxsplit=1) if not text.isdigit() else _digits(text)
    found = date_of(parts[0].strip().rstrip(","))
    if found is None:
        return None
    if len(parts) == 1:
        return Stamp(found, None, None)
    clock = clock_of(parts[1].strip())
    return None if clock is None else Stamp(found, *clock)


def _digits(text: str) -> list[str]:
    return [text[:8], text[8:]] if len(text) in (12, 14) else [text]


@lru_cache(maxsize=1 << 12)
def date_of(text: str) -> Numbers | None:
    """A date, with its numbers in the order of writing where that is open."""
    if found := _YEAR_FIRST.fullmatch(text) or _COMPACT.fullmatch(text):
        return _known(int(found[1]), int(found[2]), int(found[3]))
    if found := _YEAR_LAST.fullmatch(text):
        orders: tuple[DateOrder, ...]
        first, second, last = int(found[1]), int(found[3]), int(found[4])
        if len(found[4]) == 4:
            orders = (DateOrder.DMY,) if found[2] == "." else (DateOrder.DMY, DateOrder.MDY)
        else:
            orders = (DateOrder.DMY,) if found[2] == "." else tuple(DateOrder)
        return _possible(Numbers(first, second, last, orders))
    if found := _DAY_NAMED.fullmatch(text):
        return _named(found[3], found[2], found[1])
    if found := _NAMED_DAY.fullmatch(text):
        return _named(found[3], found[1], found[2])
    if found := _YEAR_NAMED.fullmatch(text):
        return _named(found[1], found[2], found[3])
    return None


def _named(year: str, month: str, day: str) -> Numbers | None:
    number = _MONTHS.get(month.lower())
    return None if number is None else _known(_year(int(year)), number, int(day))


def _known(year: int, month: int, day: int) -> Numbers | None:
    return _possible(Numbers(year, month, day, (DateOrder.YMD,)))


def _possible(numbers: Numbers) -> Numbers | None:
    orders = tuple(order for order in numbers.orders if day_in(numbers, order) is not None)
    return numbers._replace(orders=orders) if orders else None


def _year(number: int) -> int:
    return number if number > 99 else 2000 + number


@lru_cache(maxsize=1 << 12)
def day_in(numbers: Numbers, order: DateOrder) -> int | None:
    """The day's number by one order, None where that is no date."""
    first, second, third, _ = numbers
    year, month, day = {
        DateOrder.YMD: (first, second, third),
        DateOrder.DMY: (third, second, first),
        DateOrder.MDY: (third, first, second),
    }[order]
    try:
        return date(_year(year), month, day).toordinal()
    except ValueError:
        return None


@lru_cache(maxsize=1 << 16)
def clock_of(text: str) -> tuple[int, int | None] | None:
    """A time of day in ms, and the offset from UTC in minutes that stands behind it."""
    found = _TIME.fullmatch(text)
    if found is None:
        short = _CLOCK.fullmatch(text)
        return None if short is None else _clock(int(short[1]), int(short[2]), int(short[3] or 0), 0, None)
    half = (found[1] or found[6] or found[7] or "").lower()
    hour = int(found[2])
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half in _PM else 0)
    fraction = int((found[5] or "0").ljust(3, "0")[:3])
    zoned = found[8] is not None or found[9] is not None
    offset = offset_minutes(found[9] or "+0") if zoned else None
    return _clock(hour, int(found[3]), int(found[4] or 0), fraction, offset)


def _clock(hour: int, minute: int, second: int, ms: int, offset: int | None) -> tuple[int, int | None] | None:
    if (hour > 23 and (hour, minute, second) != (24, 0, 0)) or minute > 59 or second > 59:
        return None
    return ((hour * 60 + minute) * 60 + second) * 1000 + ms, offset


def offset_minutes(text: str) -> int | None:
    """`+08:00`, `+8`, `-0530` in minutes; None for what is none."""
    found = re.fullmatch(r"([+-])(\d{1,2})(?::?(\d{2}))?", text)
    if found is None or int(found[2]) > 14:
        return None
    minutes = int(found[2]) * 60 + int(found[3] or 0)
    return -minutes if found[1] == "-" else minutes


@dataclass(slots=True, kw_only=True)
class OrderFinder:
    """Sees every date of a file, and says which order of numbers they are written in."""

    file: str
    _dates: list[tuple[int, Numbers]]

    @property
    def nothing_open(self) -> bool:
        """Whether every date seen so far begins with its year."""
        return not self._dates

    @classmethod
    def of(cls, file: str) -> "OrderFinder":
        """One that has seen nothing yet."""
        return cls(file=file, _dates=[])

    def see(self, line: int, numbers: Numbers) -> None:
        """Take note of a date; the same as the one before tells nothing new."""
        if len(numbers.orders) == 1 and numbers.orders[0] is DateOrder.YMD and numbers.first > 99:
            return
        if not self._dates or self._dates[-1][1] != numbers:
            self._dates.append((line, numbers))

    def order(self) -> tuple[DateOrder, str | None]:
        """The order, and how it was found where it had to be; raises ConfigError where it must be asked
        for."""
        if not self._dates:
            return DateOrder.YMD, None
        possible = [
            order for order in DateOrder if all(order in numbers.orders for _, numbers in self._dates)
        ]
        if not possible:
            raise ConfigError(self._contradiction(), file=self.file, line=self._dates[0][0])
        if len(possible) == 1:
            return possible[0], None
        smooth = [order for order in possible if _smooth(self._days(order))]
        others = [order for order in possible if order not in smooth]
        if len(smooth) == 1 and all(_jumps(self._days(order)) for order in others):
            return smooth[
                0
            ], f"dates taken as {smooth[0].value}: in another order the days would not follow each other"
        line, first = self._dates[0]
        shown = f"{first.first}/{first.second}/{first.third}"
        names = " or ".join(f"--date-order {order.value}" for order in possible)
        raise ConfigError(
            f"{shown} may be {_meanings(first, possible)}, and nothing in the file tells: give {names}",
            file=self.file,
            line=line,
        )

    def _days(self, order: DateOrder) -> list[int]:
        return [day_in(numbers, order) or 0 for _, numbers in self._dates]

    def _contradiction(self) -> str:
        return "its dates cannot all be of one order of day and month: some have a day first, some a month"


def _smooth(days: Sequence[int]) -> bool:
    steps = _steps(days)
    return bool(steps) and max(map(abs, steps)) <= 3 and (min(steps) >= 0 or max(steps) <= 0)


def _jumps(days: Sequence[int]) -> bool:
    return max(map(abs, _steps(days)), default=0) > 20


def _steps(days: Iterable[int]) -> list[int]:
    return [after - before for before, after in pairwise(days)]


def _meanings(numbers: Numbers, orders: Sequence[DateOrder]) -> str:
    days = [date.fromordinal(day_in(numbers, order) or 1) for order in orders]
    return " or ".join(f"{day.isoformat()} ({order.value})" for day, order in zip(days, orders, strict=True))

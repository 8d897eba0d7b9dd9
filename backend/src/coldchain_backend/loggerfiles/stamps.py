"""Dates and times as loggers write them, and which of day and month comes first."""

import re
from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import Final, NamedTuple

from coldchain_backend.loggerfiles.cells import plain

DAY_MS: Final = 86_400_000


class DateOrder(StrEnum):
    """The order of day, month and year in a date of numbers."""

    DMY = "dmy"
    MDY = "mdy"
    YMD = "ymd"


class Numbers(NamedTuple):
    """A date of three numbers as written, the orders that its form allows, and the usual one of that form."""

    first: int
    second: int
    third: int
    orders: tuple[DateOrder, ...]
    usual: DateOrder | None = None


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
_YEAR_FIRST = re.compile(r"([1-9]\d{3})\s?[-/.年]\s?(\d{1,2})\s?[-/.月]\s?(\d{1,2})日?")
_COMPACT = re.compile(r"([1-9]\d{3})(\d{2})(\d{2})")
_YEAR_LAST = re.compile(r"(\d{1,2})([-/.])\s?(\d{1,2})\2\s?([1-9]\d{3}|\d{2})\.?")
_DAY_NAMED = re.compile(r"(\d{1,2})[-/ .]+([^\W\d]+)\.?[-/ ,.]+([1-9]\d{3}|\d{2})")
_NAMED_DAY = re.compile(r"([^\W\d]+)\.?[-/ ]+(\d{1,2})(?:st|nd|rd|th)?,?[-/ ]+([1-9]\d{3})")
_YEAR_NAMED = re.compile(r"([1-9]\d{3})[-/ ]([^\W\d]+)\.?[-/ ](\d{1,2})")
_MORNING: Final = ("am", "上午", "午前", "오전", "dop", "fm", "ap", "πμ", "sa", "de")
_AFTERNOON: Final = ("pm", "下午", "午後", "오후", "odp", "em", "ip", "μμ", "ch", "du")
_OFFSETS: Final = {
    **dict.fromkeys(("Z", "UTC", "GMT", "WET"), 0),
    **dict.fromkeys(("CET", "WEST"), 60),
    **dict.fromkeys(("CEST", "EET"), 120),
    **dict.fromkeys(("EEST", "MSK"), 180),
    **dict.fromkeys(("HKT", "SGT", "AWST"), 480),
    **dict.fromkeys(("JST", "KST"), 540),
    "ACST": 570,
    "ACDT": 630,
    "AEST": 600,
    "AEDT": 660,
    "NZST": 720,
    "NZDT": 780,
    "EDT": -240,
    "EST": -300,
    "CDT": -300,
    "MDT": -360,
    "MST": -420,
    "PDT": -420,
    "PST": -480,
}
_OF_SEVERAL: Final = ("CST", "IST", "BST")
"""Names of zones that mean several: the time is taken as local, and the zone is asked for."""
_BEFORE = "上午|午前|오전|下午|午後|오후"
_HALF = "|".join(r"\.?\s?".join(word) + r"\.?" for word in (*_MORNING, *_AFTERNOON))
_TIME = re.compile(
    rf"(?:({_BEFORE})\s*)?(\d{{1,2}})\s?[:h.时時]\s?(\d{{1,2}})"
    r"(?:\s?[:m.分]\s?(\d{1,2})(?:[.,:](\d{1,9}))?)?s?[秒分]?"
    rf"\s*({_HALF})?\s*({'|'.join((*_OFFSETS, *_OF_SEVERAL))})?\s*([+-]\d{{1,2}}(?::?\d{{2}})?)?",
    re.IGNORECASE,
)
_CLOCK = re.compile(r"(\d{2})(\d{2})(\d{2})?")
_WEEKDAY = re.compile(
    r"^(?:mon|tue|wed|thu|fri|sat|sun|mo|di|mi|do|fr|sa|so|lun|mar|mer|jeu|ven|sam|dim)[a-z]*\.?,?\s+(?=\d|[a-z]{3})",
    re.IGNORECASE,
)
_YEAR_AT_END = re.compile(
    r"([a-z]{3})\s+(\d{1,2})\s+(\d\d:\d\d:\d\d(?:\s[A-Z]{3,4})?)\s(\d{4})", re.IGNORECASE
)
_AFTER_DATE = re.compile(
    r"(?<=\d)T(?=\d)|(?<=日)|(?<=\d),(?=\d{1,2}:\d\d)|(?<=\d),?\s+(?=\d{1,2}\s?[:h.时時]|上|下|午|오)"
)

_CLOCK_FIRST = re.compile(r"(\d{1,2}:\d\d(?::\d\d(?:\.\d+)?)?(?:\s?[ap]\.?m\.?)?)[\s,]+(\S.*)", re.IGNORECASE)


def stamp_of(cell: str, time_cell: str | None = None) -> Stamp | None:
    """The instant that a cell writes, or that two cells write together; None where it is none."""
    text = plain(cell)
    if not text[:1].isdigit():
        text = _YEAR_AT_END.sub(r"\1 \2 \4 \3", _WEEKDAY.sub("", text))
    if time_cell is not None:
        found, clock = date_of(text), clock_of(plain(time_cell))
        return None if found is None or clock is None else Stamp(found, *clock)
    parts = _AFTER_DATE.split(text, maxsplit=1) if not text.isdigit() else _digits(text)
    found = date_of(parts[0].strip().rstrip(","))
    if found is None:
        turned = _CLOCK_FIRST.fullmatch(text)
        return None if turned is None else stamp_of(turned[2], turned[1])
    if len(parts) == 1:
        return Stamp(found, None, None)
    clock = clock_of(parts[1].partition(" (")[0].strip())
    return None if clock is None else Stamp(found, *clock)


def _digits(text: str) -> list[str]:
    return [text[:8], text[8:]] if len(text) in (12, 14) else [text]


@lru_cache(maxsize=1 << 12)
def date_of(text: str) -> Numbers | None:
    """A date, with its numbers in the order of writing where that is open."""
    if found := _YEAR_FIRST.fullmatch(text) or _COMPACT.fullmatch(text):
        return _known(int(found[1]), int(found[2]), int(found[3]))
    if found := _YEAR_LAST.fullmatch(text):
        whole = len(found[4]) == 4
        orders = (DateOrder.DMY, DateOrder.MDY) if whole else tuple(DateOrder)
        usual = DateOrder.DMY if whole and found[2] == "." else None
        return _possible(Numbers(int(found[1]), int(found[3]), int(found[4]), orders, usual))
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
    first, second, third, *_ = numbers
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
    half = re.sub(r"[.\s]", "", found[1] or found[6] or "").lower()
    hour = int(found[2])
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half in _AFTERNOON else 0)
    fraction = int((found[5] or "0").ljust(3, "0")[:3])
    offset = _OFFSETS.get((found[7] or "").upper())
    if found[8] is not None and (offset := offset_minutes(found[8])) is None:
        return None
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

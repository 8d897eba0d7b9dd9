"""Entries of a fleet file about zones in use and devices: schedules, inputs, certificates."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Final

from pydantic import WithJsonSchema

from coldchain.errors import InvalidInput
from coldchain.quantities import QUANTITIES
from coldchain_backend.fleet import (
    Certificate,
    Correction,
    Schedule,
    ScheduledTime,
    StateInput,
    ZoneState,
)

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_TIME = re.compile(r"(daily|[a-z]{3}(?:[,-][a-z]{3})*) ([0-9]{1,2}):([0-9]{2})-([0-9]{1,2}):([0-9]{2})")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
MAX_TIMES: Final = 50
MAX_CORRECTIONS: Final = 50


def scheduled_time(text: str) -> ScheduledTime:
    """Days and a time of day by the local clock: `mon-fri 06:00-22:00`, `daily 22:00-05:00`.

    Raises InvalidInput for anything else.
    """
    found = _TIME.fullmatch(text.strip())
    if found is None:
        raise InvalidInput(f"{text!r} is not days and a time of day such as `mon-fri 06:00-22:00`")
    minutes = [int(found[number]) * 60 + int(found[number + 1]) for number in (2, 4)]
    if max(int(found[3]), int(found[5])) > 59 or max(minutes) > 24 * 60:
        raise InvalidInput(f"{text!r}: a day goes from 00:00 to 24:00")
    if minutes[0] == minutes[1]:
        raise InvalidInput(f"{text!r} begins where it ends; the whole day is 00:00-24:00")
    return ScheduledTime(days=_days(found[1], text), from_minute=minutes[0], to_minute=minutes[1])


def written_time(one: ScheduledTime) -> str:
    """As `scheduled_time` reads it."""
    days = "daily" if len(one.days) == len(_DAYS) else ",".join(_DAYS[day] for day in one.days)
    first, last = (f"{minute // 60:02}:{minute % 60:02}" for minute in (one.from_minute, one.to_minute))
    return f"{days} {first}-{last}"


def _days(named: str, text: str) -> tuple[int, ...]:
    if named == "daily":
        return tuple(range(7))
    found: set[int] = set()
    for part in named.split(","):
        ends = part.split("-")
        unknown = [name for name in ends if name not in _DAYS]
        if unknown or len(ends) > 2:
            raise InvalidInput(f"{text!r}: days are {', '.join(_DAYS)}, or daily")
        first, last = _DAYS.index(ends[0]), _DAYS.index(ends[-1])
        found.update((first + number) % 7 for number in range((last - first) % 7 + 1))
    return tuple(sorted(found))


def calendar_date(text: str) -> date:
    """A date such as 2026-03-31."""
    try:
        if _DATE.fullmatch(text) is None:
            raise ValueError
        return date.fromisoformat(text)
    except ValueError as error:
        raise InvalidInput(f"{text!r} is not a date such as 2026-03-31") from error


TimeOfDay = Annotated[
    ScheduledTime,
    scheduled_time,
    WithJsonSchema({"type": "string", "examples": ["mon-fri 06:00-22:00", "daily 22:00-05:00"]}),
]
Date = Annotated[date, calendar_date, WithJsonSchema({"type": "string", "format": "date"})]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleEntry:
    """When a zone is in use, by the asset's local clock, and in which state it is at other times."""

    in_use: tuple[TimeOfDay, ...]
    otherwise: ZoneState = ZoneState.EMPTY

    def __post_init__(self) -> None:
        if not 1 <= len(self.in_use) <= MAX_TIMES:
            raise InvalidInput(f"a schedule has 1 to {MAX_TIMES} times")
        if self.otherwise is ZoneState.IN_USE:
            raise InvalidInput("a schedule that is always in use is none; leave it out")

    def schedule(self) -> Schedule:
        """The schedule as the fleet holds it."""
        return Schedule(times=self.in_use, otherwise=self.otherwise)


@dataclass(frozen=True, slots=True, kw_only=True)
class InUseWhenEntry:
    """A switch whose readings say whether a zone is in use, such as ignition or mains of a vehicle."""

    sensor: str
    field: str
    value: bool = True
    otherwise: ZoneState = ZoneState.EMPTY

    def __post_init__(self) -> None:
        quantity = QUANTITIES.get(self.field)
        if quantity is None or quantity.kind != "bool":
            switches = ", ".join(sorted(name for name, one in QUANTITIES.items() if one.kind == "bool"))
            raise InvalidInput(f"{self.field!r} is not a switch; known: {switches}")
        if self.otherwise is ZoneState.IN_USE:
            raise InvalidInput("`otherwise` cannot be in_use")

    def state_input(self) -> StateInput:
        """The input as the fleet holds it."""
        return StateInput(
            sensor=self.sensor, field=self.field, in_use_when=self.value, otherwise=self.otherwise
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionEntry:
    """A point of a certificate: at a value `at` the sensor is to be corrected by `add`, °C."""

    at: float
    add: float

    def __post_init__(self) -> None:
        if not -20 <= self.add <= 20:
            raise InvalidInput(f"a correction of {self.add:g} °C is a broken sensor, not a correction")


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateEntry:
    """A calibration certificate: number, date, when the next is due, uncertainty ± °C, correction points."""

    number: str
    date: Date
    due: Date
    uncertainty: float | None = None
    corrections: tuple[CorrectionEntry, ...] = ()

    def __post_init__(self) -> None:
        if not self.number.strip() or len(self.number) > 100 or not self.number.isprintable():
            raise InvalidInput("a certificate needs a number of at most 100 printable characters")
        if self.due <= self.date:
            raise InvalidInput(f"the next calibration is due on {self.due}, not after {self.date}")
        if self.uncertainty is not None and not 0 <= self.uncertainty <= 10:
            raise InvalidInput(f"an uncertainty of {self.uncertainty:g} °C cannot be")
        at = [one.at for one in self.corrections]
        if len(at) > MAX_CORRECTIONS or sorted(set(at)) != at:
            raise InvalidInput(f"corrections ascend by `at`, each once, at most {MAX_CORRECTIONS}")

    def certificate(self) -> Certificate:
        """The certificate as the fleet holds it."""
        return Certificate(
            number=self.number,
            date=self.date.isoformat(),
            due=self.due.isoformat(),
            uncertainty=self.uncertainty,
            corrections=tuple(Correction(at=one.at, add=one.add) for one in self.corrections),
        )

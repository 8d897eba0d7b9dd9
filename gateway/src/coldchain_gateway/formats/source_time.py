"""Times as devices write them → UTC ms, where they can be told from any other number or text."""

from datetime import datetime
from typing import TYPE_CHECKING, Final, Literal

from .values import number_of

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

TimeUnit = Literal["s", "ms", "iso"]
# A device that says an earlier year has lost its clock (1970, 2000, 2016 are what firmwares start with).
EARLIEST_MS: Final = 1_577_836_800_000  # 2020-01-01
LATEST_MS: Final = 4_102_444_800_000  # 2100-01-01
LONGEST: Final = 40
# How far a device's clock may be ahead of ours.
AHEAD_MS: Final = 60_000


def time_of(
    said: object, *, unit: TimeUnit | None = None, zone: "ZoneInfo | None" = None, near_ms: int = 0
) -> int | None:
    """ISO 8601, epoch seconds or epoch milliseconds, also as text; None where it cannot be meant.

    Without `unit`, seconds and milliseconds are told apart by their size. A time without offset needs the
    device's `zone`; in the hour that comes twice it is the one nearer to `near_ms`.
    """
    number = number_of(said)
    if number is None:
        made = _iso(said, zone, near_ms) if unit in (None, "iso") else None
    elif unit is None:
        made = _ms(number * 1000) or _ms(number)
    else:
        made = None if unit == "iso" else _ms(number * 1000 if unit == "s" else number)
    return made


def past(own_ms: int | None, arrival_ms: int) -> int | None:
    """The time of an entry of history if it can be one: not before clocks were right, not after its arrival.

    Where the wall clock at the arrival is lost itself, nobody can tell what is to come.
    """
    if own_ms is None or not EARLIEST_MS <= own_ms < LATEST_MS:
        return None
    return None if arrival_ms >= EARLIEST_MS and own_ms > arrival_ms + AHEAD_MS else own_ms


def _ms(number: float) -> int | None:
    return round(number) if EARLIEST_MS <= number < LATEST_MS else None


def _iso(said: object, zone: "ZoneInfo | None", near_ms: int) -> int | None:
    if not isinstance(said, str) or len(said) > LONGEST or "T" not in said.replace(" ", "T"):
        return None
    text = said.strip()
    if text.endswith(" UTC"):
        text = text.removesuffix(" UTC") + "Z"
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is not None:
        return _epoch_ms(moment)
    if zone is None:
        return None
    first, second = moment.replace(tzinfo=zone), moment.replace(tzinfo=zone, fold=1)
    if first.utcoffset() == second.utcoffset():
        return _epoch_ms(first)
    twice = [_epoch_ms(first), _epoch_ms(second)]
    return min(
        (made for made in twice if made is not None), key=lambda made: abs(made - near_ms), default=None
    )


def _epoch_ms(moment: datetime) -> int | None:
    try:
        seconds = moment.timestamp()
    except OverflowError:
        return None
    return _ms(seconds * 1000)

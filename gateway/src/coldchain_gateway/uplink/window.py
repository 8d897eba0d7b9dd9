"""When the uplink may be used: at certain hours, or on certain interfaces. What is urgent crosses at once."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from coldchain.errors import InvalidInput

ROUTES: Final = Path("/proc/net/route")
_SPAN: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-4]):([0-5][0-9])")
_DEFAULT: Final = "00000000"
_UP: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowConfig:
    """`[uplink.window]`: open while one of the times or one of the interfaces holds."""

    times: tuple[str, ...] = ()  # "22:00-06:00", as the clock of `time_zone` shows it
    time_zone: str = "UTC"
    interfaces: tuple[str, ...] = ()  # through which the default route leads, such as "wlan0"

    def __post_init__(self) -> None:
        from zoneinfo import ZoneInfo

        if not self.times and not self.interfaces:
            raise InvalidInput("a window needs times or interfaces")
        for text in self.times:
            minutes_of(text)
        try:
            ZoneInfo(self.time_zone)
        except (KeyError, ValueError, OSError) as error:
            raise InvalidInput(f"{self.time_zone!r} is not a time zone such as Asia/Shanghai") from error


def minutes_of(text: str) -> tuple[int, int]:
    """`22:00-06:00` as minutes of the day; raises InvalidInput for anything else."""
    match = _SPAN.fullmatch(text)
    if match is None:
        raise InvalidInput(f"{text!r} is not a time of the day such as 22:00-06:00")
    first, last = int(match[1]) * 60 + int(match[2]), int(match[3]) * 60 + int(match[4])
    if first == last or last > 24 * 60:
        raise InvalidInput(f"{text!r} is empty, or ends after midnight's 24:00")
    return first, last


class Window:
    """Asked before each request; a gateway that does not know the time may always ask the backend for it."""

    def __init__(self, config: WindowConfig, interface: Callable[[], str | None]) -> None:
        """`interface` tells through which one the default route leads."""
        from zoneinfo import ZoneInfo

        self._spans = [minutes_of(text) for text in config.times]
        self._zone = ZoneInfo(config.time_zone)
        self._interfaces = frozenset(config.interfaces)
        self._interface = interface

    def open(self, now_ms: int | None) -> bool:
        """Whether anything may be sent now, UTC ms; None while nobody vouches for the time."""
        if now_ms is None:
            return True
        if self._interfaces and self._interface() in self._interfaces:
            return True
        local = datetime.fromtimestamp(now_ms / 1000, UTC).astimezone(self._zone)
        minute = local.hour * 60 + local.minute
        return any(within(minute, span) for span in self._spans)


def within(minute: int, span: tuple[int, int]) -> bool:
    """Whether a minute of the day lies in a span, which may lead over midnight."""
    first, last = span
    return first <= minute < last if first < last else minute >= first or minute < last


def default_interface(routes: Path = ROUTES) -> str | None:
    """The interface of the default route with the lowest metric; None without one."""
    try:
        rows = [line.split() for line in routes.read_text(encoding="ascii").splitlines()[1:]]
    except (OSError, UnicodeDecodeError):
        return None
    found = [
        (int(row[6]), row[0])
        for row in rows
        if len(row) > 7 and row[1] == _DEFAULT and row[7] == _DEFAULT and int(row[3], 16) & _UP
    ]
    return min(found)[1] if found else None

"""Instants as a rule test writes them: `10:30`, `+1d 02:15`, `2026-11-22T10:30+08:00`, and spans of them."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from coldchain.errors import InvalidInput
from coldchain_runtime.documents import duration_ms

_SHORT: Final = re.compile(r"(?:\+([0-9]{1,4})d )?([0-2][0-9]:[0-5][0-9](?::[0-5][0-9])?)")
_ONE: Final = r"((?:\+[0-9]{1,4}d )?[0-9:]{5,8})"
_SPAN: Final = re.compile(rf"{_ONE}\s*-\s*{_ONE}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """The day and zone in which a file's short instants lie."""

    day: date
    zone: ZoneInfo

    def instant(self, text: str) -> int:
        """An instant, ms UTC. Raises InvalidInput; a local time that does not exist or is ambiguous too."""
        short = _SHORT.fullmatch(text)
        try:
            if short is not None:
                day = self.day + timedelta(days=int(short[1] or 0))
                return self._local(datetime.combine(day, time.fromisoformat(short[2])), text)
            moment = datetime.fromisoformat(text)
        except (ValueError, OverflowError) as error:
            raise InvalidInput(
                f"{text!r} is no instant; write 10:30, +1d 02:15 or 2026-11-22T10:30+08:00"
            ) from error
        return self._local(moment, text) if moment.tzinfo is None else _ms(moment)

    def span(self, text: str) -> tuple[int, int]:
        """From and to (exclusive), as `10:00-12:00` or `INSTANT..INSTANT`."""
        short = _SPAN.fullmatch(text)
        first, _, last = text.partition("..") if short is None else (short[1], "-", short[2])
        if not last:
            raise InvalidInput(f"{text!r} is no span; write 10:00-12:00 or INSTANT..INSTANT")
        begin_ms, end_ms = self.instant(first.strip()), self.instant(last.strip())
        if end_ms <= begin_ms:
            raise InvalidInput(f"{text!r} ends before it begins; write +1d 02:00 for the next day")
        return begin_ms, end_ms

    def behind(self, text: str, base_ms: int) -> int:
        """An instant, or `+2h`: so long behind `base_ms`."""
        if text.startswith("+") and _SHORT.fullmatch(text) is None:
            return base_ms + duration_ms(text[1:])
        return self.instant(text)

    def clock(self, at_ms: int) -> str:
        """An instant as people of the zone read it; the date only where it is another day."""
        local = datetime.fromtimestamp(at_ms / 1000, self.zone)
        days = (local.date() - self.day).days
        return ("" if days == 0 else f"{days:+d}d ") + local.strftime("%H:%M:%S")

    def _local(self, naive: datetime, text: str) -> int:
        moment = naive.replace(tzinfo=self.zone)
        if moment.utcoffset() != moment.replace(fold=1).utcoffset():
            raise InvalidInput(
                f"{text!r} is ambiguous or does not exist in {self.zone.key}: write it with its offset"
            )
        return _ms(moment)


def _ms(moment: datetime) -> int:
    return round((moment - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(milliseconds=1))

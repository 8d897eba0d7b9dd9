"""From a logger's local time to instants: hours that come twice, hours that never come, fixed offsets."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from itertools import pairwise
from zoneinfo import ZoneInfo

from coldchain.errors import InvalidInput
from coldchain_backend.loggerfiles.stamps import offset_minutes

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)


def zone_named(name: str) -> tzinfo:
    """An IANA time zone, or a fixed offset such as +08:00; raises InvalidInput for anything else."""
    minutes = offset_minutes(name)
    if minutes is not None:
        return timezone(timedelta(minutes=minutes))
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as fault:
        raise InvalidInput(
            f"{name!r} is no time zone: give one such as Asia/Shanghai, or an offset such as +08:00"
        ) from fault


@dataclass(slots=True, kw_only=True)
class Placing:
    """Places local times, given in the order of the file, in a zone.

    `twice`: readings whose local time came twice, placed by the order of the file; `never`: readings whose
    local time did not exist, which have no instant.
    """

    zone: tzinfo
    twice: int = 0
    never: int = 0
    _last: int | None = None
    _hours: dict[int, tuple[int | None, int | None]] = field(default_factory=dict)

    def instant(self, local_ms: int) -> int | None:
        """The instant of a local time (ms of 1970's reckoning, as if the place were at UTC), None where it
        never was."""
        quarter = local_ms // 900_000
        offsets = self._hours.get(quarter)
        if offsets is None:
            offsets = self._hours[quarter] = self._offsets(quarter * 900_000)
        early, late = offsets
        if early is None or late is None:
            self.never += 1
            return None
        at_ms = local_ms - early
        if early != late:
            self.twice += 1
            if self._last is not None and at_ms <= self._last:
                at_ms = local_ms - late
        self._last = at_ms
        return at_ms

    def _offsets(self, local_ms: int) -> tuple[int | None, int | None]:
        """The offsets from UTC, ms, that a local time may have: before and after a change of clocks."""
        naive = _EPOCH + local_ms * _MS
        found = []
        for fold in (0, 1):
            local = naive.replace(tzinfo=self.zone, fold=fold)
            offset = local.utcoffset() or timedelta()
            back = local.astimezone(UTC).astimezone(self.zone).replace(tzinfo=None)
            found.append(offset // _MS if back == naive.replace(tzinfo=None) else None)
        return found[0], found[1]


def descends(times: Sequence[int]) -> bool:
    """Whether a file begins with its newest readings."""
    rising = sum(after > before for before, after in pairwise(times))
    falling = sum(after < before for before, after in pairwise(times))
    return falling > rising

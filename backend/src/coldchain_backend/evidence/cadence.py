"""How often a point was recorded, day by day: GSP annex 3 article 5 wants it proved, not configured."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from zoneinfo import ZoneInfo

from coldchain.excursions import Excursion
from coldchain.spans import Cell, Span, cells
from coldchain_backend.evidence.parts import Part
from coldchain_backend.fleet import AssetKind

MINUTE_MS = 60_000
STORAGE_MS, TRANSPORT_MS, OUT_MS = 30 * MINUTE_MS, 5 * MINUTE_MS, 2 * MINUTE_MS
"""At least one record in this time: in storage, in transport, and while out of limits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One local day, or what of it belongs to the part.

    longest_ms       without a record, from the day's beginning to its end; `allowed_ms` at most
    longest_out_ms   the same while out of limits; None where nothing was; `allowed_out_ms` at most
    """

    from_ms: int
    to_ms: int
    records: int
    longest_ms: int
    allowed_ms: int
    longest_out_ms: int | None
    allowed_out_ms: int

    @property
    def proved(self) -> bool:
        """Whether the records came as often as they must."""
        out_ms = self.longest_out_ms
        return self.longest_ms <= self.allowed_ms and (out_ms is None or out_ms <= self.allowed_out_ms)


def days_of(part: Part) -> Iterator[Day]:
    """Every local day of a part."""
    profile, transport = part.profile, part.place.asset.kind is AssetKind.VEHICLE
    allowed_ms = profile.cadence_ms or (TRANSPORT_MS if transport else STORAGE_MS)
    out = part.excursions
    times = [time_ms for time_ms, _ in part.samples]
    for begin_ms, end_ms in cells(Cell.DAY, part.from_ms, part.to_ms, ZoneInfo(part.time_zone)):
        span = max(begin_ms, part.from_ms), min(end_ms, part.to_ms)
        waits = [_longest(times, clipped) for one in out if (clipped := _clipped(one, span)) is not None]
        yield Day(
            from_ms=span[0],
            to_ms=span[1],
            records=bisect_left(times, span[1]) - bisect_left(times, span[0]),
            longest_ms=_longest(times, span),
            allowed_ms=allowed_ms,
            longest_out_ms=max(waits, default=None),
            allowed_out_ms=profile.cadence_out_ms or OUT_MS,
        )


def _clipped(one: Excursion, span: Span) -> Span | None:
    begin_ms = max(one.opened_ms, span[0])
    end_ms = span[1] if one.closed_ms is None else min(one.closed_ms, span[1])
    return (begin_ms, end_ms) if begin_ms < end_ms else None


def _longest(times: Sequence[int], span: Span) -> int:
    """The longest time within a span without a record."""
    first, last = bisect_left(times, span[0]), bisect_left(times, span[1])
    return max(after - one for one, after in pairwise([span[0], *times[first:last], span[1]]))

"""Five-minute summaries: what questions about long times are answered from instead of from readings. Pure.

A summary stands beside a compressed block, one for each of its quantities. Where a question's edge cuts five
minutes in two, or blocks reach into each other, readings are asked instead, so that answers are exact.
"""

from array import array
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

from coldchain.errors import IntegrityError

STEP_MS: Final = 300_000
FULL: Final = 12
"""Fewer readings than this in five minutes are as quickly read themselves."""

_CODES: Final = {"starts": "q", "firsts": "I", "ends": "I", "counts": "I", "sums": "d", "lows": "d"} | {
    "highs": "d",
    "lasts": "d",
}
_SIZES: Final = {name: array(code).itemsize for name, code in _CODES.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Columns of five minutes with readings, ascending; values in the unit of the quantity.

    starts          beginnings of the five minutes, ms UTC
    firsts, ends    first and last reading, ms behind the start
    lasts           the value of the last reading
    """

    starts: "array[int]"
    firsts: "array[int]"
    ends: "array[int]"
    counts: "array[int]"
    sums: "array[float]"
    lows: "array[float]"
    highs: "array[float]"
    lasts: "array[float]"

    def within(self, from_ms: int, to_ms: int) -> "Summary":
        """The five minutes that lie in from_ms ≤ start < to_ms."""
        first, end = bisect_left(self.starts, from_ms), bisect_left(self.starts, to_ms)
        if first == 0 and end == len(self.starts):
            return self
        return Summary(**{name: getattr(self, name)[first:end] for name in _CODES})


_Columns = dict[str, "array[Any]"]


def _of(columns: _Columns) -> Summary:
    return Summary(**columns)


def floor_step(time_ms: int) -> int:
    """The beginning of the five minutes that an instant lies in."""
    return time_ms // STEP_MS * STEP_MS


def summarise(times: Sequence[int], values: Sequence[float]) -> Summary:
    """Sum up readings whose times ascend."""
    made: dict[str, list[float]] = {name: [] for name in _CODES}
    index, count = 0, len(times)
    while index < count:
        start_ms = floor_step(times[index])
        end = bisect_left(times, start_ms + STEP_MS, index)
        part = values[index:end]
        row = (start_ms, times[index] - start_ms, times[end - 1] - start_ms, end - index)
        for column, value in zip(made.values(), (*row, sum(part), min(part), max(part), part[-1])):  # noqa: B905 - eight and eight
            column.append(value)
        index = end
    return _of({name: array(code, made[name]) for name, code in _CODES.items()})


def joined(parts: Sequence[Summary]) -> Summary:
    """One summary of parts that follow each other; the last five minutes of one may go on in the next."""
    whole = [part for part in parts if part.starts]
    if len(whole) == 1:
        return whole[0]
    made: _Columns = {name: array(code) for name, code in _CODES.items()}
    for part in whole:
        skip = 0
        if made["starts"] and made["starts"][-1] == part.starts[0]:
            _go_on(made, part)
            skip = 1
        for name, column in made.items():
            column.extend(getattr(part, name)[skip:])
    return _of(made)


def _go_on(made: _Columns, part: Summary) -> None:
    made["ends"][-1], made["lasts"][-1] = part.ends[0], part.lasts[0]
    made["counts"][-1] += part.counts[0]
    made["sums"][-1] += part.sums[0]
    made["lows"][-1] = min(made["lows"][-1], part.lows[0])
    made["highs"][-1] = max(made["highs"][-1], part.highs[0])


def pack_summary(summary: Summary) -> bytes:
    """The bytes of a summary: not compressed, since unpacking would take longer than all the rest."""
    return b"".join(getattr(summary, name).tobytes() for name in _CODES)


def unpack_summary(data: bytes) -> Summary:
    """The summary that was packed. Raises IntegrityError if the bytes are none."""
    count, rest = divmod(len(data), sum(_SIZES.values()))
    if rest or not count:
        raise IntegrityError("a summary of the series has the wrong length")
    position = 0
    columns: _Columns = {}
    for name, code in _CODES.items():
        end = position + count * _SIZES[name]
        columns[name] = array(code, data[position:end])
        position = end
    return _of(columns)


def worth_it(times: Sequence[int]) -> bool:
    """Whether readings are dense enough to be summed up."""
    return len(times) * STEP_MS >= FULL * (times[-1] - times[0])


assert tuple(one.name for one in fields(Summary)) == tuple(_CODES)  # noqa: S101 - one list of columns

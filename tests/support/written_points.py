"""Points as Telegraf writes them: plain line protocol, times in nanoseconds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from coldchain.lineprotocol import encode_fields, series_key
from coldchain_backend.influx import Cell, Influx, Precision

AT_ONCE = 5_000


def line(measurement: str, tags: Mapping[str, str], name: str, time_ns: int, value: Cell) -> bytes:
    """One point as a line."""
    assert value is not None
    return b"%b %b %d" % (series_key(measurement, tags), encode_fields({name: value}), time_ns)


def write(influx: Influx, lines: Iterable[bytes]) -> int:
    """Write lines into a bucket; how many."""
    waiting = list(lines)
    for start in range(0, len(waiting), AT_ONCE):
        taken = influx.write(b"\n".join(waiting[start : start + AT_ONCE]), Precision.NS)
        assert taken.left is None, taken.message
    return len(waiting)

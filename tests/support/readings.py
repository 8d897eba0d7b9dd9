"""Readings as they stand in lines."""

from __future__ import annotations

from coldchain.lineprotocol import Line
from coldchain.readings import Quality, Reading, Value


def reading_of(line: Line) -> Reading:
    """What was written by `encode_reading`; an error where the line is of another kind."""
    fields = dict(line.fields)
    quality = Quality(str(fields.pop("quality", "good")))
    lower, upper = fields.pop("time_lower", None), fields.pop("time_upper", None)
    values: dict[str, Value] = {name: value for name, value in fields.items() if not isinstance(value, str)}
    assert (line.measurement, list(line.tags), len(values)) == ("reading", ["sensor"], len(fields)), line
    assert line.time is not None, line
    return Reading(
        sensor=line.tags["sensor"], time_ms=line.time, values=values, quality=quality,
        time_lower_ms=lower if isinstance(lower, int) else None,
        time_upper_ms=upper if isinstance(upper, int) else None,
    )  # fmt: skip

"""NMEA 0183 of a satellite receiver: position, speed and time out of the RMC sentence.

RMC alone holds all of it, with a flag that says whether it is valid; what else a receiver prints is passed
over. The library is loaded only when a source asks for it.
"""

from datetime import UTC, date, datetime, time
from typing import Final

from pynmeagps import NMEAReader  # type: ignore[import-untyped] # it ships no types
from pynmeagps.exceptions import NMEAParseError, NMEATypeError  # type: ignore[import-untyped] # likewise

from coldchain.readings import RefusalReason
from coldchain_gateway.contracts import Decoded

from .line_checksum import LineChecksum
from .source_time import time_of
from .values import MISSING, Said, Unreadable, is_nothing, refused, sampled, sensor_id

KMH_PER_KNOT: Final = 1.852
LONGEST: Final = 120  # the standard says 82; receivers add fields
_CHECKSUM: Final = LineChecksum(kind="xor8")
NO_VALIDATION: Final = 0  # the checksum is checked here, to tell it from other faults


class Nmea:
    """Decodes sentences for one receiver; `every_ms` thins a position per second to one in that time."""

    def __init__(self, sensor: str, every_ms: int = 0) -> None:
        self._sensor = sensor_id(sensor or MISSING)
        self._every_ms = every_ms
        self._told_ms: int | None = None

    def decode(self, line: bytes, arrival_ms: int = 0) -> Decoded:
        """One sample, one refusal, or nothing for sentences about something else."""
        try:
            return self._decoded(line.strip(), arrival_ms)
        except Unreadable as error:
            return (refused(error.reason, str(error), line, self._sensor),)

    def _decoded(self, line: bytes, arrival_ms: int) -> Decoded:
        if not line.startswith(b"$") or len(line) > LONGEST:
            raise Unreadable(RefusalReason.NOT_A_LINE, "no NMEA sentence")
        body = _CHECKSUM.checked(line[1:])
        if body[2:5] != b"RMC" or self._too_soon(arrival_ms):
            return ()
        try:
            sentence = NMEAReader.parse(line + b"\r\n", validate=NO_VALIDATION)
        except (NMEAParseError, NMEATypeError, ValueError) as error:
            raise Unreadable(RefusalReason.BAD_VALUE, str(error)) from error
        # A sentence that was cut lacks attributes.
        told = {name: getattr(sentence, name, "") for name in ("status", "lat", "lon", "spd", "date", "time")}
        if told["status"] != "A":
            raise Unreadable(RefusalReason.NO_READING, "the receiver has no fix")
        self._told_ms = arrival_ms
        said = [
            Said(name=name, field=field, value=value)
            for name, field, value in (
                ("lat", "latitude", told["lat"]),
                ("lon", "longitude", told["lon"]),
                ("spd", "speed", _in_kmh(told["spd"])),
            )
        ]
        return sampled(self._sensor, said, line, _utc_ms(told["date"], told["time"]))

    def _too_soon(self, arrival_ms: int) -> bool:
        return self._told_ms is not None and 0 <= arrival_ms - self._told_ms < self._every_ms


def _in_kmh(knots: object) -> object:
    """0 knots is a value; an empty field is none."""
    return (
        knots if is_nothing(knots) or not isinstance(knots, int | float) else round(knots * KMH_PER_KNOT, 3)
    )


def _utc_ms(day: object, hour: object) -> int | None:
    if not isinstance(day, date) or not isinstance(hour, time):
        return None
    return time_of(int(datetime.combine(day, hour, tzinfo=UTC).timestamp() * 1000), unit="ms")

"""Dragino LHT65, LHT65N and LHT52: big-endian, fixed places.

Layout of measurements: the maker's manuals and its published decoders. What comes from the device's memory
(fPort 2 with a flag in byte 6, LHT52 on fPort 3) follows the decoders alone: unverified.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from coldchain.readings import RefusalReason
from coldchain_gateway.formats.values import Said, Unreadable

from .piece import Codec, Piece, scaled, unsigned

FRAME: Final = 11
STATUS_PORT: Final = 5
POLLED: Final = 0x40
RESENT: Final = 0x80
# What hangs at the connector (lower bits of byte 6).
DS18B20, TMP117, LIGHT, DS18B20_TIMED, TMP117_TIMED, SHT31 = 1, 2, 5, 9, 10, 11
SHT31_NAMED, TMP117_NAMED = 16, 32
"""An identity stands where the air's temperature and humidity else do."""
NAMED: Final = frozenset({14, 15, SHT31_NAMED, TMP117_NAMED})


def lht65(port: int, data: bytes) -> Iterator[Piece]:
    """Air temperature and humidity, battery, and the external probe as `probe`."""
    if port == STATUS_PORT:
        yield _status(data)
        return
    if port != 2:
        raise Unreadable(RefusalReason.UNMAPPED, f"fPort {port} tells no measurement that is known")
    kind = unsigned(data, 6, 1)
    frames = len(data) // FRAME if kind & POLLED or _resent(data) else 1
    for number in range(frames):
        frame = data[number * FRAME : (number + 1) * FRAME]
        if kind & POLLED or _resent(data):
            yield from _remembered(frame, kind & 0x0F)
        else:
            yield from _measured(frame, kind & 0x3F, unplugged=bool(kind & RESENT))


def lht52(port: int, data: bytes) -> Iterator[Piece]:
    """Air temperature and humidity, the external probe as `probe`, at the device's own time."""
    if port == STATUS_PORT:
        yield _status(data)
        return
    if port not in (2, 3):
        raise Unreadable(RefusalReason.UNMAPPED, f"fPort {port} tells no measurement that is known")
    for start in range(0, max(len(data), 1), FRAME):
        frame = data[start : start + FRAME]
        time_s, memory = unsigned(frame, 7, 4), port == 3
        air = (
            Said("TempC_SHT", "temperature", scaled(frame, 0, 100)),
            Said("Hum_SHT", "humidity", unsigned(frame, 2, 2) / 10),
        )
        yield Piece(said=air, time_s=time_s, history=memory)
        probe = Said("TempC_DS", "temperature", scaled(frame, 4, 100))
        yield Piece(probe="probe", said=[probe], time_s=time_s, history=memory)


def _measured(frame: bytes, kind: int, *, unplugged: bool) -> Iterator[Piece]:
    timed = kind in (DS18B20_TIMED, TMP117_TIMED)
    time_s = unsigned(frame, 7, 4) if timed else None
    own: list[Said] = []
    if not timed:
        own.append(Said("BatV", "battery_voltage", unsigned(frame, 0, 2) & 0x3FFF, "mV"))
    if kind not in NAMED:
        own.append(Said("TempC_SHT", "temperature", scaled(frame, 2, 100)))
        own.append(Said("Hum_SHT", "humidity", (unsigned(frame, 4, 2) & 0x0FFF) / 10))
    if kind == LIGHT:
        own.append(Said("ILL_lx", "illuminance", unsigned(frame, 7, 2)))
    yield Piece(said=own, time_s=time_s)
    if unplugged:
        raise Unreadable(RefusalReason.PROBE_FAULT, "the external probe is not connected")
    probe = _probe(frame, kind)
    if probe:
        yield Piece(probe="probe", said=probe, time_s=time_s)


def _probe(frame: bytes, kind: int) -> list[Said]:
    if kind in (DS18B20_TIMED, TMP117_TIMED):
        return [Said("TempC_DS", "temperature", scaled(frame, 0, 100))]
    if kind in (DS18B20, TMP117, TMP117_NAMED):
        return [Said("TempC_DS", "temperature", scaled(frame, 7, 100))]
    if kind in (SHT31, SHT31_NAMED):
        humidity = (unsigned(frame, 9, 2) & 0x0FFF) / 10
        return [
            Said("Ext_TempC_SHT", "temperature", scaled(frame, 7, 100)),
            Said("Ext_Hum_SHT", "humidity", humidity),
        ]
    return []


def _remembered(frame: bytes, kind: int) -> Iterator[Piece]:
    """An entry of the device's memory: the probe stands where the battery else does."""
    time_s = unsigned(frame, 7, 4)
    own = (
        Said("TempC_SHT", "temperature", scaled(frame, 2, 100)),
        Said("Hum_SHT", "humidity", (unsigned(frame, 4, 2) & 0x0FFF) / 10),
    )
    yield Piece(said=own, time_s=time_s, history=True)
    if kind in (DS18B20, TMP117, DS18B20_TIMED, TMP117_TIMED, SHT31):
        probe = Said("TempC_DS", "temperature", scaled(frame, 0, 100))
        yield Piece(probe="probe", said=[probe], time_s=time_s, history=True)


def _resent(data: bytes) -> bool:
    """Newer units set the upper bit on frames sent again; older ones where the probe is not connected, and
    then 0x7FFF stands where the time else does."""
    return bool(unsigned(data, 6, 1) & RESENT) and unsigned(data, 7, 2) != 0x7FFF


def _status(data: bytes) -> Piece:
    return Piece(said=[Said("BAT", "battery_voltage", unsigned(data, 5, 2), "mV")])


CODECS: Final[Mapping[str, Codec]] = {"dragino-lht65": lht65, "dragino-lht52": lht52}

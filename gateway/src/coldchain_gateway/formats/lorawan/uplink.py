"""What ChirpStack and The Things Stack have in common: one uplink of one device → samples.

The device's own bytes are decoded where a codec is known, because a server's codec may write numbers as text
and leave out zeros; else the object that the server's codec made is read by the names that makers use.
"""

import base64
import binascii
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from coldchain.readings import Refusal, RefusalReason
from coldchain_gateway.contracts import Sample
from coldchain_gateway.formats.recent import Heard
from coldchain_gateway.formats.source_time import EARLIEST_MS, LATEST_MS, past, time_of
from coldchain_gateway.formats.values import Said, Unreadable, refused, sampled, sensor_id

from . import codec, codec_name_in
from .piece import Codec, Piece

# Names in objects of server-side codecs → which probe of the device, which field.
NAMES: Final[Mapping[str, tuple[str, str, str]]] = {
    **dict.fromkeys(
        ("temperature", "temp", "TempC_SHT", "TempC", "Temp", "Temperature"), ("", "temperature", "")
    ),
    **dict.fromkeys(("humidity", "hum", "Hum_SHT", "Hum", "Humidity"), ("", "humidity", "")),
    **dict.fromkeys(
        ("TempC_DS", "temp_DS18B20", "TempC1", "TempC_TMP117", "externalTemperature", "Ext_TempC_SHT"),
        ("probe", "temperature", ""),
    ),
    "Ext_Hum_SHT": ("probe", "humidity", ""),
    "externalTemperature2": ("probe-2", "temperature", ""),
    "TempC2": ("probe-2", "temperature", ""),
    "TempC3": ("probe-3", "temperature", ""),
    "temp_SOIL": ("soil", "temperature", ""),
    "battery": ("", "battery", ""),
    "BatV": ("", "battery_voltage", ""),
    "vdd": ("", "battery_voltage", "mV"),
    "pressure": ("", "pressure", ""),
    "co2": ("", "co2", ""),
    **dict.fromkeys(("light", "illuminance", "ILL_lx"), ("", "illuminance", "")),
    **dict.fromkeys(("open", "door_open"), ("", "door_open", "")),
}
MOST_ENTRIES: Final = 500
MOST_DEVICES: Final = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Uplink:
    """One frame as a server tells it."""

    device: str  # devEUI
    copies: Sequence[tuple[object, ...]]  # identities: whoever shares one is the same frame
    names: Sequence[str]  # of profile, model and device, most telling first
    port: int
    payload: str | None  # base64
    decoded: object  # by the server's codec; None where it has none
    time_ms: int | None


class Uplinks:
    """Decodes uplinks of one subscription; remembers which frames were heard."""

    def __init__(self, codecs: Mapping[str, str]) -> None:
        """Raises InvalidInput where a codec of the configuration does not exist."""
        self._configured: Mapping[str, Codec] = {name.lower(): codec(made) for name, made in codecs.items()}
        self._heard = Heard()
        self._chosen: dict[tuple[str, ...], Codec | None] = {}

    def decode(self, uplink: Uplink, raw: bytes, arrival_ms: int, *, dup: bool) -> list[Sample | Refusal]:
        """Samples and refusals. Raises Unreadable where the uplink tells nothing at all."""
        sensor = sensor_id(uplink.device.lower())
        again = [self._heard.again((sensor, *copy)) for copy in uplink.copies]
        if any(again) and not dup:
            return [refused(RefusalReason.DUPLICATE, "this frame was heard before", raw, sensor)]
        decoded: list[Sample | Refusal] = []
        try:
            for piece in self._pieces(uplink):
                decoded.extend(_placed(sensor, piece, arrival_ms, uplink.time_ms, raw))
        except Unreadable as error:
            decoded.append(refused(error.reason, str(error), raw, sensor))
        return decoded

    def _pieces(self, uplink: Uplink) -> Iterator[Piece]:
        made = self._codec_of(uplink)
        if made is not None and uplink.payload is not None:
            try:
                data = base64.b64decode(uplink.payload, validate=True)
            except (binascii.Error, ValueError) as error:
                raise Unreadable(RefusalReason.BAD_VALUE, f"base64: {error}") from error
            yield from made(uplink.port, data)
        elif isinstance(uplink.decoded, dict):
            yield from _from_object(uplink.decoded)
        else:
            told = ", ".join(uplink.names) or "no name"
            raise Unreadable(RefusalReason.UNMAPPED, f"no codec is known for {told:.100}; set `codecs`")

    def _codec_of(self, uplink: Uplink) -> Codec | None:
        names = (uplink.device, *uplink.names)
        if names not in self._chosen:
            if len(self._chosen) >= MOST_DEVICES:
                self._chosen.clear()
            self._chosen[names] = self._choose(names)
        return self._chosen[names]

    def _choose(self, names: tuple[str, ...]) -> Codec | None:
        for name in names:
            if name.lower() in self._configured:
                return self._configured[name.lower()]
        known = codec_name_in(names[1:])
        return None if known is None else codec(known)


def _from_object(found: Mapping[str, object]) -> Iterator[Piece]:
    by_probe: dict[str, list[Said]] = {}
    for name, value in found.items():
        if name in NAMES:
            probe, field, unit = NAMES[name]
            by_probe.setdefault(probe, []).append(Said(name, field, value, unit))
    history = found.get("history")
    if isinstance(history, list):
        yield from _history(history)
    elif not by_probe:
        # A zero may have been left out: what is not there is no reading, and nobody may make it one.
        raise Unreadable(RefusalReason.NO_READING, "the server's codec names no quantity; set `codecs`")
    for probe, said in by_probe.items():
        yield Piece(probe=probe, said=said)


def _history(entries: Sequence[object]) -> Iterator[Piece]:
    for entry in entries[:MOST_ENTRIES]:
        if not isinstance(entry, dict):
            continue
        time_ms = time_of(entry.get("timestamp"))
        said = [
            Said(name, NAMES[name][1], value, NAMES[name][2])
            for name, value in entry.items()
            if name in NAMES and not NAMES[name][0]
        ]
        yield Piece(said=said, time_s=None if time_ms is None else time_ms // 1000, history=True)
    if len(entries) > MOST_ENTRIES:
        raise Unreadable(RefusalReason.TOO_LONG, f"{len(entries)} entries of history")


def _placed(
    sensor: str, piece: Piece, arrival_ms: int, time_ms: int | None, raw: bytes
) -> list[Sample | Refusal]:
    """A piece at its own time; an entry of history without one is refused, never taken for now."""
    name = f"{sensor}/{piece.probe}" if piece.probe else sensor
    own_ms = None if piece.time_s is None else piece.time_s * 1000
    if piece.age_s is not None:
        own_ms = (time_ms or arrival_ms) - piece.age_s * 1000
    if piece.history:
        own_ms = past(own_ms, arrival_ms)
        if own_ms is None:
            return [refused(RefusalReason.HISTORY, f"entry of history at {piece.time_s}", raw, name)]
    elif own_ms is not None and not EARLIEST_MS <= own_ms < LATEST_MS:
        own_ms = None
    made = sampled(name, piece.said, raw, time_ms if own_ms is None else own_ms, history=piece.history)
    if piece.time_s is not None and own_ms is None:
        made.append(refused(RefusalReason.BAD_TIME, f"the device's time: {piece.time_s}", raw, name))
    return made

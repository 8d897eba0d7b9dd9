"""Ruuvi Gateway: `ruuvi/GATEWAY/SENSOR` with a Bluetooth advertisement as hexadecimal text.

https://docs.ruuvi.com/gw-data-formats and https://docs.ruuvi.com/communication/bluetooth-advertisements/
data-format-5-rawv2. A measurement is advertised many times and heard by every gateway near: its sequence
number, which wraps, tells copies apart. A gateway set to send decoded data alone tells it by name.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from coldchain.readings import RefusalReason
from coldchain_gateway.contracts import Decoded

from .family import Family, Options, Recognised
from .json_text import read_object
from .message import Message, refuse_retained
from .recent import Heard
from .source_time import time_of
from .values import MISSING, Said, Unreadable, refused, sampled, sensor_id

MAKER: Final = bytes.fromhex("FF9904")
LENGTH: Final = 24
NO_MAC: Final = b"\xff" * 6
NO_SEQUENCE: Final = 0xFFFF
NO_POWER: Final = 0x7FF
# Decoded values by name: field, unit.
DECODED: Final[Mapping[str, tuple[str, str]]] = {
    "temperature": ("temperature", ""),
    "humidity": ("humidity", ""),
    "pressure": ("pressure", "Pa"),
    "voltage": ("battery_voltage", ""),
    "measurementSequenceNumber": ("counter", ""),
}


class Ruuvi:
    """Decodes data format 5; others are refused by their number."""

    def __init__(self, _options: Options) -> None:
        self._heard = Heard()

    def decode(self, message: Message) -> Decoded:
        """One sample, or refusals."""
        levels = message.topic.split("/")
        try:
            if levels[-1] == "gw_status":
                return _offline(levels, message)
            if len(levels) < 3:
                return ()
            refuse_retained(message)
            told = read_object(message.payload)
            if "data" in told:
                data = _format_5(told["data"])
                sensor, said, measurement = _name(data, levels[-1]), list(_said(data)), _measurement(data)
            elif "temperature" in told:
                sensor, said = sensor_id(levels[-1] or MISSING), list(_decoded(told))
                measurement = _told(told)
            else:
                return ()
        except Unreadable as error:
            return (refused(error.reason, f"{message.topic}: {error}", message.payload),)
        if measurement is not None and self._heard.again((sensor, measurement)) and not message.dup:
            return (refused(RefusalReason.DUPLICATE, "this measurement was heard", message.payload, sensor),)
        if "rssi" in told:
            said.append(Said("rssi", "link_quality", told["rssi"]))
        heard = told.get("ts", told.get("gwts"))
        time_ms = time_of(heard)
        decoded = sampled(sensor, said, message.payload, time_ms)
        if time_ms is None and heard is not None:
            decoded.append(refused(RefusalReason.BAD_TIME, f"ts: {heard!r:.40}", message.payload, sensor))
        return decoded


def _measurement(data: bytes) -> str | None:
    """What is equal in all copies of one measurement; None where it has no number."""
    return None if int.from_bytes(data[16:18], "big") == NO_SEQUENCE else data.hex()


def _told(told: Mapping[str, object]) -> str | None:
    """The same for decoded values."""
    values = [told.get(name) for name in DECODED]
    return None if values[-1] is None else repr(values)


def _format_5(text: object) -> bytes:
    """The 24 bytes of format 5, alone or within an advertisement. Raises Unreadable."""
    try:
        said = bytes.fromhex(text) if isinstance(text, str) else b""
    except ValueError as error:
        raise Unreadable(RefusalReason.BAD_VALUE, f"data: {error}") from error
    found = said.find(MAKER)
    data = said[found + len(MAKER) :] if found >= 0 else said
    if not data:
        raise Unreadable(RefusalReason.NO_READING, "no data")
    if data[0] != 5:
        raise Unreadable(RefusalReason.UNMAPPED, f"data format {data[0]}")
    if len(data) < LENGTH:
        raise Unreadable(RefusalReason.SHORT_FRAME, f"{len(data)} bytes of {LENGTH}")
    return data[:LENGTH]


def _name(data: bytes, level: str) -> str:
    mac = data[18:24]
    return sensor_id(level or MISSING) if mac == NO_MAC else mac.hex(":").upper()


def _said(data: bytes) -> Iterator[Said]:
    temperature = int.from_bytes(data[1:3], "big", signed=True)
    humidity, pressure = int.from_bytes(data[3:5], "big"), int.from_bytes(data[5:7], "big")
    power, sequence = int.from_bytes(data[13:15], "big") >> 5, int.from_bytes(data[16:18], "big")
    gone = RefusalReason.SENTINEL
    yield Said("temperature", "temperature", gone if temperature == -0x8000 else temperature / 200)
    yield Said("humidity", "humidity", gone if humidity == 0xFFFF else humidity / 400)
    yield Said("pressure", "pressure", gone if pressure == 0xFFFF else (pressure + 50_000) / 100)
    if power != NO_POWER:
        yield Said("power", "battery_voltage", power + 1600, "mV")
    if sequence != NO_SEQUENCE:
        yield Said("sequence", "counter", sequence)


def _decoded(told: Mapping[str, object]) -> Iterator[Said]:
    for name, (field, unit) in DECODED.items():
        if name in told and (name == "temperature" or told[name] is not None):
            yield Said(name, field, told[name], unit)


def _offline(levels: list[str], message: Message) -> Decoded:
    """The gateway's last word, also as the kept copy: all its sensors are silent then."""
    if b'"offline"' not in message.payload.lower():
        return ()
    return (refused(RefusalReason.OFFLINE, "gw_status", message.payload, sensor_id("/".join(levels[:-1]))),)


def _recognise(message: Message) -> Recognised | None:
    levels = message.topic.split("/")
    if levels[0] != "ruuvi" or len(levels) != 3:
        return None
    return Recognised(family="ruuvi", topic="ruuvi/+/+")


FAMILY: Final = Family(
    title="Ruuvi Gateway",
    devices="RuuviTag (data format 5)",
    topics=("ruuvi/+/+",),
    quantities=("temperature", "humidity", "pressure", "battery_voltage", "link_quality", "counter"),
    confidence="captured",
    make=Ruuvi,
    recognise=_recognise,
    publisher_qos=None,
    liveness="the tag's address and measurement sequence",
    loses="what is advertised meanwhile, unless the gateway is set to MQTT QoS 1",
)

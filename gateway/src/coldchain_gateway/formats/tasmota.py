"""Tasmota: `tele/TOPIC/SENSOR` with an object per chip, and `tele/TOPIC/LWT`.

https://tasmota.github.io/docs/MQTT/; the order of the levels is the user's (FullTopic). `Time` is the
device's local time without offset, so the subscription names the zone. Probes on one bus are numbered by
position (`DS18B20-2`), and the numbers move when a probe is added or removed: a sensor is named after the
probe's `Id`. An `Error` other than 0 (MAX31855, MAX31865) means that the chip's temperature is none.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from coldchain.readings import Refusal, RefusalReason
from coldchain_gateway.contracts import Decoded, Sample

from .family import Family, Options, Recognised
from .json_text import read_object
from .message import Message, refuse_retained
from .recent import Last
from .source_time import time_of
from .values import Said, Unreadable, number_of, refused, sampled, sensor_id

FIELDS: Final[Mapping[str, str]] = {
    "Temperature": "temperature",
    "ProbeTemperature": "temperature",
    "Humidity": "humidity",
    "DewPoint": "dew_point",
    "Pressure": "pressure",
    "Illuminance": "illuminance",
    "CarbonDioxide": "co2",
    "Battery": "battery",
    "BatteryPercentage": "battery",
    "BatteryVoltage": "battery_voltage",
}
IN_TEMP_UNIT: Final = frozenset({"temperature", "dew_point"})
PRESSURE_UNITS: Final[Mapping[str, str]] = {"hPa": "", "mmHg": "mmHg", "inHg": "inHg"}
# The temperature of the processor is nobody's goods.
OWN_CHIPS: Final = frozenset({"ESP32"})
NUMBERS: Final = frozenset("123456789")
PREFIXES: Final = frozenset({"tele", "stat", "cmnd"})


class Tasmota:
    """Decodes SENSOR telegrams; states, results and information are passed over."""

    def __init__(self, options: Options) -> None:
        self._zone = options.zone()
        self._last = Last()

    def decode(self, message: Message) -> Decoded:
        """A sample for each chip or probe, or refusals."""
        levels = message.topic.split("/")
        device = "/".join(level for level in levels[:-1] if level not in PREFIXES)
        try:
            if levels[-1] == "LWT":
                return _offline(device, message)
            if levels[-1] != "SENSOR":
                return ()
            refuse_retained(message)
            return self._telegram(sensor_id(device), read_object(message.payload), message)
        except Unreadable as error:
            return (refused(error.reason, f"{message.topic}: {error}", message.payload),)

    def _telegram(self, device: str, telegram: Mapping[str, object], message: Message) -> Decoded:
        payload, told = message.payload, telegram.get("Time")
        time_ms = time_of(told, zone=self._zone, near_ms=message.arrival_ms)
        decoded: list[Sample | Refusal] = []
        for name, chip in _chips(telegram):
            sensor = sensor_id(f"{device}/{name}")
            part = sampled(sensor, _said(chip, telegram), payload, time_ms)
            decoded.extend(self._unless_repeated(sensor, told, part, message))
        if not decoded:
            raise Unreadable(RefusalReason.NO_READING, "no chip that measures")
        if time_ms is None:
            missing = "time_zone of the devices is not configured" if self._zone is None else "no time"
            decoded.append(refused(RefusalReason.BAD_TIME, f"Time: {told!r:.40}: {missing}", payload, device))
        return decoded

    def _unless_repeated(
        self, sensor: str, told: object, part: list[Sample | Refusal], message: Message
    ) -> list[Sample | Refusal]:
        sample = part[0]
        if told is None or not isinstance(sample, Sample):
            return part
        if self._last.repeats(sensor, (str(told), dict(sample.values))) and not message.dup:
            return [refused(RefusalReason.REPEAT, "Time has not moved", message.payload, sensor)]
        return part


def _chips(telegram: Mapping[str, object]) -> Iterator[tuple[str, Mapping[str, object]]]:
    """What measures, by its identity or name.

    A chip; the numbered inputs of one; probes or Zigbee devices that old firmware and bridges put together.
    """
    for name, chip in telegram.items():
        if not isinstance(chip, dict) or name in OWN_CHIPS:
            continue
        if not FIELDS.keys().isdisjoint(chip):
            yield str(chip.get("Id", name)), chip
        for key, part in chip.items():
            if isinstance(part, dict) and not FIELDS.keys().isdisjoint(part):
                yield str(part.get("Address", part.get("Name", key))), part
            elif key.removeprefix("Temperature") in NUMBERS:
                yield f"{name}/{key.removeprefix('Temperature')}", {"Temperature": part}


def _offline(device: str, message: Message) -> Decoded:
    """The broker's last word for a device whose connection broke; also the kept copy tells the truth."""
    if message.payload.strip().lower() != b"offline":
        return ()
    return (refused(RefusalReason.OFFLINE, "LWT", message.payload, sensor_id(device)),)


def _said(chip: Mapping[str, object], telegram: Mapping[str, object]) -> Iterator[Said]:
    temp_unit = telegram.get("TempUnit", "C")
    pressure_unit = telegram.get("PressureUnit", "hPa")
    fault = number_of(chip.get("Error"))
    for name, field in FIELDS.items():
        if name in chip and fault and field == "temperature":
            yield Said(f"{name}: Error {fault}", field, RefusalReason.PROBE_FAULT)
        elif name in chip:
            unit = ""
            if field in IN_TEMP_UNIT:
                unit = str(temp_unit)
            elif field == "pressure":
                unit = PRESSURE_UNITS.get(str(pressure_unit), str(pressure_unit))
            yield Said(name, field, chip[name], unit)


def _recognise(message: Message) -> Recognised | None:
    levels = message.topic.split("/")
    if levels[-1] not in ("SENSOR", "LWT", "STATE") or "tele" not in levels:
        return None
    ordered = "tele/#" if levels[0] == "tele" else "/".join(
        level if level in PREFIXES else "+" for level in levels[:-1]
    ) + "/+"  # fmt: skip
    return Recognised(family="tasmota", topic=ordered, needs=("time_zone",))


FAMILY: Final = Family(
    title="Tasmota",
    devices="ESP8266 and ESP32 boards with DS18B20, AM2301, SHT3x, BME280 and others",
    topics=("tele/#",),
    quantities=tuple(FIELDS.values()),
    confidence="captured",
    make=Tasmota,
    recognise=_recognise,
    publisher_qos=0,
    liveness="device, Time and the probe's Id",
    loses="everything: Tasmota publishes at QoS 0 and keeps nothing",
    interval_s=300,
    options=frozenset({"time_zone"}),
)

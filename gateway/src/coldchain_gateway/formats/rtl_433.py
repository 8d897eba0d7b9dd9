"""rtl_433: `rtl_433/HOST/events`, or OpenMQTTGateway's `…/RTL_433toMQTT`, with what a 433 MHz sensor sends.

https://github.com/merbanan/rtl_433/blob/master/docs/DATA_FORMAT.md. A time that ends in `UTC` or tells an
offset needs nothing; local time needs the zone. A sensor's id changes with its battery. Further probes
(`temperature_2_C`) are sensors of their own.
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
from .values import MISSING, Said, Unreadable, number_of, refused, sampled, sensor_id

FIELDS: Final[Mapping[str, tuple[str, str]]] = {
    "temperature_C": ("temperature", ""),
    "humidity": ("humidity", ""),
    "pressure_hPa": ("pressure", ""),
    "pressure_kPa": ("pressure", "kPa"),
    "battery_mV": ("battery_voltage", "mV"),
    "light_lux": ("illuminance", ""),
    "co2_ppm": ("co2", ""),
}
MOST_PROBES: Final = 9


class Rtl433:
    """Decodes events of thermometers; other transmitters are passed over."""

    def __init__(self, options: Options) -> None:
        self._zone = options.zone()
        self._last = Last()

    def decode(self, message: Message) -> Decoded:
        """One sample and refusals of single values, or one refusal."""
        try:
            refuse_retained(message)
            said = read_object(message.payload)
            parts = _parts(said)
            if not parts:
                return ()
            device = _sensor(said)
        except Unreadable as error:
            return (refused(error.reason, f"{message.topic}: {error}", message.payload),)
        told = said.get("time")
        time_ms = time_of(told, zone=self._zone, near_ms=message.arrival_ms)
        decoded: list[Sample | Refusal] = []
        for probe, values in parts.items():
            sensor = f"{device}/{probe}" if probe else device
            part = sampled(sensor, values, message.payload, time_ms)
            sample = part[0]
            if told is not None and isinstance(sample, Sample):
                repeats = self._last.repeats(sensor, (str(told), dict(sample.values)))
                if repeats and not message.dup:
                    part = [refused(RefusalReason.REPEAT, "time has not moved", message.payload, sensor)]
            decoded.extend(part)
        if told is not None and time_ms is None:
            decoded.append(refused(RefusalReason.BAD_TIME, f"time: {told!r:.40}", message.payload, device))
        return decoded


def _sensor(said: Mapping[str, object]) -> str:
    """Model, channel and id, in rtl_433's own order. Raises Unreadable where the model is missing."""
    parts = [said.get("model", MISSING), *(said[name] for name in ("channel", "id") if name in said)]
    if parts[0] is MISSING:
        raise Unreadable(RefusalReason.NO_SENSOR, "no model")
    return sensor_id("/".join(str(part) for part in parts))


def _parts(said: Mapping[str, object]) -> Mapping[str, list[Said]]:
    """What the device itself ("") and each further probe measure; nothing for other transmitters."""
    own = not FIELDS.keys().isdisjoint(said) or "temperature_F" in said
    parts = {"": list(_said(said))} if own else {}
    for number in range(1, MOST_PROBES + 1):
        named = (
            (f"temperature_{number}_C", "temperature", ""),
            (f"temperature_{number}_F", "temperature", "F"),
            (f"humidity_{number}", "humidity", ""),
        )
        values = [Said(name, field, said[name], unit) for name, field, unit in named if name in said]
        if values:
            parts[f"probe-{number}"] = values
    return parts


def _said(said: Mapping[str, object]) -> Iterator[Said]:
    for name, (field, unit) in FIELDS.items():
        if name in said:
            yield Said(name, field, said[name], unit)
    if "temperature_C" not in said and "temperature_F" in said:
        yield Said("temperature_F", "temperature", said["temperature_F"], "F")
    fine = number_of(said.get("battery_ok"))
    if fine is not None:
        yield Said("battery_ok", "battery_low", fine < 0.5)


def _recognise(message: Message) -> Recognised | None:
    if b'"model"' not in message.payload:
        return None
    levels = message.topic.split("/")
    if levels[0] == "rtl_433" and levels[-1] == "events":
        return Recognised(family="rtl_433", topic="rtl_433/+/events")
    if "RTL_433toMQTT" in levels:
        prefix = "/".join(levels[: levels.index("RTL_433toMQTT") + 1])
        return Recognised(family="rtl_433", topic=prefix + "/#")
    return None


FAMILY: Final = Family(
    title="rtl_433",
    devices="433 and 868 MHz thermometers (Nexus-TH and a few hundred others)",
    topics=("rtl_433/+/events", "home/+/RTL_433toMQTT/#"),
    quantities=tuple(dict.fromkeys([*(field for field, _ in FIELDS.values()), "battery_low"])),
    confidence="captured",
    make=Rtl433,
    recognise=_recognise,
    publisher_qos=0,
    liveness="model, channel, id and time",
    loses="what is sent meanwhile: the sensors send once, rtl_433 publishes at QoS 0",
    options=frozenset({"time_zone"}),
)

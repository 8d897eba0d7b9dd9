"""Theengs Gateway and OpenMQTTGateway: `…/BTtoMQTT/ADDRESS` with what a Bluetooth sensor advertises.

https://decoder.theengs.io. An advertisement comes many times a reading and tells no time: equal values of one
sensor within ten seconds are one reading. Older firmware writes numbers as text.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from coldchain.readings import Refusal, RefusalReason
from coldchain_gateway.contracts import Decoded, Sample

from .family import Family, Options, Recognised
from .json_text import read_object
from .message import Message, refuse_retained
from .values import Said, Unreadable, refused, sampled, sensor_id

FIELDS: Final[Mapping[str, tuple[str, str]]] = {
    "tempc": ("temperature", ""),
    "hum": ("humidity", ""),
    "pres": ("pressure", ""),
    "batt": ("battery", ""),
    "volt": ("battery_voltage", ""),
    "lux": ("illuminance", ""),
    "open": ("door_open", ""),
    "co2": ("co2", ""),
}
LEVEL: Final = "BTtoMQTT"
THROTTLE_MS: Final = 10_000
MOST_PROBES: Final = 9
MOST: Final = 4096


class Theengs:
    """Decodes advertisements; trackers and other things that measure nothing are passed over."""

    def __init__(self, _options: Options) -> None:
        self._last: dict[str, tuple[int, dict[str, object]]] = {}

    def decode(self, message: Message) -> Decoded:
        """One sample and refusals of single values, or one refusal."""
        levels = message.topic.split("/")
        if LEVEL not in levels:
            return ()
        try:
            refuse_retained(message)
            said = read_object(message.payload)
            sensor = sensor_id(_address(said.get("id", said.get("mac", levels[-1]))))
        except Unreadable as error:
            return (refused(error.reason, f"{message.topic}: {error}", message.payload),)
        decoded: list[Sample | Refusal] = []
        if not FIELDS.keys().isdisjoint(said) or "tempf" in said:
            decoded += self._once(sensor, _said(said), message)
        for probe, value in _probes(said):
            decoded += self._once(f"{sensor}/{probe}", [value], message)
        return decoded

    def _once(self, sensor: str, values: Iterable[Said], message: Message) -> list[Sample | Refusal]:
        decoded = sampled(sensor, values, message.payload)
        sample = decoded[0]
        if isinstance(sample, Sample) and self._throttled(sensor, sample, message) and not message.dup:
            return [refused(RefusalReason.REPEAT, "told within ten seconds", message.payload, sensor)]
        return decoded

    def _throttled(self, sensor: str, sample: Sample, message: Message) -> bool:
        values = {field: value for field, value in sample.values.items() if field != "link_quality"}
        before = self._last.get(sensor)
        same = before is not None and before[1] == values
        if before is not None and same and 0 <= message.arrival_ms - before[0] < THROTTLE_MS:
            return True
        if len(self._last) >= MOST and sensor not in self._last:
            self._last.clear()
        self._last[sensor] = message.arrival_ms, dict(values)
        return False


def _address(found: object) -> object:
    """Six bytes in hexadecimal are written with colons, whichever way the gateway wrote them."""
    text = str(found)
    if len(text) == 12 and all(letter in "0123456789abcdefABCDEF" for letter in text):
        return ":".join(text[at : at + 2] for at in range(0, 12, 2)).upper()
    return found


def _said(said: Mapping[str, object]) -> Iterator[Said]:
    for name, (field, unit) in FIELDS.items():
        if name in said and (name != "open" or isinstance(said[name], bool)):  # a blind is open by so many %
            yield Said(name, field, said[name], unit)
    if "tempc" not in said and "tempf" in said:
        yield Said("tempf", "temperature", said["tempf"], "F")
    if "rssi" in said:
        yield Said("rssi", "link_quality", said["rssi"])


def _probes(said: Mapping[str, object]) -> Iterator[tuple[str, Said]]:
    """The further probes of a thermometer with several: `tempc2` is the second."""
    for number in range(1, MOST_PROBES + 1):
        name = f"tempc{number}"
        if name in said:
            yield f"probe-{number}", Said(name, "temperature", said[name])


def _recognise(message: Message) -> Recognised | None:
    levels = message.topic.split("/")
    if LEVEL not in levels:
        return None
    return Recognised(family="theengs", topic="/".join(levels[: levels.index(LEVEL) + 1]) + "/#")


FAMILY: Final = Family(
    title="Theengs Gateway and OpenMQTTGateway",
    devices="Bluetooth thermometers of many makers",
    topics=("home/+/BTtoMQTT/#",),
    quantities=tuple(dict.fromkeys([*(field for field, _ in FIELDS.values()), "link_quality"])),
    confidence="captured",
    make=Theengs,
    recognise=_recognise,
    publisher_qos=0,
    liveness="arrival; equal values within 10 s are one",
    loses="what is advertised meanwhile: QoS 0, nothing is kept",
)

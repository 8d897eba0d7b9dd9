"""zigbee2mqtt: `zigbee2mqtt/FRIENDLY NAME` with a JSON object of attributes, or one topic per attribute.

https://www.zigbee2mqtt.io/guide/usage/mqtt_topics_and_messages.html; the friendly name may hold slashes.
The bridge repeats cached states as new messages (its default). Where `last_seen` is switched on, a repeat is
known by it: the same time and the same values are no new reading, so a dead device does not look alive; nor
does one of which the first that is heard is old.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from coldchain.quantities import QUANTITIES
from coldchain.readings import Refusal, RefusalReason, Value
from coldchain_gateway.contracts import Decoded, Sample, maker

from .family import Family, Options, Recognised
from .json_text import MAX_PAYLOAD, read_json, read_object
from .message import Message, refuse_retained
from .number_text import NO_DECIMALS, Form, Numbers, NumberText, NumberTexts, text_of
from .recent import Last
from .source_time import time_of
from .values import (
    ASIDE,
    Said,
    Unreadable,
    number_of,
    plain_fields,
    plain_values,
    refused,
    sampled,
    sensor_id,
)

FIELDS: Final[Mapping[str, str]] = {
    "temperature": "temperature",
    "humidity": "humidity",
    "pressure": "pressure",
    "battery": "battery",
    "linkquality": "link_quality",
    "counter": "counter",
    "contact": "door_open",
    "voltage": "battery_voltage",
    "illuminance": "illuminance",
    "co2": "co2",
    "battery_low": "battery_low",
    "water_leak": "water_leak",
    "occupancy": "motion",
    "tamper": "tamper",
}
# Names of what thermometers tell of a probe on a wire, and of their further channels → which probe.
PROBES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("probe_temperature", "temperature_probe", "external_temperature"), "probe"),
    **{f"temperature_{number}": f"probe-{number}" for number in range(1, 9)},
    **{f"temperature_l{number}": f"probe-{number}" for number in range(1, 9)},
}
# Attributes that need more than their name.
ODD: Final = frozenset({"contact", "voltage"})
# Millivolts of a battery, of which a line has volts.
MILLIVOLTS: Final = NumberText(
    "battery_voltage", rb"([1-9])(?=[0-9]{3}(?![0-9.]))(?:([0-9]{0,2}[1-9])0*|000)", b"battery_voltage=%b.%b"
)
TEXTS: Final[Mapping[str, NumberText]] = {
    name: text_of(QUANTITIES[field])
    for name, field in FIELDS.items()
    if name not in ODD and QUANTITIES[field].kind != "bool"
} | {"voltage": MILLIVOLTS}
NEVER_BY_TEXT: Final = frozenset([*FIELDS, *PROBES, "last_seen"]).difference(TEXTS)
PLAIN: Final = plain_fields({**FIELDS, **dict.fromkeys(PROBES, "temperature")}, ODD.union(PROBES))
# Levels under a device's name that are not its state.
ABOUT: Final = frozenset({"availability", "set", "get"})
DEFAULT_BASE: Final = "zigbee2mqtt"
# Batteries are told in mV; what mains-powered plugs tell in V is no battery.
LEAST_MV: Final = 500
# The first word of a sensor that is older than this comes from the bridge's memory.
OLD_MS: Final = 600_000
KNOWN_TOPICS: Final = 4096
_sample: Final = maker(Sample)


class Zigbee2Mqtt:
    """Decodes device states; the bridge's own topics are passed over."""

    def __init__(self, base_topic: str = DEFAULT_BASE) -> None:
        self._prefix = base_topic.rstrip("/") + "/"
        self._last = Last()
        self._states: dict[str, str] = {}  # topics that are a device's whole state, and whose
        self._texts = NumberTexts(TEXTS, NEVER_BY_TEXT)
        self._forms: dict[str, tuple[str, Form]] = {}  # those that told numbers last, whose, and how

    def decode(self, message: Message) -> Decoded:
        """One sample and refusals of single attributes, or one refusal."""
        topic, payload, retained, _, _ = message
        form = self._forms.get(topic)
        if form is not None and not retained and len(payload) <= MAX_PAYLOAD:
            sensor, (match, fields, layout) = form
            found = match(payload)
            if found is not None:  # what all the rest comes to, for most
                written = layout % found.groups(NO_DECIMALS)
                return (_sample((sensor, Numbers(fields, written), None, False, None, written)),)
        return self._read(message)

    def _read(self, message: Message) -> Decoded:
        topic, payload, retained, _, _ = message
        known = self._states.get(topic)
        if known is not None and payload[:1] == b"{" and not retained:
            try:
                state = read_object(payload)
                self._learn(topic, known, state)
                return self._state(known, state, message)
            except Unreadable as error:
                return (refused(error.reason, f"{topic}: {error}", payload),)
        name = message.topic.removeprefix(self._prefix)
        levels = name.split("/")
        try:
            if name != message.topic and len(levels) > 1 and levels[-1] == "availability":
                return _offline("/".join(levels[:-1]), message.payload)
            if name != message.topic and (levels[0] == "bridge" or not ABOUT.isdisjoint(levels[1:])):
                return ()
            if name == message.topic:
                raise Unreadable(RefusalReason.BAD_TOPIC, "not below the base topic")
            refuse_retained(message)
            name, state = _state_in(levels, message.payload)
            sensor = sensor_id(name)
            if levels[-1] not in FIELDS and len(self._states) < KNOWN_TOPICS:
                self._states[message.topic] = sensor
            return self._state(sensor, state, message)
        except Unreadable as error:
            return (refused(error.reason, f"{message.topic}: {error}", message.payload),)

    def _learn(self, topic: str, sensor: str, state: dict[str, object]) -> None:
        """The next message of this topic may have the same attributes."""
        form = self._texts.form(state)
        if form is not None:
            self._forms[topic] = sensor, form

    def _state(self, sensor: str, state: dict[str, object], message: Message) -> Decoded:
        said, payload = state.get("last_seen"), message.payload
        plain, others = plain_values(state, PLAIN)
        if said is None and not others and not ASIDE.issuperset(plain):
            return (_sample((sensor, plain, None, False, None, None)),)
        seen = None if said is None else time_of(said)
        decoded = sampled(sensor, _said(state, others), payload, seen, plain=plain)
        if said is not None and seen is None:
            decoded.append(refused(RefusalReason.BAD_TIME, f"last_seen: {said!r:.60}", payload, sensor))
        if others and not PROBES.keys().isdisjoint(others):
            decoded += _probes(sensor, state, payload, seen)
        sample = decoded[0]
        if seen is None or not isinstance(sample, Sample):
            return decoded
        if not self._last.knows(sensor) and message.arrival_ms - seen > OLD_MS:
            # A bridge that starts says what it remembers: true then, but no word about now.
            decoded = [one._replace(history=True) if isinstance(one, Sample) else one for one in decoded]
        if self._repeats(sensor, seen, sample.values) and not message.dup:
            return (
                refused(RefusalReason.REPEAT, "a cached state: last_seen has not moved", payload, sensor),
            )
        return decoded

    def _repeats(self, sensor: str, seen: int, values: Mapping[str, Value]) -> bool:
        """Compares and remembers. A message told twice (DUP) is left to the outbox, which knows what is kept.

        Only an equal time counts: one that went back is a bridge whose clock was set, and its devices live.
        """
        measured = {field: value for field, value in values.items() if field != "link_quality"}
        return self._last.repeats(sensor, (seen, measured))


def _offline(name: str, payload: bytes) -> Decoded:
    """The bridge's word that it does not hear a device; also the kept copy tells the truth."""
    if b'"offline"' not in payload and payload.strip() != b"offline":
        return ()
    return (refused(RefusalReason.OFFLINE, "availability", payload, sensor_id(name)),)


def _state_in(levels: Sequence[str], payload: bytes) -> tuple[str, dict[str, object]]:
    """Friendly name and attributes; a bare value stands under its attribute's topic. Raises Unreadable."""
    bare = len(levels) > 1 and levels[-1] in FIELDS
    try:
        found = read_json(payload)
    except Unreadable as error:
        if not bare or error.reason is not RefusalReason.BAD_JSON:
            raise
        found = payload.decode()  # a word such as `unavailable`
    if isinstance(found, dict):
        return "/".join(levels), found
    if not bare:
        raise Unreadable(RefusalReason.BAD_JSON, "not an object")
    return "/".join(levels[:-1]), {levels[-1]: found}


def _said(state: Mapping[str, object], names: Iterable[str]) -> Iterator[Said]:
    """What is not plain, or needs more than its name."""
    for name in names:
        field, value = FIELDS.get(name), state[name]
        if field is None:
            continue  # a probe's, which is a sensor of its own
        if name not in ODD:
            yield Said(name, field, value)
        elif name == "contact":
            # `contact: true` is a closed door.
            yield Said(name, field, not value if isinstance(value, bool) else value)
        else:
            volts = number_of(value)
            if volts is not None and volts >= LEAST_MV:
                yield Said(name, field, value, "mV")


def _probes(
    sensor: str, state: Mapping[str, object], payload: bytes, seen: int | None
) -> Iterator[Sample | Refusal]:
    for name, probe in PROBES.items():
        if name in state:
            said = [Said(name, "temperature", state[name])]
            yield from sampled(f"{sensor}/{probe}", said, payload, seen)


def _make(options: Options) -> Zigbee2Mqtt:
    return Zigbee2Mqtt(options.base_topic or DEFAULT_BASE)


def _recognise(message: Message) -> Recognised | None:
    if not message.topic.startswith(DEFAULT_BASE + "/"):
        return None
    return Recognised(family="zigbee2mqtt", topic=DEFAULT_BASE + "/#")


FAMILY: Final = Family(
    title="zigbee2mqtt",
    devices="Zigbee sensors behind a zigbee2mqtt bridge",
    topics=(DEFAULT_BASE + "/#",),
    quantities=tuple(FIELDS.values()),
    confidence="captured",
    make=_make,
    recognise=_recognise,
    publisher_qos=0,
    liveness="device and last_seen, where `advanced.last_seen` is on; else nobody can tell",
    loses="what is published meanwhile: QoS 0 as delivered; `qos: 1` in a device's settings keeps it",
    options=frozenset({"base_topic"}),
)

"""Home Assistant: statestream (`ROOT/DOMAIN/ENTITY/state`) and the states that discovery messages describe.

https://www.home-assistant.io/integrations/mqtt_statestream/ publishes values as JSON, so texts come quoted.
A retained `…/config` message describes sensors, it is no reading (see `descriptions`).
"""

from collections.abc import Iterator, Mapping
from typing import Final, TypeVar

from coldchain.readings import Refusal, RefusalReason
from coldchain_gateway.contracts import Decoded, Sample

from .descriptions import CLASSES, SWITCH_CLASSES, UNIT_NAMES, Described, descriptions, unquoted
from .entity_names import ENDINGS, SWITCHES, TEMPERATURES, entity_of
from .family import Family, Options, Recognised
from .json_text import read_json, read_object
from .message import Message, refuse_retained
from .values import MISSING, UNITS, Said, Unreadable, refused, sampled, sensor_id

KINDS: Final[Mapping[str, bool]] = {"sensor": False, "binary_sensor": True}
MOST_DESCRIBED: Final = 4096
Key = TypeVar("Key")
One = TypeVar("One")


class HomeAssistant:
    """Learns from `…/config`, then decodes the topics that were described; decodes statestream's states."""

    def __init__(self, options: Options) -> None:
        self._root = (options.base_topic or "homeassistant").rstrip("/")
        self._unit = options.unit
        self._quantity = options.quantity or "temperature"
        self._described: dict[str, list[Described]] = {}  # by the topic of the message that describes
        self._states: dict[str, list[Described]] = {}  # by the topic of the state
        self._topics: dict[tuple[str, str], list[str]] = {}  # of the states of a sensor's quantity
        self._count = 0  # of all that is described
        self._units: dict[str, str] = {}  # of statestream's entities
        self._classes: dict[str, str] = {}

    def decode(self, message: Message) -> Decoded:
        """Samples, refusals, or nothing where a message only describes."""
        try:
            levels = message.topic.split("/")
            if message.topic in self._states:
                refuse_retained(message)
                return self._state(message)
            if levels[-1] == "config" and len(levels) >= 3:
                return self._learn(message)
            if levels[0] == self._root and len(levels) == 4 and levels[1] in KINDS:
                return self._streamed(levels, message)
        except Unreadable as error:
            return (refused(error.reason, f"{message.topic}: {error}", message.payload),)
        return ()

    def _learn(self, message: Message) -> Decoded:
        """What it describes takes the place of what it described before; an empty one takes it back."""
        topic = message.topic
        for old in self._described.pop(topic, ()):
            self._count -= 1
            _take_out(self._topics, (old.sensor, old.field), old.topic)
            _take_out(self._states, old.topic, old)
        if not message.payload.strip():
            return ()
        decoded: list[Sample | Refusal] = []
        for one in descriptions(topic, read_object(message.payload)):
            if isinstance(one, Unreadable):
                decoded.append(refused(one.reason, f"{topic}: {one}", message.payload))
                continue
            if self._count >= MOST_DESCRIBED:
                break
            self._count += 1
            self._described.setdefault(topic, []).append(one)
            self._states.setdefault(one.topic, []).append(one)
            self._topics.setdefault((one.sensor, one.field), []).append(one.topic)
        return tuple(decoded)

    def _state(self, message: Message) -> Decoded:
        described = self._states[message.topic]
        needs_json = any(one.path for one in described)
        document = read_json(message.payload) if needs_json else None
        by_sensor: dict[str, dict[tuple[str, tuple[str, ...]], Said]] = {}
        for one in described:
            found = one.value(message.payload, document)
            if found is not MISSING:
                if len(set(self._topics[one.sensor, one.field])) > 1:
                    found = RefusalReason.UNMAPPED  # two places under one name would be mixed
                said = Said(
                    f"{one.field} under {'.'.join(one.path) or 'its topic'}", one.field, found, one.unit
                )
                by_sensor.setdefault(one.sensor, {})[one.field, one.path] = said
        decoded: list[Sample | Refusal] = []
        for sensor, values in by_sensor.items():
            decoded.extend(sampled(sensor, _unambiguous(values), message.payload))
        return decoded

    def _streamed(self, levels: list[str], message: Message) -> Decoded:
        _, domain, name, last = levels
        entity = f"{domain}.{name}"
        if last in ("unit_of_measurement", "device_class"):
            known = self._units if last == "unit_of_measurement" else self._classes
            if len(known) < MOST_DESCRIBED:
                known[entity] = unquoted(message.payload)
            return ()
        if last != "state":
            return ()
        refuse_retained(message)
        text = unquoted(message.payload)
        switch = KINDS[domain]
        field = (SWITCH_CLASSES if switch else CLASSES).get(self._classes.get(entity, ""))
        thing, by_name = name, ""
        if field is None:
            thing, field, _, by_name = entity_of(name, switch=switch, otherwise=self._quantity)
        unit = self._unit_of(entity, field, by_name)
        return sampled(sensor_id(thing), [Said(name, field, text, unit)], message.payload)

    def _unit_of(self, entity: str, field: str, by_name: str) -> str:
        told = self._units.get(entity)
        if told is not None:
            return UNIT_NAMES.get(told, told) if field in UNITS else ""
        return by_name or (self._unit if field in TEMPERATURES else "")


def _take_out(lists: dict[Key, list[One]], key: Key, one: One) -> None:
    lists[key].remove(one)
    if not lists[key]:
        del lists[key]


def _unambiguous(values: Mapping[tuple[str, tuple[str, ...]], Said]) -> Iterator[Said]:
    """Of two values of a message for one quantity of a sensor nobody can tell which is meant."""
    fields = [field for field, _ in values]
    for (field, path), said in values.items():
        if fields.count(field) == 1:
            yield said
        else:
            yield Said(f"{field} of several: {'.'.join(path)}", field, RefusalReason.UNMAPPED)


def _recognise(message: Message) -> Recognised | None:
    levels = message.topic.split("/")
    if levels[0] == "homeassistant" and len(levels) == 4 and levels[1] in KINDS and levels[3] != "config":
        return Recognised(family="home_assistant", topic="homeassistant/+/+/+")
    return None


FAMILY: Final = Family(
    title="Home Assistant",
    devices="whatever Home Assistant knows, by statestream or by discovery messages",
    topics=("homeassistant/#",),
    quantities=tuple(
        dict.fromkeys(
            (*CLASSES.values(), *SWITCH_CLASSES.values(), *(field for _, field in (*ENDINGS, *SWITCHES)))
        )
    ),
    confidence="documented",
    make=HomeAssistant,
    recognise=_recognise,
    publisher_qos=1,
    liveness="arrival; statestream speaks only when a value changes, so a steady one looks silent",
    loses="nothing of statestream while the broker keeps the session; what discovery describes: by publisher",
    options=frozenset({"base_topic", "unit", "quantity"}),
    reads_retained=True,
)

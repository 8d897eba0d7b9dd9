"""zigbee2mqtt: `zigbee2mqtt/FRIENDLY NAME` with a JSON object of attributes, or one topic per attribute.

https://www.zigbee2mqtt.io/guide/usage/mqtt_topics_and_messages.html; the friendly name may hold slashes.
The bridge repeats cached states as new messages (its default). Where `last_seen` is switched on, a repeat is
known by it: the same time and the same values are no new reading, so a dead device does not look alive.
"""

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from coldchain.readings import RefusalReason, Value
from coldchain_gateway.contracts import Decoded, Sample

from .json_text import read_json
from .message import Message
from .source_time import time_of
from .values import Said, Unreadable, number_of, refused, sampled, sensor_id

FIELDS: Final[Mapping[str, str]] = {
    "temperature": "temperature",
    "humidity": "humidity",
    "pressure": "pressure",
    "battery": "battery",
    "linkquality": "link_quality",
    "counter": "counter",
    "contact": "door_open",
    "voltage": "battery_voltage",
}
# Attributes that need more than their name.
ODD: Final = frozenset({"contact", "voltage"})
# Levels under a device's name that are not its state.
ABOUT: Final = frozenset({"availability", "set", "get"})
REMEMBERED: Final = 4096
# Batteries are told in mV; what mains-powered plugs tell in V is no battery.
LEAST_MV: Final = 500


class Zigbee2Mqtt:
    """Decodes device states; the bridge's own topics are passed over."""

    def __init__(self, base_topic: str = "zigbee2mqtt") -> None:
        self._prefix = base_topic.rstrip("/") + "/"
        self._last: OrderedDict[str, tuple[int, Mapping[str, Value]]] = OrderedDict()

    def decode(self, message: Message) -> Decoded:
        """One sample and refusals of single attributes, or one refusal."""
        name = message.topic.removeprefix(self._prefix)
        levels = name.split("/")
        if name != message.topic and (levels[0] == "bridge" or not ABOUT.isdisjoint(levels[1:])):
            return ()
        try:
            if name == message.topic:
                raise Unreadable(RefusalReason.BAD_TOPIC, "not below the base topic")
            if message.retained:
                raise Unreadable(RefusalReason.RETAINED, "a copy kept by the broker")
            name, state = _state_in(levels, message.payload)
            return self._state(sensor_id(name), state, message)
        except Unreadable as error:
            return (refused(error.reason, f"{message.topic}: {error}", message.payload),)

    def _state(self, sensor: str, state: dict[str, object], message: Message) -> Decoded:
        said, payload = state.get("last_seen"), message.payload
        seen = None if said is None else time_of(said)
        decoded = sampled(sensor, _said(state), payload, seen)
        if said is not None and seen is None:
            decoded.append(refused(RefusalReason.BAD_TIME, f"last_seen: {said!r:.60}", payload, sensor))
        sample = decoded[0]
        if seen is None or not isinstance(sample, Sample):
            return decoded
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
        before = self._last.get(sensor)
        self._last[sensor] = seen, measured
        self._last.move_to_end(sensor)
        if len(self._last) > REMEMBERED:
            self._last.popitem(last=False)
        return before == (seen, measured)


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


def _said(state: Mapping[str, object]) -> Iterator[Said]:
    for name, field in FIELDS.items():
        if name not in state:
            continue
        value = state[name]
        if name not in ODD:
            yield Said(name, field, value)
        elif name == "contact":
            # `contact: true` is a closed door.
            yield Said(name, field, not value if isinstance(value, bool) else value)
        else:
            volts = number_of(value)
            if volts is not None and volts >= LEAST_MV:
                yield Said(name, field, value, "mV")

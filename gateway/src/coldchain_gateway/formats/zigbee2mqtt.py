"""zigbee2mqtt: `zigbee2mqtt/FRIENDLY NAME` with a JSON object of attributes.

https://www.zigbee2mqtt.io/guide/usage/mqtt_topics_and_messages.html; the friendly name may hold slashes.
`last_seen`, where it is switched on, is the device's own time: cached repeats keep it and so change nothing.
"""

from collections.abc import Mapping
from typing import Final

import orjson

from coldchain.readings import RefusalReason, Value, valid_sensor_id
from coldchain_gateway.contracts import Decoded, Sample

from .message import Message
from .values import MAX_PAYLOAD, refused, time_of, value_of

FIELDS: Final[Mapping[str, str]] = {
    "temperature": "temperature",
    "humidity": "humidity",
    "pressure": "pressure",
    "battery": "battery",
    "linkquality": "link_quality",
    "counter": "counter",
}
# Topics under a device's name that are not its state.
ABOUT: Final = ("/availability", "/set", "/get")


def read_state(message: Message) -> dict[str, object] | tuple[RefusalReason, str]:
    """The attributes of a message, or why it has none."""
    if message.retained:
        return RefusalReason.RETAINED, "a copy kept by the broker"
    if len(message.payload) > MAX_PAYLOAD:
        return RefusalReason.TOO_LONG, f"{len(message.payload)} bytes"
    try:
        state = orjson.loads(message.payload)
    except orjson.JSONDecodeError as error:
        return RefusalReason.BAD_JSON, str(error)
    return state if isinstance(state, dict) else (RefusalReason.BAD_JSON, "not an object")


class Zigbee2Mqtt:
    """Decodes device states; the bridge's own topics are passed over."""

    def __init__(self, base_topic: str = "zigbee2mqtt") -> None:
        self._prefix = base_topic.rstrip("/") + "/"

    def decode(self, message: Message) -> Decoded:
        """One sample, or a refusal."""
        topic, payload = message.topic, message.payload
        sensor = topic.removeprefix(self._prefix)
        if sensor == topic or not valid_sensor_id(sensor):
            return (refused(RefusalReason.BAD_TOPIC, topic[:200], payload),)
        if sensor.startswith("bridge/") or sensor.endswith(ABOUT):
            return ()
        state = read_state(message)
        if isinstance(state, dict):
            return self._state(sensor, state, payload)
        reason, detail = state
        return (refused(reason, detail, payload, sensor),)

    def _state(self, sensor: str, state: Mapping[str, object], payload: bytes) -> Decoded:
        values: dict[str, Value] = {}
        refusals = []
        for name, field in FIELDS.items():
            if name not in state:
                continue
            value = value_of(field, state[name])
            if isinstance(value, RefusalReason):
                refusals.append(refused(value, f"{name}: {state[name]!r}"[:200], payload, sensor))
            else:
                values[field] = value
        contact = state.get("contact")
        if isinstance(contact, bool):
            values["door_open"] = not contact
        if not values and not refusals:
            return (refused(RefusalReason.NO_READING, "nothing that is measured", payload, sensor),)
        if not values:
            return refusals
        sample = Sample(sensor=sensor, values=values, source_time_ms=time_of(state.get("last_seen")))
        return [sample, *refusals]

"""ESPHome: `NODE/sensor/NAME/state` with a bare number, `NODE/binary_sensor/NAME/state` with ON or OFF.

https://esphome.io/components/mqtt. The payload tells neither quantity nor unit: the name's ending does
(`freezer_1_humidity`), and a name without one is what the subscription says. ESPHome sets the retain flag on
everything it publishes: only a copy that comes flagged, on subscribing, is an old one.
"""

from collections.abc import Mapping
from typing import Final

from coldchain.readings import RefusalReason
from coldchain_gateway.contracts import Decoded

from .entity_names import ENDINGS, SWITCHES, TEMPERATURES, entity_of
from .family import Family, Options, Recognised
from .message import Message, refuse_retained
from .values import Said, Unreadable, refused, sampled, sensor_id

KINDS: Final[Mapping[str, bool]] = {"sensor": False, "binary_sensor": True}


class EspHome:
    """Decodes states of sensors; lights, switches and logs are passed over."""

    def __init__(self, options: Options) -> None:
        self._unit = options.unit
        self._quantity = options.quantity or "temperature"

    def decode(self, message: Message) -> Decoded:
        """One sample, or one refusal."""
        try:
            return self._decoded(message)
        except Unreadable as error:
            return (refused(error.reason, f"{message.topic}: {error}", message.payload),)

    def _decoded(self, message: Message) -> Decoded:
        levels = message.topic.split("/")
        if len(levels) > 1 and levels[-1] == "status":
            return _offline("/".join(levels[:-1]), message.payload)
        if len(levels) < 4 or levels[-1] != "state" or levels[-3] not in KINDS:
            return ()
        refuse_retained(message)
        node, name = "/".join(levels[:-3]), levels[-2]
        entity = entity_of(name, switch=KINDS[levels[-3]], otherwise=self._quantity)
        text = message.payload.decode("utf-8", "replace")
        unit = entity.unit or (self._unit if entity.field in TEMPERATURES else "")
        return sampled(
            sensor_id(f"{node}/{entity.thing}"), [Said(name, entity.field, text, unit)], message.payload
        )


def _offline(node: str, payload: bytes) -> Decoded:
    """The broker's last word for a node whose connection broke; also the kept copy tells the truth."""
    if payload.strip() != b"offline":
        return ()
    return (refused(RefusalReason.OFFLINE, "status: offline", payload, sensor_id(node)),)


def _recognise(message: Message) -> Recognised | None:
    levels = message.topic.split("/")
    if len(levels) < 4 or levels[-1] != "state" or levels[-3] not in KINDS or levels[0] == "homeassistant":
        return None
    return Recognised(family="esphome", topic="/".join(levels[:-3]) + "/#", needs=("unit",))


FAMILY: Final = Family(
    title="ESPHome",
    devices="ESP8266, ESP32 and RP2040 boards with any of ESPHome's sensors",
    topics=("+/sensor/+/state", "+/binary_sensor/+/state", "+/status"),
    quantities=tuple(dict.fromkeys(field for _, field in (*ENDINGS, *SWITCHES))),
    confidence="constructed",
    make=EspHome,
    recognise=_recognise,
    publisher_qos=0,
    liveness="arrival; the device tells no time",
    loses="what is published meanwhile: QoS 0 as delivered; `qos: 1` on the node's sensors keeps it",
    interval_s=60,
    options=frozenset({"unit", "quantity"}),
)

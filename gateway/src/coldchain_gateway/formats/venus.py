"""Victron Venus OS: `N/PORTAL/SERVICE/INSTANCE/PATH` with `{"value": …}`; nothing at all unless it is asked.

https://github.com/victronenergy/dbus-flashmq. `R/PORTAL/keepalive` has to come more often than every minute;
each makes Venus tell all values again, so a repeat proves nothing. `{"value": null}` is no value, an empty
message a device that is gone.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from coldchain.errors import InvalidInput
from coldchain.readings import RefusalReason
from coldchain_gateway.contracts import Decoded

from .family import Family, Options, Recognised
from .json_text import read_object
from .message import Message, refuse_retained
from .values import MISSING, Said, Unreadable, refused, sampled, sensor_id

# Service → path → field, unit.
PATHS: Final[Mapping[str, Mapping[str, tuple[str, str]]]] = {
    "temperature": {
        "Temperature": ("temperature", ""),
        "Humidity": ("humidity", ""),
        "Pressure": ("pressure", ""),
        "BatteryVoltage": ("battery_voltage", ""),
    },
    "battery": {"Soc": ("ups_charge", "")},
    "gps": {
        "Position/Latitude": ("latitude", ""),
        "Position/Longitude": ("longitude", ""),
        "Speed": ("speed", "m/s"),
        "Course": ("course", ""),
        "Altitude": ("altitude", ""),
    },
}


class Venus:
    """Decodes temperatures, the battery's charge and positions; other services are passed over."""

    def __init__(self, _options: Options) -> None:
        """Nothing is remembered: each value stands in a topic of its own."""

    def decode(self, message: Message) -> Decoded:
        """One sample, or one refusal."""
        levels = message.topic.split("/")
        if len(levels) < 5 or levels[0] != "N":
            return ()
        known = PATHS.get(levels[2], {}).get("/".join(levels[4:]))
        if known is None:
            return ()
        try:
            sensor = sensor_id("/".join(levels[1:4]))
            if not message.payload:
                return (refused(RefusalReason.OFFLINE, "the device is gone", b"", sensor),)
            refuse_retained(message)
            value = read_object(message.payload).get("value", MISSING)
        except Unreadable as error:
            return (refused(error.reason, f"{message.topic}: {error}", message.payload),)
        if value is MISSING:
            return ()
        return sampled(sensor, [Said(levels[-1], known[0], value, known[1])], message.payload)


def _ask(topic: str) -> Sequence[str]:
    """Whom to keep awake. Raises InvalidInput where the filter names no portal."""
    levels = topic.split("/")
    if len(levels) < 2 or levels[0] != "N" or levels[1] in ("", "+", "#"):
        raise InvalidInput(f"{topic!r}: Venus is asked by its portal's id: N/<portal id>/…")
    return (f"R/{levels[1]}/keepalive",)


def _recognise(message: Message) -> Recognised | None:
    levels = message.topic.split("/")
    if len(levels) < 5 or levels[0] != "N" or b'"value"' not in message.payload:
        return None
    return Recognised(family="venus", topic=f"N/{levels[1]}/#")


FAMILY: Final = Family(
    title="Victron Venus OS",
    devices="Cerbo GX and others with temperature sensors, battery and GPS",
    topics=("N/<portal id>/#",),
    quantities=tuple(field for paths in PATHS.values() for field, _ in paths.values()),
    confidence="documented",
    make=Venus,
    recognise=_recognise,
    publisher_qos=0,
    liveness="arrival; all values come again with every keep-alive, and an empty message when one is gone",
    loses="everything: while nobody keeps it awake it publishes nothing",
    ask=_ask,
)

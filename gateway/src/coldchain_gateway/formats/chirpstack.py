"""ChirpStack v4: `application/APPLICATION/device/DEVEUI/event/up` with one uplink as JSON.

https://www.chirpstack.io/docs/chirpstack/integrations/events.html. Zeros are left out (`fCnt`). The server
joins what its gateways heard; two servers on one frame are told by devEUI, address, counter and bytes.
"""

from collections.abc import Mapping
from typing import Final

from .family import Family, Options, Recognised
from .lorawan.server import ServerFormat
from .lorawan.uplink import NAMES, Uplink
from .message import Message
from .source_time import time_of
from .values import MISSING, sensor_id


def _format(options: Options) -> ServerFormat:
    """Decodes uplinks; joins, acknowledgements, states and logs are passed over."""
    return ServerFormat(options, ending="/event/up", timed_by="time", uplink_of=_uplink)


def _uplink(event: Mapping[str, object]) -> Uplink:
    """Raises Unreadable where it names no device."""
    info = event.get("deviceInfo")
    about: Mapping[str, object] = info if isinstance(info, dict) else {}
    payload, port = event.get("data"), event.get("fPort", 0)
    counter, address = event.get("fCnt", 0), event.get("devAddr", "")
    copies: list[tuple[object, ...]] = [("frame", str(address), str(counter), str(payload))]
    if "deduplicationId" in event:
        copies.append(("id", str(event["deduplicationId"])))
    return Uplink(
        device=sensor_id(about.get("devEui", MISSING)),
        copies=copies,
        names=[
            name for key in ("deviceProfileName", "deviceName") if isinstance(name := about.get(key), str)
        ],
        port=port if isinstance(port, int) else 0,
        payload=payload if isinstance(payload, str) else None,
        decoded=event.get("object"),
        time_ms=time_of(event.get("time")),
    )


def _recognise(message: Message) -> Recognised | None:
    levels = message.topic.split("/")
    if len(levels) < 6 or levels[-6] != "application" or levels[-4] != "device" or levels[-2] != "event":
        return None
    prefix = "".join(f"{level}/" for level in levels[:-6])
    return Recognised(family="chirpstack", topic=f"{prefix}application/+/device/+/event/up")


FAMILY: Final = Family(
    title="ChirpStack v4",
    devices="LoRaWAN devices whose payload codec is known here, or that ChirpStack decodes",
    topics=("application/+/device/+/event/up",),
    quantities=tuple(dict.fromkeys([*(field for _, field, _ in NAMES.values()), "water_leak", "motion"])),
    confidence="captured",
    make=_format,
    recognise=_recognise,
    publisher_qos=0,
    liveness="deduplicationId; device, address, fCnt and bytes",
    loses="what arrives meanwhile, unless `qos=1` stands in ChirpStack's [integration.mqtt]; as delivered 0",
    options=frozenset({"codecs"}),
)

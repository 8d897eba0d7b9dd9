"""ChirpStack v4: `application/APPLICATION/device/DEVEUI/event/up` with one uplink as JSON.

https://www.chirpstack.io/docs/chirpstack/integrations/events.html. Zeros are left out (`fCnt`). The server
joins what its gateways heard; two servers on one frame are told by devEUI, address, counter and bytes.
"""

from collections.abc import Mapping
from typing import Final

from coldchain.readings import RefusalReason
from coldchain_gateway.contracts import Decoded

from .family import Family, Options, Recognised
from .json_text import read_object
from .lorawan.uplink import NAMES, Uplink, Uplinks
from .message import Message, refuse_retained
from .source_time import time_of
from .values import MISSING, Unreadable, refused, sensor_id


class ChirpStack:
    """Decodes uplinks; joins, acknowledgements, states and logs are passed over."""

    def __init__(self, options: Options) -> None:
        self._uplinks = Uplinks(options.codecs)

    def decode(self, message: Message) -> Decoded:
        """A sample for each probe, or refusals."""
        if not message.topic.endswith("/event/up"):
            return ()
        try:
            refuse_retained(message)
            event = read_object(message.payload)
            uplink = _uplink(event)
            decoded = self._uplinks.decode(uplink, message.payload, message.arrival_ms, dup=message.dup)
            if uplink.time_ms is None:
                told = f"time: {event.get('time')!r:.40}"
                decoded.append(refused(RefusalReason.BAD_TIME, told, message.payload))
            return decoded
        except Unreadable as error:
            return (refused(error.reason, f"{message.topic}: {error}", message.payload),)


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
    make=ChirpStack,
    recognise=_recognise,
    publisher_qos=0,
    liveness="deduplicationId; device, address, fCnt and bytes",
    loses="what arrives meanwhile, unless `qos=1` stands in ChirpStack's [integration.mqtt]; as delivered 0",
    options=frozenset({"codecs"}),
)

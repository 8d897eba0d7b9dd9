"""The Things Stack v3: `v3/APPLICATION@TENANT/devices/DEVICE/up` with one uplink as JSON.

https://www.thethingsindustries.com/docs/integrations/other-integrations/mqtt/. Fields that are 0, false or
empty are left out, also within `decoded_payload`: the device's own bytes are decoded where a codec is known.
"""

from collections.abc import Mapping
from typing import Final

from coldchain.readings import RefusalReason

from .family import Family, Options, Recognised
from .lorawan.server import ServerFormat
from .lorawan.uplink import NAMES, Uplink
from .message import Message
from .source_time import time_of
from .values import MISSING, Unreadable, sensor_id


def _format(options: Options) -> ServerFormat:
    """Decodes uplinks; joins, downlinks and service data are passed over."""
    return ServerFormat(options, ending="/up", timed_by="received_at", uplink_of=_uplink)


def _uplink(event: Mapping[str, object]) -> Uplink:
    """Raises Unreadable where it names no device or holds no uplink."""
    ids, said = event.get("end_device_ids"), event.get("uplink_message")
    if not isinstance(ids, dict) or not isinstance(said, dict):
        raise Unreadable(RefusalReason.NO_READING, "no uplink in it")
    version = said.get("version_ids")
    model = version.get("model_id") if isinstance(version, dict) else None
    payload, port = said.get("frm_payload"), said.get("f_port", 0)
    device = sensor_id(ids.get("dev_eui", ids.get("device_id", MISSING)))
    session, counter = said.get("session_key_id", ids.get("dev_addr", "")), said.get("f_cnt", 0)
    return Uplink(
        device=device,
        copies=[("frame", str(session), str(counter), str(payload))],
        names=[name for name in (model, ids.get("device_id")) if isinstance(name, str)],
        port=port if isinstance(port, int) else 0,
        payload=payload if isinstance(payload, str) else None,
        decoded=said.get("decoded_payload"),
        time_ms=time_of(said.get("received_at")) or time_of(event.get("received_at")),
    )


def _recognise(message: Message) -> Recognised | None:
    levels = message.topic.split("/")
    if len(levels) != 5 or levels[0] != "v3" or levels[2] != "devices" or "@" not in levels[1]:
        return None
    return Recognised(family="things_stack", topic=f"v3/{levels[1]}/devices/+/up")


FAMILY: Final = Family(
    title="The Things Stack v3",
    devices="LoRaWAN devices whose payload codec is known here, or that The Things Stack decodes",
    topics=("v3/+/devices/+/up",),
    quantities=tuple(dict.fromkeys([*(field for _, field, _ in NAMES.values()), "water_leak", "motion"])),
    confidence="captured",
    make=_format,
    recognise=_recognise,
    publisher_qos=0,
    liveness="device, session_key_id, f_cnt and bytes",
    loses="what arrives meanwhile: The Things Stack publishes at QoS 0 (its storage integration keeps it)",
    options=frozenset({"codecs"}),
)

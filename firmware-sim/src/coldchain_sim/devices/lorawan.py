"""LoRaWAN devices behind their servers: a Dragino LHT65N at ChirpStack, an LHT52 at The Things Stack."""

import base64
import json
import struct
from datetime import UTC, datetime

from .said import Measured, Publication, Spoken, hardware_id


def speak_chirpstack(measured: Measured) -> Spoken:
    """One uplink of an LHT65N without external probe; a counter of 0 is left out, as the server does."""
    hundredths = round(measured.temperature_c * 100)
    battery_mv = 2400 + 12 * measured.battery
    data = struct.pack(
        ">HhHBhh", 0xC000 | battery_mv, hundredths, round(measured.humidity * 10), 0, 0x7FFF, 0x7FFF
    )
    eui = hardware_id(measured.name, 8).hex()
    event: dict[str, object] = {
        "deduplicationId": f"{eui}-{measured.counter}",
        "time": _moment(measured.time_ms),
        "deviceInfo": {
            "deviceProfileName": "Dragino LHT65N",
            "deviceName": measured.name,
            "devEui": eui,
        },
        "devAddr": eui[:8],
        "fPort": 2,
        "data": base64.b64encode(data).decode(),
        "rxInfo": [{"gatewayId": "0016c001f153a14c", "rssi": -measured.signal}],
    }
    if measured.counter:
        event["fCnt"] = measured.counter
    topic = f"application/17c82e96/device/{eui}/event/up"
    uplink = Publication(topic=topic, payload=json.dumps(event, ensure_ascii=False).encode())
    return Spoken(sensor=eui, temperature_c=hundredths / 100, publications=(uplink,))


def speak_things_stack(measured: Measured) -> Spoken:
    """One uplink of an LHT52, which tells its own time in seconds."""
    hundredths = round(measured.temperature_c * 100)
    data = struct.pack(
        ">hHhBI", hundredths, round(measured.humidity * 10), 0x7FFF, 1, measured.time_ms // 1000
    )
    eui = hardware_id(measured.name, 8)
    said: dict[str, object] = {
        "session_key_id": "AYJyWmbZaAS",
        "f_port": 2,
        "frm_payload": base64.b64encode(data).decode(),
        "received_at": _moment(measured.time_ms),
        "version_ids": {"brand_id": "dragino", "model_id": "lht52"},
    }
    if measured.counter:
        said["f_cnt"] = measured.counter
    ids = {"device_id": measured.name, "dev_eui": eui.hex().upper()}
    event = {"end_device_ids": ids, "received_at": _moment(measured.time_ms), "uplink_message": said}
    topic = f"v3/cold@tenant/devices/{measured.name}/up"
    uplink = Publication(topic=topic, payload=json.dumps(event, ensure_ascii=False).encode())
    return Spoken(sensor=eui.hex(), temperature_c=hundredths / 100, publications=(uplink,))


def _moment(time_ms: int) -> str:
    """As the servers write it, with nine digits of a second."""
    whole = datetime.fromtimestamp(time_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{whole}.{time_ms % 1000:03d}000000+00:00"

"""The same temperature in the words of each MQTT family, for tests that hold for all of them."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from coldchain_gateway.contracts import Decoded, Sample
from coldchain_gateway.formats import Mapping as OwnMapping
from coldchain_gateway.formats import Message, MqttFormat, Options, mqtt_format

NOW_MS = 1_795_376_523_000
NOW_TEXT = "2026-11-22T19:42:03"


@dataclass(frozen=True, slots=True, kw_only=True)
class Saying:
    """How one family says a temperature; `written` is the value as it stands in JSON or text."""

    family: str
    topic: str
    payload: Callable[[str], str]
    options: Options = field(default_factory=Options)

    def decoder(self) -> MqttFormat:
        return mqtt_format(self.family, self.options)

    def message(self, written: str) -> Message:
        return Message(self.topic, self.payload(written).encode(), arrival_ms=NOW_MS)

    def decode(self, written: str) -> Decoded:
        """By a decoder that has heard nothing yet."""
        return self.decoder().decode(self.message(written))


def quoted(written: str) -> str:
    """Words stand in quotes within JSON, numbers and null do not."""
    try:
        json.loads(written)
    except ValueError:
        return written if written.lower() in ("nan", "-nan", "inf") else json.dumps(written)
    return written


def chirpstack(written: str) -> str:
    info = '{"deviceProfileName":"p","devEui":"0101010101010101"}'
    return (
        f'{{"time":"{NOW_TEXT}.775023242+00:00","deviceInfo":{info},"fPort":2,'
        f'"object":{{"temperature":{quoted(written)}}}}}'
    )


def things_stack(written: str) -> str:
    said = f'{{"received_at":"{NOW_TEXT}.0Z","decoded_payload":{{"temperature":{quoted(written)}}}}}'
    return f'{{"end_device_ids":{{"dev_eui":"A8404188A184579F"}},"uplink_message":{said}}}'


SAYINGS = (
    Saying(
        family="zigbee2mqtt",
        topic="zigbee2mqtt/fridge",
        payload=lambda written: f'{{"temperature":{quoted(written)},"last_seen":"{NOW_TEXT}+00:00"}}',
    ),
    Saying(
        family="tasmota",
        topic="tele/fridge/SENSOR",
        payload=lambda written: (
            f'{{"Time":"{NOW_TEXT}","DS18B20":{{"Temperature":{quoted(written)}}},"TempUnit":"C"}}'
        ),
        options=Options(time_zone="UTC"),
    ),
    Saying(
        family="shelly_gen1",
        topic="shellies/shellyht-1/sensor/temperature",
        payload=lambda written: written,
    ),
    Saying(
        family="shelly_gen2",
        topic="fridge/events/rpc",
        payload=lambda written: (
            '{"src":"f","method":"NotifyStatus","params":{"ts":1795376523.5,'
            f'"temperature:0":{{"id":0,"tC":{quoted(written)}}}}}}}'
        ),
    ),
    Saying(
        family="shelly_gen2",
        topic="fridge/status/temperature:0",
        payload=lambda written: f'{{"id":0,"tC":{quoted(written)}}}',
    ),
    Saying(family="esphome", topic="node/sensor/fridge/state", payload=lambda written: written),
    Saying(
        family="home_assistant", topic="homeassistant/sensor/fridge/state", payload=lambda written: written
    ),
    Saying(
        family="neuron",
        topic="/neuron/plc",
        payload=lambda written: (
            f'{{"timestamp":1795376523000,"node":"plc","group":"g","values":{{"fridge":{quoted(written)}}}}}'
        ),
    ),
    Saying(
        family="theengs",
        topic="home/gw/BTtoMQTT/A4C138165B5D",
        payload=lambda written: f'{{"tempc":{quoted(written)}}}',
    ),
    Saying(
        family="rtl_433",
        topic="rtl_433/pi/events",
        payload=lambda written: (
            f'{{"time":"{NOW_TEXT} UTC","model":"m","id":1,"temperature_C":{quoted(written)}}}'
        ),
    ),
    Saying(
        family="venus",
        topic="N/portal/temperature/23/Temperature",
        payload=lambda written: f'{{"value":{quoted(written)}}}',
    ),
    Saying(
        family="sensos",
        topic="labels/1",
        payload=lambda written: (
            f'{{"logId":"a","deviceId":"1","logData":[{{"timestamp":"{NOW_TEXT}Z",'
            f'"temperature":{quoted(written)}}}]}}'
        ),
    ),
    Saying(family="chirpstack", topic="application/1/device/0101010101010101/event/up", payload=chirpstack),
    Saying(family="things_stack", topic="v3/a@t/devices/d/up", payload=things_stack),
    Saying(
        family="mapping",
        topic="site/fridge",
        payload=lambda written: f'{{"t":{quoted(written)}}}',
        options=Options(mapping=OwnMapping(sensor="topic:1", fields={"temperature": "json:$.t"})),
    ),
)


def lht65(air: int, probe: int) -> Message:
    """An LHT65N whose air and probe read so many hundredths."""
    data = bytes([0x0B, 0xB8, *(air & 0xFFFF).to_bytes(2, "big"), 2, 0x5D, 1])
    data += (probe & 0xFFFF).to_bytes(2, "big") + b"\x7f\xff"
    event = {
        "time": NOW_TEXT + "Z",
        "deviceInfo": {"deviceProfileName": "LHT65N", "devEui": "0101010101010101"},
        "fPort": 2,
        "data": base64.b64encode(data).decode(),
    }
    topic = "application/1/device/0101010101010101/event/up"
    return Message(topic, json.dumps(event).encode(), arrival_ms=NOW_MS)


def ruuvi(raw: int, sequence: int = 7) -> Message:
    """A RuuviTag whose temperature is so many two-hundredths."""
    data = b"\x05" + (raw & 0xFFFF).to_bytes(2, "big") + bytes.fromhex("5394C37C0004FFFC040CAC3642")
    data += sequence.to_bytes(2, "big") + bytes.fromhex("CBB8334C884F")
    said: Mapping[str, object] = {"ts": str(NOW_MS // 1000), "data": "0201061BFF9904" + data.hex()}
    return Message("ruuvi/GW/CB:B8:33:4C:88:4F", json.dumps(said).encode(), arrival_ms=NOW_MS)


def temperatures(decoded: Decoded) -> list[float]:
    """Every temperature that was taken."""
    return [
        float(one.values["temperature"])
        for one in decoded
        if isinstance(one, Sample) and "temperature" in one.values
    ]

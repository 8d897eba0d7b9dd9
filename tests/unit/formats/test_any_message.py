"""Any bytes under any topic, in every MQTT family: samples or refusals, never an exception, and bounded."""

import base64
import json
from collections.abc import Mapping
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coldchain_gateway.formats import AUTO, MQTT_FAMILIES, Message, Options, mqtt_format, recognise
from coldchain_gateway.formats import Mapping as OwnMapping
from coldchain_gateway.formats.lorawan import CODECS, codec
from coldchain_gateway.formats.values import Unreadable
from support.fuzzing import must_hold
from support.sayings import NOW_MS, SAYINGS
from support.soak import rounds
from support.sparkplug import metric, payload

CASES = settings(max_examples=rounds(25, 1500), deadline=None, suppress_health_check=[HealthCheck.too_slow])
TOPICS = (
    *(saying.topic for saying in SAYINGS),
    *("ruuvi/a/b", "ruuvi/a/gw_status", "homeassistant/sensor/x/config", "zigbee2mqtt/a/availability"),
    *("spBv1.0/g/NBIRTH/e", "spBv1.0/g/DDATA/e/d", "spBv1.0/g/NDEATH/e", "N/p/gps/0/Speed"),
    *("tele/a/LWT", "shellies/a/sensor/error", "shellies/a/ext_temperature/0", "a/online", "", "/", "a/+/#"),
)
KEYS = (
    *("temperature", "Temperature", "tC", "params", "ts", "Time", "TempUnit", "last_seen", "data", "object"),
    *("deviceInfo", "devEui", "deviceProfileName", "fPort", "fCnt", "uplink_message", "end_device_ids"),
    *("dev_eui", "decoded_payload", "frm_payload", "history", "timestamp", "state_topic", "device_class"),
    *("value_template", "unique_id", "DS18B20", "Id", "temperature:0", "battery", "errors", "sys", "method"),
    *("wakeup_period", "device", "identifiers", "~", "contact", "voltage", "received_at", "f_port"),
)
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.sampled_from(
        [
            "",
            "nan",
            "None",
            "327.67",
            "-127",
            "LHT65N",
            "em300-th",
            "NotifyStatus",
            "C",
            "F",
            "Cz0B9H//AWMH5bY=",
        ]
    ),
    st.text(max_size=30),
)
DOCUMENTS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=8), inner, max_size=6),
    ),
    max_leaves=20,
)
PAYLOADS = st.one_of(
    st.binary(max_size=300),
    st.lists(st.tuples(st.sampled_from(KEYS), st.floats(width=32), st.integers(0, 40)), max_size=3).map(
        lambda told: payload(*(metric(name=name, alias=alias, single=value) for name, value, alias in told))
    ),
    DOCUMENTS.map(lambda document: json.dumps(document).encode()),
    st.floats().map(lambda number: str(number).encode()),
)


def options_of(family: str) -> Options:
    if family != "mapping":
        return Options()
    fields: Mapping[str, str] = {
        "temperature": "json:$.t",
        "humidity": "json:$.a[0]>$.h",
        "door_open": "payload",
    }
    return Options(
        mapping=OwnMapping(
            sensor="topic:0", fields=fields, each="json:$.data", time="json:$.ts", scales={"temperature": 0.1}
        )
    )


@pytest.mark.soak
@pytest.mark.parametrize("family", [*MQTT_FAMILIES, AUTO])
@CASES
@given(data=st.data())
def test_any_message(family: str, data: st.DataObject) -> None:
    own = [saying.topic for saying in SAYINGS if saying.family == family]
    if family == "sparkplug":
        own = [topic for topic in TOPICS if topic.startswith("spBv1.0")]
    topics = st.sampled_from(own * 8 + list(TOPICS)) | st.text(max_size=20)
    flags = st.sampled_from([False, False, False, True])
    messages = st.lists(st.tuples(topics, PAYLOADS, flags, flags), min_size=1, max_size=3)
    decoder = mqtt_format(family, options_of(family))
    for topic, said, retained, dup in data.draw(messages):
        message = Message(topic, said, retained=retained, dup=dup, arrival_ms=NOW_MS)
        must_hold(decoder.decode(message))
        recognise(message)


@pytest.mark.soak
@pytest.mark.parametrize("name", CODECS)
@CASES
@given(port=st.integers(0, 255), data=st.binary(max_size=240))
def test_any_lorawan_payload(name: str, port: int, data: bytes) -> None:
    pieces = 0
    with suppress(Unreadable):
        for _ in codec(name)(port, data):
            pieces += 1
    assert pieces <= len(data) + 1


@pytest.mark.soak
@CASES
@given(name=st.sampled_from(list(CODECS)), data=st.binary(max_size=60), port=st.integers(1, 10))
def test_any_lorawan_payload_within_its_server(name: str, data: bytes, port: int) -> None:
    event = {
        "time": "2026-11-22T21:22:03Z",
        "deviceInfo": {"deviceProfileName": "p", "devEui": "01"},
        "fPort": port,
        "data": base64.b64encode(data).decode(),
    }
    decoder = mqtt_format("chirpstack", Options(codecs={"p": name}))
    topic = "application/1/device/01/event/up"
    must_hold(decoder.decode(Message(topic, json.dumps(event).encode(), arrival_ms=NOW_MS)))

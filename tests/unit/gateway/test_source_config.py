"""What a source's configuration refuses, before anything is opened."""

from collections.abc import Mapping

import pytest

from coldchain.errors import ConfigError
from coldchain_gateway.sources import ModbusConfig, MqttConfig, SerialLineConfig
from coldchain_runtime.documents import structure

SERIAL: Mapping[str, object] = {"kind": "serial_line", "name": "line", "port": "/dev/ttyUSB0"}
UNIT: Mapping[str, object] = {"address": 1, "template": "xy-md02", "sensor": "a", "interval": "5s"}
MODBUS: Mapping[str, object] = {"kind": "modbus", "name": "bus", "port": "/dev/ttyUSB0", "unit": [UNIT]}
TOPIC: Mapping[str, object] = {"topic": "zigbee2mqtt/#", "format": "zigbee2mqtt"}
MQTT: Mapping[str, object] = {"kind": "mqtt", "name": "m", "host": "h", "subscription": [TOPIC]}


def refused(value: Mapping[str, object], cls: type[object]) -> str:
    with pytest.raises(ConfigError) as caught:
        structure(dict(value), cls, file="gateway.toml")
    return str(caught.value)


def test_the_least_is_enough() -> None:
    assert structure(dict(SERIAL), SerialLineConfig, file="f").baud == 9600
    assert structure(dict(MODBUS), ModbusConfig, file="f").retry == 60_000
    assert structure(dict(MQTT), MqttConfig, file="f").protocol == "3.1.1"


@pytest.mark.parametrize(
    "wrong",
    [
        {"port": ""},
        {"baud": 9601},
        {"parity": "X"},
        {"stop_bits": 3},
        {"format": "csv"},
        {"sensor": " a"},
        {"checksum": "md5"},
        {"unit": "K"},
        {"line_timeout": "1ms"},
        {"max_line": 1},
        {"interval": "soon"},
    ],
)
def test_a_serial_line_that_cannot_be(wrong: Mapping[str, object]) -> None:
    assert next(iter(wrong)) in refused(
        {**SERIAL, **wrong}, SerialLineConfig
    ) or "not a sensor id" in refused({**SERIAL, **wrong}, SerialLineConfig)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"direction": "dtr"}, "rts-low"),
        ({"direction": "rts", "direction_after": "101ms"}, "0ms to 100ms"),
        ({"direction_before": "1ms"}, 'need direction = "rts"'),
        ({"unit": []}, "at least one"),
        ({"unit": [UNIT, UNIT]}, "share an address"),
        ({"unit": [UNIT, {**UNIT, "address": 2}]}, "same sensor"),
        ({"unit": [{**UNIT, "address": 0}]}, "1 and 247"),
        ({"unit": [{**UNIT, "address": 248}]}, "1 and 247"),
        ({"unit": [{**UNIT, "sensor": ""}]}, "sensor id"),
        ({"unit": [{**UNIT, "interval": "10ms"}]}, "no rest"),
        ({"unit": [{**UNIT, "timeout": "1m"}]}, "timeout"),
        ({"gap_ms": -1}, "gap_ms"),
        ({"failures": 0}, "failures"),
        ({"retry": "1ms"}, "retry"),
        ({"baud": 1}, "baud"),
    ],
)
def test_a_bus_that_cannot_be(wrong: Mapping[str, object], told: str) -> None:
    assert told in refused({**MODBUS, **wrong}, ModbusConfig)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"subscription": []}, "at least one"),
        ({"subscription": [{**TOPIC, "topic": ""}]}, "topic filter"),
        ({"subscription": [{**TOPIC, "topic": "a/#/b"}]}, "topic filter"),
        ({"subscription": [{**TOPIC, "topic": "a/b+"}]}, "topic filter"),
        ({"subscription": [{**TOPIC, "topic": "a\0b"}]}, "NUL"),
        ({"subscription": [{**TOPIC, "topic": "a" * 70_000}]}, "65535"),
        ({"subscription": [{**TOPIC, "format": "mapping"}]}, "go together"),
        ({"host": ""}, "address of a broker"),
        ({"port": 0}, "address of a broker"),
        ({"protocol": "4"}, "protocol"),
        ({"keepalive": "1ms"}, "keepalive"),
        ({"session_expiry": "60000d"}, "session_expiry"),
        ({"client_id": ""}, "client_id"),
        ({"password": "env:P"}, "username"),
        ({"username": "u", "password": "secret-itself"}, "by reference"),
        ({"tls": {"key": "k.pem"}}, "cert"),
    ],
)
def test_a_broker_that_cannot_be(wrong: Mapping[str, object], told: str) -> None:
    said = refused({**MQTT, **wrong}, MqttConfig)
    assert told in said
    assert "secret-itself" not in said


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"fields": {}}, "at least one field"),
        ({"fields": {"warmth": "payload"}}, "warmth"),
        ({"fields": {"temperature": "$.t"}}, "none of"),
        ({"fields": {"temperature": "json:$.a["}}, "cannot be read"),
        ({"units": {"temperature": "parsec"}}, "parsec"),
        ({"units": {"humidity": "C"}}, "humidity"),
        ({"sensor": "topic:x"}, "none of"),
        ({"sensor": "text:"}, "none of"),
        ({"time": "now"}, "none of"),
        ({"time_zone": "Mars/Olympus"}, "time zone"),
        ({"time_zone": "../../etc/passwd"}, "time zone"),
        ({"time_unit": "minutes"}, "time_unit"),
    ],
)
def test_a_mapping_that_cannot_be(wrong: Mapping[str, object], told: str) -> None:
    good: Mapping[str, object] = {"sensor": "topic:1", "fields": {"temperature": "payload"}}
    subscription = {"topic": "a/#", "format": "mapping", "mapping": {**good, **wrong}}
    assert told in refused({**MQTT, "subscription": [subscription]}, MqttConfig)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"format": "csv"}, "go together"),
        ({"csv": {"columns": ["temperature"]}}, "go together"),
        ({"format": "csv", "csv": {"columns": ["temperature"]}}, "name no sensor"),
        ({"format": "regex"}, "go together"),
        ({"format": "regex", "regex": {"pattern": "("}, "sensor": "a"}, "pattern"),
        ({"format": "nmea"}, "no name"),
        ({"format": "nmea", "sensor": "a", "checksum": "xor8", "checksum_in": "field"}, "json and csv"),
    ],
)
def test_a_format_without_what_it_needs(wrong: Mapping[str, object], told: str) -> None:
    assert told in refused({**SERIAL, **wrong}, SerialLineConfig)

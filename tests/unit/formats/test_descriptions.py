"""What discovery messages describe: doors whichever way round, probes kept apart, whole devices."""

import json
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldchain.readings import Refusal, RefusalReason, Value
from coldchain_gateway.contracts import Decoded, Sample
from coldchain_gateway.formats import Message, MqttFormat, Options, mqtt_format
from coldchain_gateway.formats.descriptions import Described, descriptions
from coldchain_gateway.formats.home_assistant import MOST_DESCRIBED, HomeAssistant

DEVICE: Mapping[str, object] = {"device": {"identifiers": ["d1"], "name": "Board"}}


def home() -> MqttFormat:
    return mqtt_format("home_assistant", Options())


def described(decoder: MqttFormat, topic: str, config: Mapping[str, object]) -> Decoded:
    return decoder.decode(
        Message(f"homeassistant/{topic}/config", json.dumps(config).encode(), retained=True)
    )


def said(decoder: MqttFormat, topic: str, payload: object) -> dict[str, dict[str, Value]]:
    """The values by sensor; refusals are left out."""
    body = payload if isinstance(payload, str) else json.dumps(payload)
    found = decoder.decode(Message(topic, body.encode()))
    return {one.sensor: dict(one.values) for one in found if isinstance(one, Sample)}


def reasons(decoded: Decoded) -> list[RefusalReason]:
    return [one.reason for one in decoded if isinstance(one, Refusal)]


def door(**more: object) -> dict[str, object]:
    return {"device_class": "door", "state_topic": "door", "unique_id": "door", **more}


@pytest.mark.parametrize(
    ("told", "payload", "is_open"),
    [
        # A Zigbee contact: true is closed.
        ({"payload_on": False, "payload_off": True, "value_template": "{{ value_json.contact }}"},
         {"contact": False}, True),
        ({"payload_on": False, "payload_off": True, "value_template": "{{ value_json.contact }}"},
         {"contact": True}, False),
        ({"pl_on": "open", "pl_off": "closed"}, "open", True),
        ({"pl_on": "open", "pl_off": "closed"}, "closed", False),
        ({"payload_off": "closed"}, "closed", False),
        ({"payload_off": "closed"}, "ON", True),
        ({"payload_on": "off", "payload_off": "on"}, "on", False),
        ({"payload_on": "off", "payload_off": "on"}, "off", True),
        ({"payload_on": 1, "payload_off": 0, "value_template": "{{ value_json.d }}"}, {"d": 0}, False),
        ({"payload_on": "1", "payload_off": "0", "value_template": "{{ value_json.d }}"}, {"d": 1}, True),
        ({}, "ON", True),
        ({}, "OFF", False),
        ({"value_template": "{{ value_json.open }}"}, {"open": True}, True),
    ],
)  # fmt: skip
def test_a_door_is_open_as_its_description_says(
    told: dict[str, object], payload: object, is_open: object
) -> None:
    decoder = home()
    assert described(decoder, "binary_sensor/x/contact", door(**told)) == ()
    assert said(decoder, "door", payload) == {"door": {"door_open": is_open}}


def test_a_word_that_a_description_does_not_know_is_refused() -> None:
    decoder = home()
    described(decoder, "binary_sensor/x/contact", door(payload_on="open", payload_off="closed"))
    assert reasons(decoder.decode(Message("door", b"ajar"))) == [RefusalReason.BAD_VALUE]
    assert reasons(decoder.decode(Message("door", b"unavailable"))) == [RefusalReason.NO_READING]


def probe(topic: str, **more: object) -> dict[str, object]:
    return {
        "dev_cla": "temperature",
        "unit_of_meas": "°C",
        "stat_t": topic,
        "uniq_id": topic,
        **DEVICE,
        **more,
    }


def test_two_probes_of_a_board_are_two_sensors() -> None:
    decoder = home()
    for name in ("freezer_1", "chiller_temperature", "temperature"):
        described(decoder, f"sensor/board/{name}", probe(f"board/sensor/{name}/state"))
    assert said(decoder, "board/sensor/freezer_1/state", "-18.0") == {"d1/freezer_1": {"temperature": -18.0}}
    assert said(decoder, "board/sensor/chiller_temperature/state", "4.0") == {
        "d1/chiller": {"temperature": 4.0}
    }
    assert said(decoder, "board/sensor/temperature/state", "21.0") == {"d1": {"temperature": 21.0}}


def test_two_chips_in_one_message_are_two_sensors_and_what_one_measures_is_one() -> None:
    decoder = home()
    for chip, kind in (("DS18B20-1", "Temperature"), ("SI7021", "Temperature"), ("SI7021", "Humidity")):
        config = probe("tele/t/SENSOR", val_tpl=f"{{{{value_json['{chip}'].{kind}}}}}", dev_cla=kind.lower())
        config["unit_of_meas"] = "°C" if kind == "Temperature" else "%"
        described(decoder, f"sensor/t_{chip}_{kind}", config)
    state = {"DS18B20-1": {"Temperature": -18.5}, "SI7021": {"Temperature": 4.0, "Humidity": 60.5}}
    assert said(decoder, "tele/t/SENSOR", state) == {
        "d1/DS18B20-1": {"temperature": -18.5},
        "d1/SI7021": {"temperature": 4.0, "humidity": 60.5},
    }


def test_the_warmth_of_the_device_itself_is_no_reading_but_its_battery_is() -> None:
    decoder = home()
    described(decoder, "sensor/z/temperature", probe("z", value_template="{{ value_json.temperature }}"))
    own = probe("z", value_template="{{ value_json.device_temperature }}", entity_category="diagnostic")
    assert reasons(described(decoder, "sensor/z/device_temperature", own)) == [RefusalReason.UNMAPPED]
    battery = probe(
        "z", val_tpl="{{ value_json.battery }}", dev_cla="battery", ent_cat="diagnostic", unit_of_meas="%"
    )
    assert described(decoder, "sensor/z/battery", battery) == ()
    state = {"temperature": 4.5, "device_temperature": 31, "battery": 90}
    assert said(decoder, "z", state) == {"d1": {"temperature": 4.5, "battery": 90.0}}


def test_two_places_that_would_have_one_name_are_both_refused_until_one_goes() -> None:
    decoder = home()
    for place in ("p1", "p2"):
        config = probe(f"board/{place}", value_template="{{ value_json.temperature }}")
        assert described(decoder, f"sensor/board/{place}", config) == ()
    for place in ("p1", "p2"):
        decoded = decoder.decode(Message(f"board/{place}", b'{"temperature": 4}'))
        assert reasons(decoded) == [RefusalReason.UNMAPPED]
    decoder.decode(Message("homeassistant/sensor/board/p2/config", b"", retained=True))
    assert said(decoder, "board/p1", {"temperature": 4}) == {"d1": {"temperature": 4.0}}
    assert said(decoder, "board/p2", {"temperature": 4}) == {}


def test_a_description_that_is_said_anew_takes_the_place_of_the_old() -> None:
    decoder = home()
    described(decoder, "sensor/board/t", probe("old"))
    described(decoder, "sensor/board/t", probe("new"))
    assert said(decoder, "old", "4.0") == {}
    assert said(decoder, "new", "4.0") == {"d1": {"temperature": 4.0}}


def test_whoever_describes_ever_more_fills_no_memory() -> None:
    decoder = HomeAssistant(Options())
    for number in range(9):
        device = {
            "device": {"identifiers": f"d{number}"},
            "components": {
                f"t{part}": {
                    "platform": "sensor",
                    "device_class": "temperature",
                    "state_topic": f"{number}/{part}",
                }
                for part in range(MOST_DESCRIBED // 8)
            },
        }
        described(decoder, f"device/{number}", device)
    assert len(decoder._states) == len(decoder._topics) == MOST_DESCRIBED
    assert said(decoder, "0/0", "4.0") == {"d0/t0": {"temperature": 4.0}}
    for number in range(9):
        decoder.decode(Message(f"homeassistant/device/{number}/config", b"", retained=True))
    assert not decoder._states
    assert not decoder._topics
    described(decoder, "sensor/board/t", probe("t"))
    assert said(decoder, "t", "4.0") == {"d1": {"temperature": 4.0}}


def test_one_message_may_describe_a_whole_device() -> None:
    decoder = home()
    config = {
        "dev": {"ids": "ea33"},
        "cmps": {
            "t": {
                "p": "sensor",
                "dev_cla": "temperature",
                "unit_of_meas": "°F",
                "val_tpl": "{{ value_json.temp }}",
            },
            "h": {"p": "sensor", "dev_cla": "humidity", "val_tpl": "{{ value_json.hum }}"},
            "d": {
                "p": "binary_sensor",
                "dev_cla": "door",
                "val_tpl": "{{ value_json.door }}",
                "pl_on": "open",
            },
            "x": {"p": "sensor", "dev_cla": "duration", "val_tpl": "{{ value_json.up }}"},
            "b": {"p": "button", "command_topic": "x"},
        },
        "stat_t": "~/state",
        "~": "fridge",
    }
    assert reasons(described(decoder, "device/ea33", config)) == [RefusalReason.UNMAPPED]
    assert said(decoder, "fridge/state", {"temp": 39.2, "hum": 61, "door": "open", "up": 4}) == {
        "ea33": {"temperature": 4.0, "temperature_f": 39.2, "humidity": 61.0, "door_open": True}
    }


def test_what_a_part_says_counts_before_what_is_said_of_all_however_it_is_written() -> None:
    decoder = home()
    part = {"p": "sensor", "dev_cla": "temperature", "stat_t": "here", "val_tpl": "{{ value_json.t }}"}
    config = {**DEVICE, "state_topic": "there", "components": {"temperature": part}}
    assert described(decoder, "device/d1", config) == ()
    assert said(decoder, "there", {"t": 4.0}) == {}
    assert said(decoder, "here", {"t": 4.0}) == {"d1": {"temperature": 4.0}}


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
KEYS = st.sampled_from(
    [
        "device_class",
        "stat_t",
        "val_tpl",
        "device",
        "cmps",
        "~",
        "payload_on",
        "unit_of_meas",
        "uniq_id",
        "ent_cat",
    ]
)


@given(st.dictionaries(KEYS, VALUES, max_size=8), VALUES)
def test_whatever_is_described_is_told_or_refused(config: dict[str, object], state: object) -> None:
    for one in descriptions("homeassistant/sensor/node/name/config", config):
        if isinstance(one, Described):
            one.value(json.dumps(state).encode(), state)

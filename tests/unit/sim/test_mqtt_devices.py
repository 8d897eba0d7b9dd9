"""What simulated devices say on MQTT is what the gateway reads, sensor for sensor and degree for degree."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldchain.readings import Refusal
from coldchain_gateway.contracts import Sample
from coldchain_gateway.formats import Message, Options, mqtt_format, recognise
from coldchain_sim import scenario
from coldchain_sim.devices import MQTT_DEVICES, Measured

OPTIONS: Mapping[str, Options] = {"tasmota": Options(time_zone="Asia/Shanghai")}
NOW_MS = 1_795_376_523_000


def measured(celsius: float, counter: int = 1, now_ms: int = NOW_MS) -> Measured:
    return Measured(
        name="probe",
        temperature_c=celsius,
        humidity=61.3,
        battery=88,
        signal=90,
        counter=counter,
        time_ms=now_ms,
    )


@pytest.mark.parametrize("family", MQTT_DEVICES)
@given(celsius=st.floats(-40, 60))
def test_the_gateway_reads_what_the_device_said(family: str, celsius: float) -> None:
    decoder = mqtt_format(family, OPTIONS.get(family, Options()))
    for counter in (0, 1):
        now_ms = NOW_MS + counter * 2_000
        spoken = MQTT_DEVICES[family](measured(celsius, counter, now_ms))
        said = spoken.publications[0]
        decoded = decoder.decode(Message(said.topic, said.payload, arrival_ms=now_ms))
        samples = [one for one in decoded if isinstance(one, Sample)]
        (sample,) = [one for one in samples if "temperature" in one.values]
        assert sample.sensor == spoken.sensor
        assert sample.values["temperature"] == pytest.approx(
            spoken.temperature_c, abs=1e-9 if family != "zigbee2mqtt" else 0.006
        )
        if sample.source_time_ms is not None:
            assert abs(sample.source_time_ms - now_ms) < 1000


@pytest.mark.parametrize("family", MQTT_DEVICES)
def test_everything_that_a_device_publishes_is_read_or_passed_over(family: str) -> None:
    decoder = mqtt_format(family, OPTIONS.get(family, Options()))
    for said in MQTT_DEVICES[family](measured(4.25)).publications:
        decoded = decoder.decode(Message(said.topic, said.payload, arrival_ms=NOW_MS))
        assert [one for one in decoded if isinstance(one, Refusal) and "probe" not in one.detail] == [
            one for one in decoded if isinstance(one, Refusal) and one.reason == "sentinel"
        ]


@pytest.mark.parametrize("family", MQTT_DEVICES)
def test_a_device_is_recognised_as_its_family(family: str) -> None:
    said = MQTT_DEVICES[family](measured(4.25)).publications[0]
    found = recognise(Message(said.topic, said.payload))
    assert found is not None
    assert found.family == family


def test_the_scenario_has_a_device_of_each_family() -> None:
    _, site = scenario.load("every-family")
    assert {sensor.family for sensor in site.bridge} == set(MQTT_DEVICES)


def test_a_family_that_nobody_speaks_is_named() -> None:
    story, site = scenario.load("every-family")
    (first, *_) = site.bridge
    from dataclasses import replace

    odd = replace(site, bridge=(replace(first, family="lora"),))
    (problem,) = scenario.problems(story, odd)
    assert "no family 'lora'; there are: zigbee2mqtt" in problem

"""Golden files of the MQTT and line formats: what is said → sensor, values, time, refusals."""

import json
from collections.abc import Mapping as Table
from pathlib import Path
from typing import TypedDict

import pytest

from coldchain.readings import MAX_RAW, Refusal
from coldchain_gateway.contracts import Decoded, Sample
from coldchain_gateway.formats import Mapping, Message, SerialJson
from coldchain_gateway.formats.mapping import MappingFormat
from coldchain_gateway.formats.zigbee2mqtt import Zigbee2Mqtt
from coldchain_runtime.documents import structure

DATA = Path(__file__).parents[2] / "data" / "formats"


class Case(TypedDict, total=False):
    """One line of a golden file; left out means that there is none."""

    says: str
    topic: str
    payload: str
    line: str
    mapping: dict[str, object]
    sensor: str
    values: Table[str, float]
    time_ms: int
    reasons: list[str]


def cases(format_: str) -> list[Case]:
    found: list[Case] = json.loads((DATA / format_ / "golden.json").read_text("utf-8"))
    return found


def named(case: Case) -> str:
    return case["says"]


def judged(decoded: Decoded, case: Case, raw: bytes) -> None:
    samples = [one for one in decoded if isinstance(one, Sample)]
    refusals = [one for one in decoded if isinstance(one, Refusal)]
    assert [refusal.reason.value for refusal in refusals] == case.get("reasons", [])
    assert all(refusal.raw == raw[:MAX_RAW] for refusal in refusals)
    assert len(samples) == int("sensor" in case)
    for sample in samples:
        assert sample.sensor == case["sensor"]
        assert dict(sample.values) == case["values"]
        assert {name: type(value) for name, value in sample.values.items()} == {
            name: type(value) for name, value in case["values"].items()
        }
        assert sample.source_time_ms == case.get("time_ms")


@pytest.mark.parametrize("case", cases("zigbee2mqtt"), ids=named)
def test_zigbee2mqtt(case: Case) -> None:
    payload = case["payload"].encode()
    judged(Zigbee2Mqtt().decode(Message(case["topic"], payload)), case, payload)


@pytest.mark.parametrize("case", cases("serial_json"), ids=named)
def test_serial_json(case: Case) -> None:
    line = case["line"].encode()
    judged(SerialJson().decode(line), case, line)


@pytest.mark.parametrize("case", cases("mapping"), ids=named)
def test_mapping(case: Case) -> None:
    payload = case["payload"].encode()
    mapping = structure(case["mapping"], Mapping, file="golden.json")
    judged(MappingFormat(mapping).decode(Message(case["topic"], payload)), case, payload)

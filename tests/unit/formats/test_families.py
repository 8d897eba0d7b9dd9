"""Golden files of the MQTT families and of LoRaWAN payloads: what is said → samples and refusals."""

import json
from collections.abc import Mapping as Table
from pathlib import Path
from typing import TypedDict

import pytest

from coldchain.readings import Refusal
from coldchain_gateway.contracts import Sample
from coldchain_gateway.formats import MQTT_FAMILIES, Message, Options, mqtt_family, mqtt_format, recognise
from coldchain_gateway.formats.lorawan import CODECS, codec, codec_name_in
from coldchain_gateway.formats.values import Unreadable, gathered
from coldchain_gateway.sources.mqtt.config import SubscriptionConfig
from coldchain_runtime.documents import structure

DATA = Path(__file__).parents[2] / "data" / "formats"
FAMILIES = sorted(set(MQTT_FAMILIES) - {"zigbee2mqtt", "mapping"})


class Said(TypedDict, total=False):
    """A sample of a golden file; left out means none, or false."""

    sensor: str
    values: Table[str, float]
    time_ms: int
    history: bool
    interval_ms: int
    probe: str
    time_s: int
    age_s: int


class Case(TypedDict, total=False):
    """One line of a golden file."""

    says: str
    family: str
    options: dict[str, object]
    topic: str
    payload: str
    retained: bool
    arrival_ms: int
    samples: list[Said]
    reasons: list[str]
    codec: str
    port: int
    hex: str
    pieces: list[Said]


def cases(folder: str) -> list[Case]:
    found: list[Case] = json.loads((DATA / folder / "golden.json").read_text("utf-8"))
    return [{**case, "family": folder} for case in found]


def named(case: Case) -> str:
    return f"{case['family']}: {case['says']}"


def options_of(case: Case) -> Options:
    """By way of the configuration, so that each case is one that an installer can write."""
    subscription = {"topic": case["topic"], "format": case["family"], **case.get("options", {})}
    return structure(subscription, SubscriptionConfig, file="golden.json").options()


@pytest.mark.parametrize("case", [case for family in FAMILIES for case in cases(family)], ids=named)
def test_family(case: Case) -> None:
    options = options_of(case)
    message = Message(
        case["topic"],
        payload_of(case),
        retained=case.get("retained", False),
        arrival_ms=case.get("arrival_ms", 0),
    )
    decoded = mqtt_format(case["family"], options).decode(message)
    assert [one.reason.value for one in decoded if isinstance(one, Refusal)] == case.get("reasons", [])
    samples = [one for one in decoded if isinstance(one, Sample)]
    assert [as_said(sample) for sample in samples] == case.get("samples", [])
    for sample, wanted in zip(samples, case.get("samples", []), strict=True):
        assert [repr(value) for value in sample.values.values()] == [
            repr(wanted["values"][field]) for field in sample.values
        ], "kinds and signs of zero count"


def payload_of(case: Case) -> bytes:
    """Text, or bytes in hexadecimal."""
    return bytes.fromhex(case["hex"]) if "hex" in case else case["payload"].encode()


def as_said(sample: Sample) -> Said:
    said: Said = {"sensor": sample.sensor, "values": dict(sample.values)}
    if sample.source_time_ms is not None:
        said["time_ms"] = sample.source_time_ms
    if sample.history:
        said["history"] = True
    if sample.interval_ms is not None:
        said["interval_ms"] = sample.interval_ms
    return said


@pytest.mark.parametrize("case", cases("lorawan"), ids=named)
def test_lorawan_payload(case: Case) -> None:
    found: list[Said] = []
    reasons: list[str] = []
    try:
        for piece in codec(case["codec"])(case["port"], bytes.fromhex(case["hex"])):
            values, refusals = gathered("s", piece.said, b"")
            reasons.extend(refusal.reason.value for refusal in refusals)
            if not values:
                continue
            said: Said = {"values": values}
            if piece.probe:
                said["probe"] = piece.probe
            if piece.time_s is not None:
                said["time_s"], said["history"] = piece.time_s, piece.history
            if piece.age_s is not None:
                said["age_s"], said["history"] = piece.age_s, piece.history
            found.append(said)
    except Unreadable as error:
        reasons.append(error.reason.value)
    assert (found, reasons) == (case["pieces"], case.get("reasons", []))


def test_every_codec_has_a_golden_payload() -> None:
    assert {case["codec"] for case in cases("lorawan")} == set(CODECS)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_declares_every_quantity_that_its_golden_file_measures(family: str) -> None:
    measured = {
        field for case in cases(family) for sample in case.get("samples", []) for field in sample["values"]
    }
    assert measured - {"temperature_f"} <= set(mqtt_family(family).quantities)


@pytest.mark.parametrize("family", [*FAMILIES, "zigbee2mqtt"])
def test_a_golden_message_is_recognised_as_its_family(family: str) -> None:
    for case in cases(family):
        if case.get("samples") and "FullTopic" not in case["says"]:
            found = recognise(Message(case["topic"], payload_of(case)))
            assert found is not None
            assert found.family == family, case["says"]


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("Dragino LHT65N", "dragino-lht65"),
        ("lht52-temp-0", "dragino-lht52"),
        ("Milesight EM300-TH (EU868)", "milesight-em300-th"),
        ("em300-mcs", "milesight-em300-mcs"),
        ("EM300_MCS door", "milesight-em300-mcs"),
        ("ers", "elsys"),
        ("Elsys ERS CO2", "elsys"),
        ("strips", "sensative-strips"),
        ("Dragino LHT65N-PIR", "dragino-lht65"),
        ("Dragino LHT65N-VIB", None),
        ("Milesight EM300-DI", None),
        ("em300_di_hall", None),
        ("em300-mld", None),
        ("em320-tilt", None),
        ("visitors ers", None),
        ("door strips", None),
        ("freezer ext", None),
        ("alht65", None),
        ("", None),
    ],
)
def test_a_codec_is_told_by_whole_words(name: str, found: str | None) -> None:
    """A wrong codec makes wrong values of true bytes, so a doubtful name tells nothing."""
    assert codec_name_in([name]) == found


def test_a_model_without_a_codec_is_not_read_by_that_of_its_other_name() -> None:
    assert codec_name_in(["LHT65N-VIB", "lht65n in the cellar"]) is None

"""1-Wire: the golden texts of the scratchpad, every temperature there is, any bytes."""

import json
from pathlib import Path
from typing import TypedDict

import pytest

from coldchain.readings import Refusal
from coldchain_gateway.contracts import Sample
from coldchain_gateway.formats.ds18b20 import decode_scratchpad
from coldchain_gateway.formats.line_checksum import crc8
from support.fuzzing import broken

GOLDEN = Path(__file__).parents[2] / "data" / "formats" / "ds18b20" / "golden.json"


class Case(TypedDict, total=False):
    """One `w1_slave` text; `celsius` or `reasons`."""

    says: str
    family: str
    line: str
    second: str
    celsius: float
    reasons: list[str]


CASES: list[Case] = json.loads(GOLDEN.read_text("utf-8"))


def text_of(case: Case) -> bytes:
    return f"{case['line']}\n{case['line'][:26]} {case['second']}\n".encode()


@pytest.mark.parametrize("case", CASES, ids=[case["says"] for case in CASES])
def test_golden_texts(case: Case) -> None:
    (one,) = decode_scratchpad(text_of(case), case.get("family", "28"), "front")
    assert one.sensor == "front"
    if isinstance(one, Sample):
        assert one.values == {"temperature": case["celsius"]}
    else:
        assert [one.reason.value] == case["reasons"]


@pytest.mark.parametrize("sixteenths", range(-55 * 16, 125 * 16 + 1, 7))
def test_every_temperature_arrives(sixteenths: int) -> None:
    pad = sixteenths.to_bytes(2, "little", signed=True) + bytes.fromhex("4b 46 7f ff 07 10")
    text = f"{(pad + bytes([crc8(pad)])).hex(' ')} : crc={crc8(pad):02x} YES\n".encode()
    (one,) = decode_scratchpad(text, "28", "s")
    assert isinstance(one, Sample)
    assert one.values["temperature"] == sixteenths / 16


def test_on_no_the_last_good_value_of_the_second_line_is_never_used() -> None:
    good = b"40 00 4b 46 7f ff 10 10 20"
    (one,) = decode_scratchpad(b"40 00 4b 46 7f 00 10 10 20 : crc=12 NO\n%b t=4000\n" % good, "28", "s")
    assert isinstance(one, Refusal)
    assert one.reason.value == "crc"


@pytest.mark.soak
@pytest.mark.parametrize("family", ["10", "28", "3b"])
def test_any_bytes_give_a_sample_or_a_refusal(family: str) -> None:
    for text in broken([text_of(case) for case in CASES], seed=8):
        (one,) = decode_scratchpad(text, family, "s")
        assert isinstance(one, Sample | Refusal)


@pytest.mark.soak
def test_any_scratchpad_with_a_true_checksum_gives_a_sample_or_a_refusal() -> None:
    for noise in broken([bytes.fromhex("50 05 4b 46 7f ff 0c 10")], seed=9):
        pad = (noise + bytes(8))[:8]
        text = f"{(pad + bytes([crc8(pad)])).hex(' ')} : crc={crc8(pad):02x} YES\n".encode()
        for family in ("10", "28", "3b"):
            (one,) = decode_scratchpad(text, family, "s")
            assert isinstance(one, Sample | Refusal)

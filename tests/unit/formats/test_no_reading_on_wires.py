"""Zero is a value and nothing is none on lines, registers and probes; what was cut is no other number."""

import math
from collections.abc import Callable

import pytest

from coldchain.readings import Refusal, RefusalReason
from coldchain_gateway.contracts import Decoded, Sample
from coldchain_gateway.formats import (
    CsvLines,
    LineChecksum,
    LineSplitter,
    RegexLines,
    SerialCsv,
    SerialJson,
    SerialRegex,
    Template,
    decode_registers,
)
from coldchain_gateway.formats.ds18b20 import decode_scratchpad
from coldchain_gateway.formats.line_fields import LineFormat
from coldchain_gateway.formats.modbus_template import Register
from support.acceptance import Figures

VALUES = ("0.0", "-0.0", "0", "85", "85.0", "-18.5", "4.25")
SENTINELS = ("327.67", "-127", "-127.00", "-7040")
NOTHING = ("null", "nan", "NaN", "None", "unavailable", "")
CSV = SerialCsv(CsvLines(columns=("sensor", "temperature", "counter")), None, LineChecksum())
REGEX = SerialRegex(RegexLines(pattern=r"(?P<sensor>\w+) T=(?P<temperature>[^;]*);.*"), None, LineChecksum())
LINES: dict[str, tuple[LineFormat, Callable[[str], bytes]]] = {
    "json": (SerialJson(), lambda text: b'{"id":"a","temp":"%b"}' % text.encode()),
    "csv": (CSV, lambda text: b"a,%b,7" % text.encode()),
    "regex": (REGEX, lambda text: b"a T=%b; ok" % text.encode()),
}


def temperatures(decoded: Decoded) -> list[float]:
    return [
        float(one.values["temperature"])
        for one in decoded
        if isinstance(one, Sample) and "temperature" in one.values
    ]


def reasons(decoded: Decoded) -> set[RefusalReason]:
    return {one.reason for one in decoded if isinstance(one, Refusal)}


@pytest.mark.acceptance("A6")
@pytest.mark.parametrize("kind", LINES)
def test_lines(kind: str, figures: Figures) -> None:
    decoder, said = LINES[kind]
    for text in VALUES:
        (found,) = temperatures(decoder.decode(said(text)))
        assert (found, math.copysign(1, found)) == (float(text), math.copysign(1, float(text)))
    for text in SENTINELS:
        decoded = decoder.decode(said(text))
        assert (temperatures(decoded), reasons(decoded)) == ([], {RefusalReason.SENTINEL})
    for text in NOTHING:
        decoded = decoder.decode(said(text))
        assert temperatures(decoded) == []
        assert RefusalReason.NO_READING in reasons(decoded)
    figures.add(arrived=len(VALUES), refused=len(SENTINELS) + len(NOTHING))


@pytest.mark.acceptance("A6")
@pytest.mark.parametrize("kind", LINES)
def test_a_line_that_was_cut_at_any_byte_is_never_another_number(kind: str, figures: Figures) -> None:
    decoder, said = LINES[kind]
    whole = said("-18.5")
    for cut in range(1, len(whole)):
        for end in (False, True):  # its end was not heard, or its beginning
            splitter = LineSplitter(mid_line=kind != "json")
            heard = b"\n" + whole[:cut] if not end else whole[cut:] + b"\r\n"
            lines = [one for one in splitter.feed(heard) if not isinstance(one, Refusal)]
            assert [value for line in lines for value in temperatures(decoder.decode(line))] == []
            assert end or splitter.drop() is not None
    figures.add(refused=2 * (len(whole) - 1))


def template(**more: object) -> Template:
    register = Register(field="temperature", function=3, address=0, **more)  # type: ignore[arg-type]  # as named
    return Template(name="t", title="t", confidence="unverified", source="test", register=(register,))


@pytest.mark.acceptance("A6")
@pytest.mark.parametrize(
    ("raw", "more", "reason"),
    [
        (0x8000, {"scale": 0.1, "error_values": (0x8000,)}, RefusalReason.SENTINEL),
        (0x7FFF, {"scale": 0.1, "error_values": (0x7FFF,)}, RefusalReason.SENTINEL),
        (0x7FFF, {"scale": 0.01}, RefusalReason.SENTINEL),
        (0x8000, {"scale": 0.1}, RefusalReason.OUT_OF_RANGE),
        (0x7FFF, {"scale": 0.1}, RefusalReason.OUT_OF_RANGE),
        (0xFFFF, {"scale": 0.1, "type": "u16"}, RefusalReason.OUT_OF_RANGE),
        (2000, {"scale": 0.1, "valid_range": (-40.0, 80.0)}, RefusalReason.OUT_OF_RANGE),
    ],
)
def test_registers(raw: int, more: dict[str, object], reason: RefusalReason, figures: Figures) -> None:
    decoded = decode_registers(template(**more), "s", {(3, 0): raw})
    assert (temperatures(decoded), reasons(decoded)) == ([], {reason})
    figures.add(refused=1)


@pytest.mark.acceptance("A6")
@pytest.mark.parametrize("raw", [0, 850, 0xFFFF, 0xFF47])
def test_registers_that_hold_values(raw: int, figures: Figures) -> None:
    (found,) = temperatures(decode_registers(template(scale=0.1), "s", {(3, 0): raw}))
    assert found == (raw - 0x10000 if raw & 0x8000 else raw) / 10
    figures.add(arrived=1)


@pytest.mark.acceptance("A6")
def test_a_probe_that_measured_85_is_told_from_one_that_just_got_power(figures: Figures) -> None:
    measured = b"50 05 4b 46 7f ff 0b 10 72 : crc=72 YES\n50 05 4b 46 7f ff 0b 10 72 t=85000\n"
    powered = b"50 05 4b 46 7f ff 0c 10 1c : crc=1c YES\n50 05 4b 46 7f ff 0c 10 1c t=85000\n"
    assert temperatures(decode_scratchpad(measured, "28", "s")) == [85.0]
    assert reasons(decode_scratchpad(powered, "28", "s")) == {RefusalReason.SENTINEL}
    figures.add(arrived=1, refused=1)

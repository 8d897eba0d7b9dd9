"""Traps of what devices write: what looks like a number, nearly is a time, or nearly answers."""

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldchain.errors import InvalidInput
from coldchain.readings import MAX_RAW, Refusal, RefusalReason
from coldchain_gateway.contracts import Sample
from coldchain_gateway.formats.json_text import read_json
from coldchain_gateway.formats.line_checksum import LineChecksum, xor8
from coldchain_gateway.formats.modbus_frame import (
    EXCEPTIONS,
    MOST,
    MOST_NOISE,
    Request,
    crc16,
    is_whole,
    read_answer,
    request_frame,
)
from coldchain_gateway.formats.serial_json import SerialJson
from coldchain_gateway.formats.serial_lines import LineSplitter
from coldchain_gateway.formats.source_time import EARLIEST_MS, LATEST_MS, time_of
from coldchain_gateway.formats.values import Said, gathered, is_nothing, number_of, sampled, value_of

BERLIN = ZoneInfo("Europe/Berlin")
REQUEST = Request(unit=7, function=3, address=0, count=2)


def framed(*body: int) -> bytes:
    return bytes(body) + crc16(bytes(body))


@pytest.mark.parametrize(
    "text",
    [
        "1_000",
        "0x10",
        "1,5",
        "4.2 C",
        "--4",
        "+-4",
        ".",
        "e5",
        "1e",
        "1e999",
        "1e1000",
        "inf",
        "-Infinity",
        "1 2",
        "4.2.1",
        "9" * 19,
        "1e+",
        "½",
        "−4",
    ],
)
def test_a_text_that_only_looks_like_a_number_is_none(text: str) -> None:
    assert number_of(text) is None
    assert value_of("temperature", text) is RefusalReason.NOT_A_NUMBER


@pytest.mark.parametrize(
    ("said", "number"),
    [(" 4.20 ", 4.2), ("-.5", -0.5), ("5.", 5.0), ("+7", 7), ("007", 7), ("1e2", 100.0), ("-18", -18)],
)
def test_a_text_that_is_a_number_is_read(said: str, number: float) -> None:
    found = number_of(said)
    assert (found, type(found)) == (number, type(number))


@pytest.mark.parametrize(
    "said",
    [
        True,
        False,
        [],
        {},
        b"4",
        2**63,
        -(2**63) - 1,
        float("inf"),
        -float("inf"),
    ],
)
def test_other_things_are_no_numbers(said: object) -> None:
    assert number_of(said) is None
    assert not is_nothing(said)


@given(st.integers(-(10**18) + 1, 10**18 - 1))
def test_whole_numbers_survive_as_text(number: int) -> None:
    assert number_of(str(number)) == number


@given(st.floats(-100, 300).map(lambda number: round(number, 1)))
def test_fahrenheit_is_kept_beside_as_it_was_said(fahrenheit: float) -> None:
    values, refusals = gathered("s", [Said("t", "temperature", fahrenheit, "F")], b"")
    if refusals:
        assert not values
        assert {refusal.reason for refusal in refusals} <= {
            RefusalReason.OUT_OF_RANGE,
            RefusalReason.SENTINEL,
        }
    else:
        assert values["temperature_f"] == fahrenheit
        assert values["temperature"] == pytest.approx((fahrenheit - 32) / 1.8, abs=1e-4)


def test_a_counter_alone_is_no_reading_and_the_raw_bytes_are_cut() -> None:
    (refusal,) = sampled("s", [Said("n", "counter", 5)], b"x" * 1000)
    assert isinstance(refusal, Refusal)
    assert (refusal.reason, len(refusal.raw)) == (RefusalReason.NO_READING, MAX_RAW)


@pytest.mark.parametrize(
    "said",
    [
        "2024-01-01",
        "12:00:00Z",
        "2024-13-01T00:00:00Z",
        "2024-01-01T25:00:00Z",
        "2024-02-30T00:00:00Z",
        "2019-12-31T23:59:59Z",
        "2100-01-01T00:00:00Z",
        "0001-01-01T00:00:00+23:00",
        "T",
        "2024-01-01T00:00:00",
        "2024-01-01T00:00:00Z" + " " * 40,
        EARLIEST_MS - 1,
        LATEST_MS,
        0,
        -1,
        True,
        None,
        [],
        float("nan"),
    ],
)
def test_a_time_that_nearly_is_one_is_none(said: object) -> None:
    assert time_of(said) is None


@given(st.integers(EARLIEST_MS // 1000 + 86_400, LATEST_MS // 1000 - 86_400))
def test_a_local_time_is_an_instant_that_the_device_would_write_so(second: int) -> None:
    written = datetime.fromtimestamp(second, BERLIN).replace(tzinfo=None).isoformat()
    found = time_of(written, zone=BERLIN, near_ms=second * 1000)
    assert found == second * 1000
    assert time_of(datetime.fromtimestamp(second, UTC).replace(tzinfo=None).isoformat() + " UTC") == found


@pytest.mark.parametrize(
    ("unit", "function", "address", "count"),
    [
        (0, 3, 0, 1),
        (248, 3, 0, 1),
        (1, 5, 0, 1),
        (1, 6, 0, 1),
        (1, 16, 0, 1),
        (1, 3, -1, 1),
        (1, 3, 0, 0),
        (1, 3, 0, MOST + 1),
        (1, 3, 0x10000, 1),
        (1, 3, 0xFFFF, 2),
    ],
)
def test_a_request_that_is_no_read_cannot_be_made(unit: int, function: int, address: int, count: int) -> None:
    with pytest.raises(InvalidInput, match="not a read"):
        request_frame(Request(unit=unit, function=function, address=address, count=count))


@given(st.integers(0, 255))
def test_every_exception_is_a_refusal_that_names_it(code: int) -> None:
    answer = framed(7, 0x83, code)
    found = read_answer(answer, REQUEST)
    assert is_whole(answer, REQUEST)
    assert isinstance(found, Refusal)
    assert found.reason is RefusalReason.EXCEPTION_FRAME
    assert EXCEPTIONS.get(code, f"exception {code}") in found.detail


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"", RefusalReason.TIMEOUT),
        (request_frame(REQUEST), RefusalReason.TIMEOUT),
        (framed(7, 3, 4, 0, 1, 0, 2)[:-1], RefusalReason.SHORT_FRAME),
        (framed(7, 3, 2, 0, 1), RefusalReason.FOREIGN_FRAME),
        (framed(7, 4, 4, 0, 1, 0, 2), RefusalReason.FOREIGN_FRAME),
        (framed(7, 0x84, 2), RefusalReason.FOREIGN_FRAME),
        (framed(7, 3, 4, 0, 1, 0, 2) + b"\x01", RefusalReason.CRC),
        (b"\x01" * (MOST_NOISE + 1) + framed(7, 3, 4, 0, 1, 0, 2), RefusalReason.CRC),
    ],
)
def test_bytes_that_nearly_answer_are_refused(answer: bytes, reason: RefusalReason) -> None:
    found = read_answer(answer, REQUEST)
    assert isinstance(found, Refusal)
    assert found.reason is reason
    assert not is_whole(answer, REQUEST)


@given(st.binary(max_size=60))
def test_a_sum_of_a_line_with_itself_is_nothing(line: bytes) -> None:
    assert xor8(line + line) == 0
    assert xor8(line + bytes([xor8(line)])) == 0


@given(st.floats(-30, 30).map(lambda number: round(number, 2)))
def test_a_star_inside_of_a_line_is_not_its_checksum(celsius: float) -> None:
    line = json.dumps({"id": "a", "temp": celsius, "note": "*00"}).encode()
    (sample,) = SerialJson(checksum=LineChecksum(kind="xor8")).decode(b"%b*%02x\r" % (line, xor8(line)))
    assert isinstance(sample, Sample)
    assert sample.values["temperature"] == celsius


@pytest.mark.parametrize(
    "text", ['{"a":"say \\"nan\\" twice","b":nan}', '{"b":NaN,"a":"say \\"nan\\" twice"}']
)
def test_a_word_within_quotes_within_a_text_is_left_alone(text: str) -> None:
    assert read_json(text.encode()) == {"a": 'say "nan" twice', "b": None}


def test_a_wire_that_is_gone_refuses_what_began_and_hears_the_next_line() -> None:
    splitter = LineSplitter(8)
    assert list(splitter.feed(b"12345678\n1234")) == [b"12345678"]
    cut = splitter.drop()
    assert cut is not None
    assert (cut.reason, cut.raw, splitter.unfinished) == (RefusalReason.UNTERMINATED, b"1234", False)
    assert splitter.drop() is None
    assert list(splitter.feed(b"5678\n")) == [b"5678"]

"""Line protocol: written and read without loss; any bytes are read without a crash."""

from __future__ import annotations

import math

import pytest
from hypothesis import example, given, settings

from coldchain.errors import InvalidInput
from coldchain.lineprotocol import (
    BadLine,
    FieldValue,
    Line,
    encode,
    encode_fields,
    encode_reading,
    encode_value,
    parse,
    series_key,
)
from coldchain.readings import Quality, Reading
from support.readings import reading_of
from support.soak import rounds
from support.written_lines import (
    BODIES,
    POINTS,
    READINGS,
    exactly,
)


@settings(max_examples=rounds(25, 6000))
@given(POINTS)
def test_what_is_written_is_read_again(point: tuple[str, dict[str, str], dict[str, FieldValue], int]) -> None:
    measurement, tags, fields, time = point
    (line,) = parse(encode(measurement, tags, fields, time))
    assert isinstance(line, Line)
    assert (line.measurement, line.tags, line.time) == (measurement, tags, time)
    assert {name: exactly(value) for name, value in line.fields.items()} == {
        name: exactly(value) for name, value in fields.items()
    }


@given(READINGS)
def test_a_reading_comes_back_whole(reading: Reading) -> None:
    (line,) = parse(encode_reading(reading))
    assert isinstance(line, Line)
    assert reading_of(line) == reading


@settings(max_examples=rounds(25, 6000))
@given(BODIES)
@example(b"\r\r")
@example(b" \r\n \r \r\n\r#\n # \n#\r\r")
def test_no_line_is_lost_without_a_word(body: bytes) -> None:
    """A line ends with one carriage return at most: more of them are no blank line."""
    lines = [line.removesuffix(b"\r") for line in body.split(b"\n")]
    carrying = [line for line in lines if line.strip(b" ") and not line.startswith(b"#")]
    assert len(list(parse(body))) == len(carrying)


@pytest.mark.parametrize(("line", "reason"), [
    (b"reading", "not line protocol"),
    (b"reading,sensor=a", "not line protocol"),
    (b"reading,sensor= temperature=1 5", "not line protocol"),
    (b"reading,sensor=a temperature= 5", "not line protocol"),
    (b"reading,sensor=a temperature=1 5 6", "not line protocol"),
    (b"reading,sensor=a temperature=1 5.5", "not line protocol"),
    (b'reading,sensor=a note="open 5', "not line protocol"),
    (b"reading,sensor=a\tb temperature=1 5", "not line protocol"),
    (b" reading,sensor=a temperature=1 5", "not line protocol"),
    (b"reading,sensor=a temperature=NaN 5", "not a value: NaN"),
    (b"reading,sensor=a temperature=inf 5", "not a value: inf"),
    (b"reading,sensor=a temperature=1_0 5", "not line protocol"),
    (b"reading,sensor=a temperature=1e999 5", "not a value: 1e999"),
    (b"reading,sensor=a counter=9223372036854775808i 5", "not a value: 9223372036854775808i"),
    (b"reading,sensor=a counter=-1u 5", "not a value: -1u"),
    (b"reading,sensor=a temperature=1,temperature=2 5", "a key stands twice"),
    (b"reading,sensor=a,sensor=b temperature=1 5", "a key stands twice"),
    (b"reading,sensor=a temperature=1 9223372036854775808", "time out of range"),
    (b"reading,sensor=\xff temperature=1 5", "not UTF-8"),
    (b"reading,sensor=a note=\"" + b"x" * 20_000 + b'" 5', "longer than 16384 bytes"),
    (b"m " + b",".join(b"f%d=1" % n for n in range(65)) + b" 5", "more than 64 tags or fields"),
])  # fmt: skip
def test_a_bad_line_is_named(line: bytes, reason: str) -> None:
    (found,) = parse(b"# first\n" + line)
    assert isinstance(found, BadLine)
    assert (found.number, found.reason) == (2, reason)
    assert len(found.raw) <= 256


@pytest.mark.parametrize(("text", "value"), [
    (b"1", 1.0), (b"-1.5", -1.5), (b"1.", 1.0), (b".5", 0.5), (b"1e3", 1000.0), (b"0.0", 0.0), (b"17i", 17),
    (b"-17i", -17), (b"17u", 17), (b"t", True), (b"TRUE", True), (b"False", False),
    (b'"a\\"b\\\\c"', 'a"b\\c'),
    (b'""', ""), (b'"a, b=c # d"', "a, b=c # d"),
])  # fmt: skip
def test_every_kind_of_value(text: bytes, value: FieldValue) -> None:
    (line,) = parse(b"m,t=x f=" + text + b" 5")
    assert isinstance(line, Line)
    assert exactly(line.fields["f"]) == exactly(value)


def test_backslashes_mean_what_they_mean_to_influxdb() -> None:
    (line,) = parse(rb"my\ m\=x,t\,a=b\\,c,e=f\g h\=i=1 5")
    assert isinstance(line, Line)
    assert (line.measurement, line.tags) == (r"my m\=x", {"t,a": r"b\,c", "e": r"f\g"})
    assert line.fields == {"h=i": 1.0}


@pytest.mark.parametrize(("measurement", "tags", "fields"), [
    ("m", {}, {}), ("m", {}, {"f": math.nan}), ("m", {}, {"f": math.inf}), ("m", {}, {"f": "a\nb"}),
    ("m", {}, {"f": 2**63}), ("m", {"t": "a\\"}, {"f": 1}), ("m", {"t": ""}, {"f": 1}),
    ("m", {"t": "a\nb"}, {"f": 1}),
    ("m", {"": "a"}, {"f": 1}), ("", {}, {"f": 1}), ("#m", {}, {"f": 1}), ("m", {"t": "a\x7f"}, {"f": 1}),
])  # fmt: skip
def test_what_cannot_be_said_is_refused(
    measurement: str, tags: dict[str, str], fields: dict[str, FieldValue]
) -> None:
    with pytest.raises(InvalidInput):
        encode(measurement, tags, fields, 5)


@pytest.mark.parametrize("value", [4.21, -0.0, 1e-7, 1.7e308, 17, -(2**63), True, False, '"\\', "a, b=c # d"])
def test_one_value_is_written_as_a_line_reads_it(value: FieldValue) -> None:
    (line,) = parse(f"m,t=x f={encode_value(value)} 5".encode())
    assert isinstance(line, Line)
    assert exactly(line.fields["f"]) == exactly(value)


@pytest.mark.parametrize("value", [math.nan, -math.inf, 2**63, "a\rb"])
def test_one_value_that_cannot_be_said_is_refused(value: FieldValue) -> None:
    with pytest.raises(InvalidInput):
        encode_value(value)


def test_a_line_is_its_three_parts() -> None:
    key, fields = (
        series_key("reading", {"sensor": "客厅 温度"}),
        encode_fields({"temperature": 0.0, "counter": 17}),
    )
    assert key + b" " + fields + b" 5" == "reading,sensor=客厅\\ 温度 temperature=0.0,counter=17i 5".encode()


def test_bounds_of_an_unsure_time_are_read() -> None:
    reading = Reading(
        sensor="a", time_ms=5, values={"temperature": 1.0}, quality=Quality.TIME_UNSURE, time_lower_ms=5,
        time_upper_ms=9,
    )  # fmt: skip
    (line,) = parse(encode_reading(reading))
    assert isinstance(line, Line)
    assert reading_of(line) == reading

"""A device that stops in mid-line, and lines that carry a checksum."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldchain.readings import Refusal, RefusalReason
from coldchain_gateway.contracts import Sample
from coldchain_gateway.formats import LineSplitter, SerialJson
from coldchain_gateway.formats.line_checksum import LineChecksum, xor8


def test_what_still_comes_of_a_line_that_stopped_is_not_a_line() -> None:
    splitter = LineSplitter()
    assert list(splitter.feed(b'{"temp":-1')) == []
    assert splitter.unfinished
    cut = splitter.pause()
    assert cut is not None
    assert (cut.reason, cut.raw) == (RefusalReason.UNTERMINATED, b'{"temp":-1')
    assert list(splitter.feed(b"8.5}\r\nnext\r\n")) == [b"next"]


def test_a_pause_between_lines_is_nothing() -> None:
    splitter = LineSplitter()
    assert list(splitter.feed(b"one\n")) == [b"one"]
    assert splitter.pause() is None
    assert list(splitter.feed(b"two\n")) == [b"two"]


@given(st.binary(min_size=1, max_size=60), st.integers(1, 59))
def test_no_part_of_a_line_that_stopped_is_ever_a_line(line: bytes, at: int) -> None:
    line = line.replace(b"\r", b"?").replace(b"\n", b"?")
    splitter = LineSplitter()
    found = list(splitter.feed(line[:at]))
    if splitter.pause() is None:
        return
    found += splitter.feed(line[at:] + b"\n")
    assert not [one for one in found if isinstance(one, bytes)]


def with_checksum(text: bytes) -> bytes:
    return b"%b*%02X" % (text, xor8(text))


def test_a_line_with_its_checksum_is_read() -> None:
    (sample,) = SerialJson("a", LineChecksum(kind="xor8")).decode(with_checksum(b'{"temp":-18.5}'))
    assert isinstance(sample, Sample)
    assert dict(sample.values) == {"temperature": -18.5}


@pytest.mark.parametrize(
    "line", [b'{"temp":-18.5}', b'{"temp":-18.5}*', b'{"temp":-18.5}*ZZ', b'{"temp":-18.5}*00']
)
def test_where_one_is_demanded_a_line_without_it_is_refused(line: bytes) -> None:
    (refusal,) = SerialJson("a", LineChecksum(kind="xor8")).decode(line)
    assert isinstance(refusal, Refusal)
    assert refusal.reason is RefusalReason.BAD_CHECKSUM


@given(st.integers(0, 20), st.integers(1, 255))
def test_one_changed_byte_is_always_seen(place: int, change: int) -> None:
    whole = bytearray(with_checksum(b'{"temp":-18.5,"n":1}'))
    whole[place % (len(whole) - 3)] ^= change
    (refusal,) = SerialJson("a", LineChecksum(kind="xor8")).decode(bytes(whole))
    assert isinstance(refusal, Refusal)


def test_temperatures_of_a_line_in_fahrenheit_are_converted_once() -> None:
    (sample,) = SerialJson("a", unit="F").decode(b'{"temp":39.2,"hum":50}')
    assert isinstance(sample, Sample)
    assert dict(sample.values) == {"temperature": 4.0, "temperature_f": 39.2, "humidity": 50.0}


@given(st.floats(-100, 1000, allow_nan=False).map(lambda value: round(value, 1)))
def test_converting_keeps_the_tenth_of_a_degree(fahrenheit: float) -> None:
    (found,) = SerialJson("a", unit="F").decode(b'{"temp":%s}' % repr(fahrenheit).encode())
    if isinstance(found, Sample):
        celsius = float(found.values["temperature"])
        assert celsius == pytest.approx((fahrenheit - 32) * 5 / 9, abs=0.0001)

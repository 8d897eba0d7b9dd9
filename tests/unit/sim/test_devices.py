"""Devices put on the wire exactly what datasheets show."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldchain_sim.devices import modbus, serial_lines, zigbee2mqtt

READ_TEMPERATURE = bytes.fromhex("01 04 00 01 00 01 60 0A")
READ_BOTH = bytes.fromhex("01 04 00 01 00 02 20 0B")


@pytest.mark.parametrize(
    "frame",
    [
        "01 04 00 01 00 01 60 0A",
        "01 04 02 01 31 79 74",
        "01 04 02 FF 33 B8 D5",
        "01 04 00 01 00 02 20 0B",
        "01 04 04 01 31 02 22 2A CE",
        "01 03 00 00 00 08 44 0C",
        "01 03 00 30 00 01 84 05",
        "01 84 02 C2 C1",
    ],
)
def test_the_checksum_is_that_of_printed_frames(frame: str) -> None:
    octets = bytes.fromhex(frame)
    assert modbus.crc16(octets[:-2]) == octets[-2:]


@pytest.mark.parametrize(
    ("request_", "temperature_c", "humidity", "answer"),
    [
        (READ_TEMPERATURE, 30.5, 54.6, "01 04 02 01 31 79 74"),
        (READ_TEMPERATURE, -20.5, 54.6, "01 04 02 FF 33 B8 D5"),
        (READ_TEMPERATURE, 0.0, 54.6, "01 04 02 00 00 B9 30"),
        (READ_TEMPERATURE, -0.1, 54.6, "01 04 02 FF FF B8 80"),
        (READ_BOTH, 30.5, 54.6, "01 04 04 01 31 02 22 2A CE"),
    ],
)
def test_answers_are_golden(request_: bytes, temperature_c: float, humidity: float, answer: str) -> None:
    (request,), rest = modbus.split(request_)
    words = modbus.registers(temperature_c=temperature_c, humidity=humidity, counter=1)
    assert modbus.answer(request, words) == bytes.fromhex(answer)
    assert rest == b""


def asked(function: int, first: int, count: int, unit: int = 1) -> modbus.Request:
    return modbus.Request(unit=unit, function=function, first=first, count=count)


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (asked(4, 40, 1), 2),
        (asked(4, 31, 2), 2),
        (asked(4, 1, 0), 3),
        (asked(4, 1, 126), 3),
        (asked(6, 1, 1), 1),
        (asked(16, 1, 1), 1),
    ],
)
def test_what_cannot_be_answered_gets_the_protocols_exception(request_: modbus.Request, code: int) -> None:
    frame = modbus.answer(request_, {})
    assert frame[:3] == bytes([1, request_.function | 0x80, code])
    assert modbus.crc16(frame[:-2]) == frame[-2:]
    assert not modbus.tells_temperature(request_)


def test_the_illegal_address_frame_is_golden() -> None:
    assert modbus.answer(asked(4, 99, 1), {}) == bytes.fromhex("01 84 02 C2 C1")


@given(counter=st.integers(0, 2**32 - 1), temperature=st.integers(-400, 850))
def test_one_block_carries_temperature_and_counter(counter: int, temperature: int) -> None:
    words = modbus.registers(temperature_c=temperature / 10, humidity=50.0, counter=counter)
    data = modbus.answer(asked(4, 1, 17), words)[3:-2]
    assert int.from_bytes(data[0:2], "big", signed=True) == temperature
    assert int.from_bytes(data[30:34], "big") == counter


@given(noise=st.binary(max_size=7), cut=st.integers(0, 16))
def test_requests_are_found_after_noise_and_across_cuts(noise: bytes, cut: int) -> None:
    stream = noise + READ_TEMPERATURE + READ_BOTH
    first, rest = modbus.split(stream[:cut])
    second, _ = modbus.split(rest + stream[cut:])
    assert [one.count for one in first + second][-2:] == [1, 2]


@given(counter=st.integers(0, 10**9), temperature=st.floats(-60, 60))
def test_a_line_is_one_json_object_with_two_digits(counter: int, temperature: float) -> None:
    line = serial_lines.line("冷库-1", temperature, counter)
    assert line.endswith(b"\r\n")
    assert line.count(b"\n") == 1
    assert json.loads(line) == {"id": "冷库-1", "temp": round(temperature, 2), "counter": counter}


def test_a_line_reads_as_boards_print_it() -> None:
    assert (
        serial_lines.line("chiller-front", 4.21, 17) == b'{"id":"chiller-front","temp":4.21,"counter":17}\r\n'
    )
    assert serial_lines.greeting("chiller-line") == b"chiller-line ready\r\n"


def test_a_bridge_publishes_all_attributes_under_the_friendly_name() -> None:
    payload = zigbee2mqtt.payload(
        temperature_c=27.344, humidity=44.72, battery=100, linkquality=23, counter=9
    )
    assert payload == b'{"battery":100,"counter":9,"humidity":44.7,"linkquality":23,"temperature":27.34}'
    assert zigbee2mqtt.topic("配送车/前") == "zigbee2mqtt/配送车/前"

"""Whether somebody else speaks on a line, and Modbus behind a TCP header."""

import random

import pytest

from coldchain.readings import Refusal
from coldchain_gateway.contracts import Sample
from coldchain_gateway.formats import Request, blocks_of, decode_registers, read_answer, words_of
from coldchain_gateway.formats.modbus_frame import crc16
from coldchain_gateway.formats.modbus_tcp import first_frame, read_tcp_answer, tcp_request
from coldchain_gateway.formats.modbus_traffic import ForeignFrame, foreign_frame
from coldchain_gateway.sources.modbus.listening import verdict
from coldchain_gateway.templates import load_template
from support.fuzzing import broken

FRAMES = {
    "a request of a master": "01 04 00 01 00 02 20 0B",
    "an answer": "01 04 04 01 31 02 22 2A CE",
    "an exception": "01 84 02 C2 C1",
    "a long answer": "01 03 10 00 28 80 00 FF 47 00 00 80 00 80 00 80 00 80 00 0A 07",
}


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
@pytest.mark.parametrize("before", [b"", b"\xff", bytes(range(40))])
def test_a_frame_of_somebody_else_is_found_in_what_was_heard(frame: str, before: bytes) -> None:
    heard = before + bytes.fromhex(frame) + b"\x00\x00\x00"
    found = foreign_frame(heard)
    assert found == ForeignFrame(unit=1, function=3 if "10 00 28" in frame else 4)
    assert "another Modbus master" in verdict(heard)


def test_noise_is_no_master_but_much_of_it_is_somebody() -> None:
    assert verdict(b"") == verdict(b"\xff\x00\xff") == ""
    assert "no Modbus at these line settings" in verdict(b"\xf8" * 20)


def test_random_bytes_are_hardly_ever_a_frame() -> None:
    rng = random.Random(1)
    found = sum(foreign_frame(rng.randbytes(64)) is not None for _ in range(2_000))
    assert found <= 4


@pytest.mark.soak
def test_any_bytes_are_a_frame_or_none() -> None:
    for heard in broken([bytes.fromhex(frame) for frame in FRAMES.values()], seed=6):
        found = foreign_frame(heard)
        assert found is None or 1 <= found.unit <= 247


@pytest.mark.soak
@pytest.mark.parametrize("name", ["r4dcb08", "wb-ms", "siemens-qfa3150", "carel-ir33"])
def test_any_bytes_as_answers_are_readings_or_refusals(name: str) -> None:
    template = load_template(name, ())
    blocks = blocks_of(template)
    seeds = [bytes.fromhex(frame) for frame in FRAMES.values()]
    for number, received in enumerate(broken(seeds, seed=12)):
        block = blocks[number % len(blocks)]
        for data in (received, received + crc16(received)):
            answer = read_answer(data, block.request(1))
            words = {} if isinstance(answer, Refusal) else words_of(template, block, answer)
            for one in decode_registers(template, "s", words):
                assert isinstance(one, Sample | Refusal)


REQUEST = Request(unit=1, function=4, address=1, count=2)
GOOD = bytes.fromhex("00 07 00 00 00 07 01 04 04 01 31 02 22")


def test_a_request_behind_the_header() -> None:
    assert tcp_request(REQUEST, 7) == bytes.fromhex("00 07 00 00 00 06 01 04 00 01 00 02")


def test_an_answer_behind_the_header_and_what_follows_it() -> None:
    assert first_frame(GOOD[:-1]) is None
    assert first_frame(GOOD + b"\x00\x08") == (GOOD, b"\x00\x08")
    assert read_tcp_answer(GOOD, REQUEST, 7) == [305, 546]


def test_bits_behind_the_header() -> None:
    request = Request(unit=1, function=2, address=3, count=3)
    assert read_tcp_answer(bytes.fromhex("00 07 00 00 00 04 01 02 01 05"), request, 7) == [1, 0, 1]


def test_a_late_answer_is_passed_over_by_its_number() -> None:
    assert read_tcp_answer(GOOD, REQUEST, 8) is None


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        ("00 07 00 00 00 03 01 84 02", "exception_frame"),
        ("00 07 00 00 00 07 02 04 04 01 31 02 22", "foreign_frame"),
        ("00 07 00 00 00 07 01 03 04 01 31 02 22", "foreign_frame"),
        ("00 07 00 00 00 05 01 04 02 01 31", "short_frame"),
        ("00 07 00 00 00 07 01 04 06 01 31 02 22", "short_frame"),
    ],
)
def test_what_is_no_answer_is_refused_with_its_reason(frame: str, reason: str) -> None:
    answer = read_tcp_answer(bytes.fromhex(frame), REQUEST, 7)
    assert isinstance(answer, Refusal)
    assert answer.reason.value == reason


def test_what_is_not_modbus_tcp_ends_the_connection() -> None:
    with pytest.raises(ValueError, match="not Modbus TCP"):
        first_frame(b"HTTP/1.1 400 Bad Request\r\n")


@pytest.mark.soak
def test_any_bytes_behind_a_header_are_an_answer_or_a_refusal() -> None:
    for received in broken([GOOD, GOOD[:9]], seed=7):
        try:
            found = first_frame(received)
        except ValueError:
            continue
        if found is not None:
            read_tcp_answer(found[0], REQUEST, 7)

"""Modbus RTU: golden frames, templates, and any bytes on the bus."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldchain.errors import ConfigError
from coldchain.readings import Refusal, RefusalReason
from coldchain_gateway.contracts import Sample
from coldchain_gateway.formats import Block, Request, Template, blocks_of, decode_registers, read_answer
from coldchain_gateway.formats.modbus_frame import crc16, request_frame
from coldchain_gateway.formats.modbus_template import Register
from coldchain_gateway.sources.bus.schedule import Patience, Turn, next_turn
from coldchain_gateway.templates import known_templates, load_template

XY_MD02 = load_template("xy-md02", [])
ONE = Request(unit=1, function=4, address=1, count=1)


def hexed(text: str) -> bytes:
    return bytes.fromhex(text)


@pytest.mark.parametrize(
    ("request_", "frame"),
    [
        (ONE, "01 04 00 01 00 01 60 0A"),
        (Request(unit=1, function=4, address=1, count=2), "01 04 00 01 00 02 20 0B"),
        (Request(unit=1, function=3, address=0, count=8), "01 03 00 00 00 08 44 0C"),
        (Request(unit=1, function=3, address=0x30, count=1), "01 03 00 30 00 01 84 05"),
    ],
)
def test_requests_are_the_golden_frames(request_: Request, frame: str) -> None:
    assert request_frame(request_) == hexed(frame)


@pytest.mark.parametrize(
    ("answer", "celsius"),
    [
        ("01 04 02 01 31 79 74", 30.5),
        ("01 04 02 FF 33 B8 D5", -20.5),
        ("01 04 02 00 00 B9 30", 0.0),
        ("01 04 02 FF FF B8 80", -0.1),
    ],
)
def test_answers_of_the_transmitter(answer: str, celsius: float) -> None:
    words = read_answer(hexed(answer), ONE)
    assert not isinstance(words, Refusal)
    (sample,) = decode_registers(XY_MD02, "freezer", {(4, 1): words[0]})
    assert isinstance(sample, Sample)
    assert dict(sample.values) == {"temperature": celsius}


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("", RefusalReason.TIMEOUT),
        ("01 84 02 C2 C1", RefusalReason.EXCEPTION_FRAME),
        ("01 04 02 01 31 79 75", RefusalReason.CRC),
        ("01 04 02 01", RefusalReason.SHORT_FRAME),
        ("01 04 04 01 31 02 22 2A CE", RefusalReason.FOREIGN_FRAME),
    ],
)
def test_what_is_no_answer_is_refused_with_its_reason(answer: str, reason: RefusalReason) -> None:
    found = read_answer(hexed(answer), ONE)
    assert isinstance(found, Refusal)
    assert found.reason is reason


def test_another_units_answer_is_foreign() -> None:
    body = hexed("02 04 02 01 31")
    found = read_answer(body + crc16(body), ONE)
    assert isinstance(found, Refusal)
    assert found.reason is RefusalReason.FOREIGN_FRAME


@given(st.binary(max_size=40), st.integers(1, 4), st.integers(1, 8))
def test_any_bytes_are_an_answer_or_a_refusal(received: bytes, function: int, count: int) -> None:
    request = Request(unit=1, function=function, address=0, count=count)
    found = read_answer(received, request)
    assert isinstance(found, Refusal) or len(found) == count


@given(st.lists(st.integers(0, 0xFFFF), min_size=1, max_size=20), st.integers(3, 4))
def test_registers_survive_the_wire(words: list[int], function: int) -> None:
    request = Request(unit=9, function=function, address=0, count=len(words))
    body = bytes([9, function, 2 * len(words)]) + b"".join(word.to_bytes(2, "big") for word in words)
    assert read_answer(body + crc16(body), request) == words


def test_eight_probes_with_missing_ones() -> None:
    answer = hexed("01 03 10 00 28 80 00 FF 47 00 00 80 00 80 00 80 00 80 00 0A 07")
    words = read_answer(answer, Request(unit=1, function=3, address=0, count=8))
    assert words == [40, 0x8000, 0xFF47, 0, 0x8000, 0x8000, 0x8000, 0x8000]


def template(*registers: Register, **more: int) -> Template:
    return Template(
        name="t",
        title="t",
        confidence="unverified",
        source="test",
        register=registers,
        **more,  # type: ignore[arg-type]
    )


def test_an_error_value_is_a_sentinel_and_a_faulty_probe_a_fault() -> None:
    register = Register(field="temperature", function=3, address=0, error_values=(0x8000,))
    (refusal,) = decode_registers(template(register), "a", {(3, 0): 0x8000})
    assert isinstance(refusal, Refusal)
    assert refusal.reason is RefusalReason.SENTINEL
    carel = load_template("carel-ir33", [])
    good = decode_registers(carel, "a", {(4, 403): 45, (2, 3): 0})
    assert isinstance(good[0], Sample)
    assert good[0].values == {"temperature": 4.5}
    for words in ({(4, 403): 45, (2, 3): 1}, {(4, 403): 45}):
        (fault,) = decode_registers(carel, "a", words)
        assert isinstance(fault, Refusal)
        assert fault.reason is RefusalReason.PROBE_FAULT


@pytest.mark.parametrize(
    ("order", "words"),
    [
        ("ABCD", (0x4090, 0x0000)),
        ("CDAB", (0x0000, 0x4090)),
        ("BADC", (0x9040, 0x0000)),
        ("DCBA", (0x0000, 0x9040)),
    ],
)
def test_floats_come_in_four_orders(order: str, words: tuple[int, int]) -> None:
    register = Register(
        field="temperature",
        function=3,
        address=0,
        type="float32",
        word_order=order,  # type: ignore[arg-type]
    )
    (sample,) = decode_registers(template(register), "a", {(3, 0): words[0], (3, 1): words[1]})
    assert isinstance(sample, Sample)
    assert sample.values == {"temperature": 4.5}


def test_blocks_join_what_is_near_and_split_where_a_device_refuses() -> None:
    first = Register(field="temperature", function=4, address=1)
    second = Register(field="humidity", function=4, address=2)
    far = Register(field="counter", function=4, address=16, type="u32")
    assert blocks_of(template(first, second, far, block_gap=16)) == (Block(function=4, address=1, count=17),)
    assert blocks_of(template(first, second, far)) == (
        Block(function=4, address=1, count=2),
        Block(function=4, address=16, count=2),
    )
    assert [block.count for block in blocks_of(template(first, second, max_registers=1))] == [1, 1]


def test_every_shipped_template_loads_and_says_how_sure_it_is() -> None:
    names = known_templates([])
    assert {"xy-md02", "carel-ir33"} <= set(names)
    for name in names:
        assert load_template(name, []).name == name


def test_a_missing_template_names_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="xy-md02"):
        load_template("nonsense", [tmp_path])
    with pytest.raises(ConfigError):
        load_template("../secret", [tmp_path])


def test_a_silent_unit_is_backed_off_and_the_others_keep_their_turn() -> None:
    turns = {address: Turn(address=address, interval_ms=1000, due_ms=0) for address in (1, 2)}
    now = 0
    polled: list[int] = []
    while now < 20_000:
        turn = next_turn(turns.values())
        now = max(now, turn.due_ms) + (500 if turn.address == 2 else 20)
        polled.append(turn.address)
        turns[turn.address] = turn.after(now, Patience(), answered=turn.address == 1)
    assert polled.count(2) == 2
    assert polled.count(1) >= 19


@given(st.integers(0, 10_000), st.integers(200, 5000))
def test_turns_stay_on_their_raster_and_missed_ones_are_not_made_up(late_ms: int, interval_ms: int) -> None:
    turn = Turn(address=1, interval_ms=interval_ms, due_ms=1000).after(
        1000 + late_ms, Patience(), answered=True
    )
    assert turn.due_ms > 1000 + late_ms
    assert (turn.due_ms - 1000) % interval_ms == 0

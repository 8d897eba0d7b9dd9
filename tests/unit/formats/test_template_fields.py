"""Everything that a register template can say, each against registers as a unit would give them."""

import struct
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldchain.errors import ConfigError, InvalidInput
from coldchain.readings import Refusal
from coldchain_gateway.contracts import Sample
from coldchain_gateway.formats import (
    Request,
    Template,
    blocks_of,
    decode_registers,
    is_whole,
    read_answer,
    request_frame,
    words_of,
)
from coldchain_gateway.formats.modbus_frame import crc16
from coldchain_gateway.formats.modbus_template import Check, Register, UnitPlace
from coldchain_gateway.templates import load_template
from coldchain_runtime.documents import toml_text


def template(*registers: Register, **more: object) -> Template:
    made = {"name": "t", "title": "T", "confidence": "unverified", "source": "a test"} | more
    return Template(register=registers, **made)  # type: ignore[arg-type]  # keys as a file has them


def decoded(made: Template, words: Mapping[tuple[int, int], int]) -> dict[str, object]:
    """Values by sensor.field, and reasons of refusals by sensor."""
    found: dict[str, object] = {}
    for one in decode_registers(made, "s", words):
        if isinstance(one, Sample):
            found |= {f"{one.sensor}.{field}": value for field, value in one.values.items()}
        else:
            found[f"{one.sensor}!"] = one.reason.value
    return found


def temperature(**more: object) -> Register:
    return Register(field="temperature", function=3, address=0, **more)  # type: ignore[arg-type]


@given(st.integers(-255, 255))
def test_a_round_float_whose_words_are_exchanged_does_not_pass_for_zero(eighths: int) -> None:
    """Up to 32 °C in eighths: the lower word is 0, so the number turns into next to nothing."""
    said = struct.pack(">f", eighths / 8)
    words = {(3, 0): int.from_bytes(said[2:], "big"), (3, 1): int.from_bytes(said[:2], "big")}
    found = decoded(template(temperature(type="float32")), words)
    assert found == ({"s.temperature": 0.0} if eighths == 0 else {"s!": "out_of_range"})


@pytest.mark.parametrize(
    ("register", "words", "expected"),
    [
        (temperature(scale=0.1), [0], {"s.temperature": 0.0}),
        (temperature(scale=0.1), [0xFF33], {"s.temperature": -20.5}),
        (temperature(type="u16", scale=0.01, offset=-40.0), [4400], {"s.temperature": 4.0}),
        (temperature(scale=0.1, error_values=(0x8000,)), [0x8000], {"s!": "sentinel"}),
        (temperature(scale=0.1, error_values=(0x7FFF,)), [0x7FFF], {"s!": "sentinel"}),
        (temperature(error_values=(0xFFFF,), type="u16"), [0xFFFF], {"s!": "sentinel"}),
        (temperature(scale=0.01), [0x7FFF], {"s!": "sentinel"}),
        (temperature(scale=0.1, valid_range=(-40.0, 80.0)), [900], {"s!": "out_of_range"}),
        (temperature(type="u16"), [60_000], {"s!": "out_of_range"}),
        (temperature(scale=0.1, unit="F"), [392], {"s.temperature": 4.0, "s.temperature_f": 39.2}),
        (temperature(type="s32", scale=0.001), [0xFFFF, 0xB1E0], {"s.temperature": -20.0}),
        (temperature(type="u16", bit=4, bits=3), [0b1010000], {"s.temperature": 5.0}),
    ],
)
def test_a_register_says(register: Register, words: list[int], expected: dict[str, object]) -> None:
    read = {(3, address): word for address, word in enumerate(words)}
    assert decoded(template(register), read) == expected


@given(st.floats(-100, 200, width=32), st.sampled_from(["ABCD", "CDAB", "BADC", "DCBA"]))
def test_floats_come_in_four_orders(celsius: float, order: str) -> None:
    data = struct.pack(">f", celsius)
    wire = bytes(data["ABCD".index(letter)] for letter in order)
    words = {(3, 0): int.from_bytes(wire[:2], "big"), (3, 1): int.from_bytes(wire[2:], "big")}
    found = decoded(template(temperature(type="float32", word_order=order)), words)
    if "s!" not in found:
        assert found == {"s.temperature": celsius}


def test_a_float_that_is_not_a_number_is_no_reading() -> None:
    nan = temperature(type="float32")
    assert decoded(template(nan), {(3, 0): 0x7FC0, (3, 1): 0}) == {"s!": "no_reading"}


def test_a_paired_quality_register_decides() -> None:
    """Siemens QFA as its manual counts: 1 temperature, 2 reliability (0 good)."""
    made = template(
        Register(
            field="temperature", function=3, address=1, scale=0.01, quality=Check(function=3, address=2)
        ),
        address_base=1,
    )
    (block,) = blocks_of(made)
    assert (block.address, block.count) == (0, 2)
    assert decoded(made, words_of(made, block, [412, 0])) == {"s.temperature": 4.12}
    assert decoded(made, words_of(made, block, [412, 1])) == {"s!": "probe_fault"}
    assert decoded(made, {(3, 1): 412}) == {"s!": "probe_fault"}


def test_a_discrete_input_or_a_bit_can_be_the_quality() -> None:
    by_input = template(temperature(scale=0.1, quality=Check(function=2, address=3)))
    assert decoded(by_input, {(3, 0): 42, (2, 3): 0}) == {"s.temperature": 4.2}
    assert decoded(by_input, {(3, 0): 42, (2, 3): 1}) == {"s!": "probe_fault"}
    by_bit = template(temperature(scale=0.1, quality=Check(function=3, address=9, bit=5, good=1)))
    assert decoded(by_bit, {(3, 0): 42, (3, 9): 0b100000}) == {"s.temperature": 4.2}
    assert decoded(by_bit, {(3, 0): 42, (3, 9): 0b011111}) == {"s!": "probe_fault"}


def test_a_register_can_tell_the_unit() -> None:
    told = UnitPlace(function=3, address=401, units={"0": "C", "1": "F"})
    made = template(temperature(scale=0.1, unit_register=told))
    assert decoded(made, {(3, 0): 392, (3, 401): 0}) == {"s.temperature": 39.2}
    assert decoded(made, {(3, 0): 392, (3, 401): 1}) == {"s.temperature": 4.0, "s.temperature_f": 39.2}
    assert decoded(made, {(3, 0): 392, (3, 401): 7}) == {"s!": "unit_unknown"}


def test_eight_probes_of_one_unit_are_eight_sensors() -> None:
    """The golden frame of an R4DCB08: 4.0, none, −18.5, 0.0, and four that are not there."""
    channels = [
        Register(
            field="temperature",
            function=3,
            address=place,
            scale=0.1,
            error_values=(0x8000,),
            probe=str(place + 1),
        )
        for place in range(8)
    ]
    made = template(*channels)
    (block,) = blocks_of(made)
    request = block.request(1)
    assert request_frame(request) == bytes.fromhex("01 03 00 00 00 08 44 0C")
    answer = bytes.fromhex("01 03 10 00 28 80 00 FF 47 00 00 80 00 80 00 80 00 80 00 0A 07")
    words = read_answer(answer, request)
    assert not isinstance(words, Refusal)
    assert decoded(made, words_of(made, block, words)) == {
        "s.1.temperature": 4.0,
        "s.3.temperature": -18.5,
        "s.4.temperature": 0.0,
    } | {f"s.{probe}!": "sentinel" for probe in (2, 5, 6, 7, 8)}


def test_a_controller_is_read_one_register_at_a_time_and_its_faulty_probe_refused() -> None:
    made = load_template("carel-ir33", [])
    assert made.controller_probe
    assert {block.count for block in blocks_of(made)} == {1}
    good = {(4, 403): 0xFF47, (2, 3): 0, (3, 404): 0xFF38, (2, 43): 1}
    assert decoded(made, good) == {"s.temperature": -18.5, "s.set_point": -20.0, "s.door_open": True}
    assert decoded(made, good | {(2, 3): 1}) == {
        "s.set_point": -20.0,
        "s.door_open": True,
        "s!": "probe_fault",
    }


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ('field = "temprature"\nfunction = 4\naddress = 1', "register[0]"),
        ('field = "temperature"\nfunction = 6\naddress = 1', "register[0].function"),
        ('field = "temperature"\nfunction = 4\naddress = 1\nscal = 0.1', "register[0].scal"),
        ('field = "temperature"\nfunction = 4\naddress = 1\nunit = "Pa"', "register[0]"),
        ('field = "temperature"\nfunction = 4\naddress = 1\ntype = "bit"', "register[0]"),
        ('field = "temperature"\nfunction = 4\naddress = "one"', "register[0].address"),
    ],
)
def test_a_mistake_in_a_users_template_is_named_with_file_line_and_key(
    line: str, key: str, tmp_path: Path
) -> None:
    head = 'name = "own"\ntitle = "Own"\nconfidence = "unverified"\nsource = "me"\n[[register]]\n'
    (tmp_path / "own.toml").write_text(head + line)
    with pytest.raises(ConfigError) as caught:
        load_template("own", [tmp_path])
    assert str(tmp_path / "own.toml") in str(caught.value)
    assert key in str(caught.value)


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_registers": 0},
        {"max_registers": 1},
        {"block_gap": 125},
        {"response_timeout": 1},
        {"address_base": 1},
    ],
)
def test_a_template_that_cannot_be_read_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidInput):
        template(temperature(type="float32"), **wrong)


@given(
    st.lists(
        st.tuples(st.sampled_from([3, 4]), st.integers(0, 60), st.sampled_from(["s16", "u32"])), min_size=1
    ),
    st.integers(2, 20),
    st.integers(0, 10),
)
def test_blocks_cover_every_value_whole_within_their_bound(
    places: list[tuple[int, int, str]], most: int, gap: int
) -> None:
    registers = [
        Register(field="counter", function=function, address=address, type=kind, probe=str(number))  # type: ignore[arg-type]
        for number, (function, address, kind) in enumerate(places)
    ]
    blocks = blocks_of(template(*registers, max_registers=most, block_gap=gap))
    for register in registers:
        function, first, last = next(register.places())
        assert any(
            block.function == function and block.address <= first and last < block.address + block.count
            for block in blocks
        )
    assert all(block.count <= most for block in blocks)


def answer_to(request: Request, data: bytes) -> bytes:
    body = bytes([request.unit, request.function, len(data)]) + data
    return body + crc16(body)


@given(st.integers(0, 0xFFFF), st.binary(max_size=3), st.booleans())
def test_noise_and_echo_before_an_answer_change_nothing(word: int, noise: bytes, echo: bool) -> None:  # noqa: FBT001
    request = Request(unit=1, function=4, address=1, count=1)
    answer = answer_to(request, word.to_bytes(2, "big"))
    received = (request_frame(request) if echo else b"") + noise + answer
    assert is_whole(received, request)
    assert read_answer(received, request) == [word]


@given(st.integers(0, 0xFFFF), st.integers(0, 0xFFFF))
def test_of_two_answers_none_is_believed(late: int, now: int) -> None:
    request = Request(unit=1, function=4, address=1, count=1)
    received = answer_to(request, late.to_bytes(2, "big")) + answer_to(request, now.to_bytes(2, "big"))
    assert isinstance(read_answer(received, request), Refusal)


@given(st.data())
def test_one_flipped_bit_is_never_a_value(data: st.DataObject) -> None:
    request = Request(unit=1, function=4, address=1, count=2)
    frame = bytearray(answer_to(request, data.draw(st.binary(min_size=4, max_size=4))))
    place = data.draw(st.integers(0, 8 * len(frame) - 1))
    frame[place // 8] ^= 1 << place % 8
    assert isinstance(read_answer(bytes(frame), request), Refusal)


def test_the_gateway_cannot_write() -> None:
    for function in (5, 6, 15, 16, 22, 23):
        with pytest.raises(InvalidInput):
            Request(unit=1, function=function, address=0, count=1)
    with pytest.raises(ConfigError):
        toml_text('field = "temperature"\nfunction = 16\naddress = 0', Register, file="t.toml")

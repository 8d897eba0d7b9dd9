"""A device's register map as data: which registers to read in which blocks, and what they mean."""

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from coldchain.errors import InvalidInput
from coldchain.quantities import QUANTITIES
from coldchain.readings import MAX_SENSOR_ID, Refusal, RefusalReason, Value
from coldchain_gateway.contracts import Decoded
from coldchain_runtime.documents import Duration

from .modbus_frame import BITS, MOST, Request
from .values import UNITS, Said, Unreadable, refused, sampled, value_of

LEAST_FLOAT: Final = 1e-6
WIDTH: Final = {"s16": 1, "u16": 1, "bit": 1, "s32": 2, "u32": 2, "float32": 2}
# Where the bytes A (highest) … D of a value lie, as they come on the wire.
ORDERS: Final = {"ABCD": (0, 1, 2, 3), "CDAB": (2, 3, 0, 1), "BADC": (1, 0, 3, 2), "DCBA": (3, 2, 1, 0)}
Function = Literal[1, 2, 3, 4]
RegisterType = Literal["s16", "u16", "s32", "u32", "float32", "bit"]
Words = Mapping[tuple[int, int], int]
"""What was read: (function, address as the template counts) → register or bit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineSettings:
    """How the device leaves the factory; the bus has settings of its own, which must fit all its devices."""

    baud: int = 9600
    parity: Literal["N", "E", "O"] = "N"
    stop_bits: Literal[1, 2] = 1

    def __str__(self) -> str:
        return f"{self.baud} 8{self.parity}{self.stop_bits}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One register or bit; `bit` picks one out of a register."""

    function: Function
    address: int
    bit: int | None = None

    def told(self, words: Words) -> int | None:
        """What stands there; None if it was not read."""
        word = words.get((self.function, self.address))
        return word if word is None or self.bit is None else word >> self.bit & 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Check(Place):
    """Read in the same cycle; the value counts only while this equals `good`."""

    good: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitPlace(Place):
    """A register that tells the unit: its value as text → unit."""

    units: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """One value: (raw × `scale` + `offset`) in `unit`, which is the field's own where it is left out.

    `error_values` are raw and unsigned, as on the wire; `valid_range` is in `unit`. `bit` and `bits` cut a
    number of `bits` bits out of a register. `probe` tells several probes of one unit apart: its sensor is
    called `SENSOR.PROBE`.
    """

    field: str
    function: Function
    address: int
    type: RegisterType = "s16"
    word_order: Literal["ABCD", "CDAB", "BADC", "DCBA"] = "ABCD"
    scale: float = 1.0
    offset: float = 0.0
    unit: str = ""
    unit_register: UnitPlace | None = None
    bit: int | None = None
    bits: int = 1
    error_values: tuple[int, ...] = ()
    valid_range: tuple[float, ...] = ()
    quality: Check | None = None
    probe: str = ""

    def __post_init__(self) -> None:
        if self.field not in QUANTITIES:
            raise InvalidInput(f"unknown field {self.field!r}; known are {', '.join(sorted(QUANTITIES))}")
        if (self.function in BITS) != (self.type == "bit"):
            raise InvalidInput("type 'bit' goes with functions 1 and 2; a bit of a register is cut by `bit`")
        told = () if self.unit_register is None else tuple(self.unit_register.units.values())
        for unit in (self.unit, *told):
            if unit and unit not in UNITS.get(self.field, {}):
                raise InvalidInput(f"{self.field} in unit {unit!r} is not known")
        if self.valid_range and (len(self.valid_range) != 2 or self.valid_range[0] > self.valid_range[1]):
            raise InvalidInput("valid_range is [lowest, highest]")
        if self.bit is not None and not (0 <= self.bit <= 15 and 1 <= self.bits <= 16 - self.bit):
            raise InvalidInput(f"bits {self.bit} to {self.bit + self.bits - 1} are not within a register")
        if self.bit is not None and self.type not in ("u16", "s16"):
            raise InvalidInput("bits are cut out of one register, type u16")

    def places(self) -> Iterator[tuple[int, int, int]]:
        """(function, first, last) of everything that this value needs."""
        yield self.function, self.address, self.address + WIDTH[self.type] - 1
        for place in (self.quality, self.unit_register):
            if place is not None:
                yield place.function, place.address, place.address


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A device. `confidence` is shown to the installer; `address_base` is how its manual counts.

    `max_registers`: the most in one read (1: the device refuses blocks); `block_gap`: registers in between
    that may be read along. `guard`: rest that the device needs before it is asked. `interval`: how often it
    is asked where the configuration says nothing else.
    """

    name: str
    title: str
    confidence: Literal["verified", "public template", "unverified"]
    source: str  # where the numbers come from
    controller_probe: bool = False  # measured for control, not for evidence
    address_base: Literal[0, 1] = 0
    max_registers: int = MOST
    block_gap: int = 0
    response_timeout: Duration = 500
    frame_timeout: Duration = 50
    guard: Duration = 5
    interval: Duration = 30_000
    line: LineSettings | None = None  # None: not known
    register: tuple[Register, ...]

    def __post_init__(self) -> None:
        if not self.register:
            raise InvalidInput("a template needs at least one [[register]]")
        if not 1 <= self.max_registers <= MOST:
            raise InvalidInput(f"max_registers must lie between 1 and {MOST}")
        if not 0 <= self.block_gap < MOST:
            raise InvalidInput(f"block_gap must lie between 0 and {MOST - 1}")
        if not 10 <= self.response_timeout <= 10_000 or not 2 <= self.frame_timeout <= 1_000:
            raise InvalidInput("response_timeout must be 10ms to 10s, frame_timeout 2ms to 1s")
        if self.interval < 200:
            raise InvalidInput("an interval below 200ms leaves the bus no rest")
        names = [(register.probe, register.field) for register in self.register]
        if len(set(names)) != len(names):
            raise InvalidInput("two registers give the same field of the same probe")
        for function, first, last in spans(self):
            if first < self.address_base or last - self.address_base > 0xFFFF:
                raise InvalidInput(f"function {function}, address {first}: there is no such address")
            if last - first + 1 > self.max_registers:
                raise InvalidInput(f"address {first}: a value of two registers needs max_registers = 2")


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Registers that are read in one request; `address` is 0-based, as on the wire."""

    function: int
    address: int
    count: int

    def request(self, unit: int) -> Request:
        """The request for a unit."""
        return Request(unit=unit, function=self.function, address=self.address, count=self.count)


def spans(template: Template) -> list[tuple[int, int, int]]:
    """(function, first, last) of every value, quality and unit register, in order."""
    return sorted({place for register in template.register for place in register.places()})


def blocks_of(template: Template) -> tuple[Block, ...]:
    """As few requests as the device allows, no value torn: what one request reads belongs together."""
    blocks: list[tuple[int, int, int]] = []
    for function, first, last in spans(template):
        if blocks and blocks[-1][0] == function:
            _, start, end = blocks[-1]
            grown = max(last, end)
            if first - end - 1 <= template.block_gap and grown - start < template.max_registers:
                blocks[-1] = (function, start, grown)
                continue
        blocks.append((function, first, last))
    base = template.address_base
    return tuple(
        Block(function=function, address=first - base, count=last - first + 1)
        for function, first, last in blocks
    )


def words_of(template: Template, block: Block, found: Sequence[int]) -> dict[tuple[int, int], int]:
    """What a block's answer holds, under the addresses that the template uses."""
    first = block.address + template.address_base
    return {(block.function, first + place): word for place, word in enumerate(found)}


def decode_registers(template: Template, sensor: str, words: Words) -> Decoded:
    """A sample per probe, and a refusal for each value that is none.

    What a failed request left out of `words` is passed over: that request was refused already.
    """
    decoded: list[Decoded] = []
    for probe in dict.fromkeys(register.probe for register in template.register):
        name = f"{sensor}.{probe}"[:MAX_SENSOR_ID] if probe else sensor
        said: list[Said] = []
        refusals: list[Refusal] = []
        for register in template.register:
            value = _read(register, words) if register.probe == probe else None
            if isinstance(value, Refusal):
                refusals.append(refused(value.reason, value.detail, value.raw, name))
            elif value is not None:
                said.append(value)
        if said:
            decoded.append(sampled(name, said, b""))
        decoded.append(refusals)
    return [one for part in decoded for one in part]


def _read(register: Register, words: Words) -> Said | Refusal | None:
    """The value of one register, checked; None if it was not read."""
    width = WIDTH[register.type]
    found = [words.get((register.function, register.address + place)) for place in range(width)]
    raw = [word for word in found if word is not None]
    if len(raw) < width:
        return None
    data = b"".join(word.to_bytes(2, "big") for word in raw)
    if width == 2:
        data = bytes(data[place] for place in ORDERS[register.word_order])
    try:
        return _said(register, data, words)
    except Unreadable as error:
        return refused(error.reason, f"{register.field}: {error}", data)


def _said(register: Register, data: bytes, words: Words) -> Said:
    """Raises Unreadable for what is an error, out of its range or of an unknown unit."""
    if register.quality is not None and register.quality.told(words) != register.quality.good:
        raise Unreadable(RefusalReason.PROBE_FAULT, "the device says that the probe is faulty")
    if int.from_bytes(data, "big") in register.error_values:
        raise Unreadable(RefusalReason.SENTINEL, data.hex())
    number = _scaled(register, data)
    if register.valid_range and not register.valid_range[0] <= number <= register.valid_range[1]:
        raise Unreadable(RefusalReason.OUT_OF_RANGE, f"{number}")
    unit = register.unit
    if register.unit_register is not None:
        unit = register.unit_register.units.get(str(register.unit_register.told(words)), "")
        if not unit:
            raise Unreadable(RefusalReason.UNIT_UNKNOWN, "the unit register says something else")
    value: Value = bool(number) if QUANTITIES[register.field].kind == "bool" else number
    checked = value_of(register.field, value, unit)
    if isinstance(checked, RefusalReason):
        raise Unreadable(checked, f"{number}")
    return Said(name=register.field, field=register.field, value=value, unit=unit)


def _scaled(register: Register, data: bytes) -> float | int:
    """Raises Unreadable for a float that nothing measures: with its words in the wrong order 4.25 is 2e-41,
    which would pass for 0."""
    if register.type == "float32":
        number: float = struct.unpack(">f", data)[0]
        if 0 < abs(number) < LEAST_FLOAT:
            raise Unreadable(RefusalReason.OUT_OF_RANGE, f"{number:.1e}: is the order of its words another?")
    elif register.bit is not None:
        number = int.from_bytes(data, "big") >> register.bit & ((1 << register.bits) - 1)
    else:
        number = int.from_bytes(data, "big", signed=register.type in ("s16", "s32"))
    if register.scale == 1.0 and register.offset == 0.0:
        return number
    # 305 × 0.1 is 30.5, not 30.500000000000004.
    return round(number * register.scale + register.offset, 6)

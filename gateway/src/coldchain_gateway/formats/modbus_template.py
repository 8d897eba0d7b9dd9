"""A device's register map as data: which registers to read in which blocks, and what they mean."""

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from coldchain.errors import InvalidInput
from coldchain.quantities import QUANTITIES
from coldchain.readings import Refusal, RefusalReason, Value
from coldchain_gateway.contracts import Decoded, Sample
from coldchain_runtime.documents import Duration

from .modbus_frame import Request
from .values import value_of

WIDTH: Final = {"s16": 1, "u16": 1, "bit": 1, "s32": 2, "u32": 2, "float32": 2}
MOST_REGISTERS: Final = 125
RegisterType = Literal["s16", "u16", "s32", "u32", "float32", "bit"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """One value: where it stands, how it is written, when it means nothing."""

    field: str
    function: Literal[1, 2, 3, 4]
    address: int  # 0-based, as on the wire
    type: RegisterType = "s16"
    word_order: Literal["ABCD", "CDAB", "BADC", "DCBA"] = "ABCD"
    scale: float = 1.0
    offset: float = 0.0
    bit: int | None = None  # one bit of a register
    error_values: tuple[int, ...] = ()  # raw, unsigned as on the wire
    fault_function: Literal[1, 2, 3, 4] | None = None  # a value that is non-zero when the probe is faulty
    fault_address: int | None = None

    def __post_init__(self) -> None:
        if self.field not in QUANTITIES:
            raise InvalidInput(f"unknown field {self.field!r}; known are {', '.join(sorted(QUANTITIES))}")
        if not 0 <= self.address <= 0xFFFF - WIDTH[self.type]:
            raise InvalidInput(f"address {self.address} is not one")
        if (self.fault_function is None) != (self.fault_address is None):
            raise InvalidInput("fault_function and fault_address go together")


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A device. `confidence` is shown to the installer."""

    name: str
    title: str
    confidence: Literal["verified", "public template", "unverified"]
    source: str  # where the numbers come from
    controller_probe: bool = False  # measured for control, not for evidence
    max_registers: int = MOST_REGISTERS
    block_gap: int = 0  # registers in between that may be read along
    response_timeout: Duration = 500
    register: tuple[Register, ...]

    def __post_init__(self) -> None:
        if not self.register:
            raise InvalidInput("a template needs at least one [[register]]")
        if not 1 <= self.max_registers <= MOST_REGISTERS:
            raise InvalidInput(f"max_registers must lie between 1 and {MOST_REGISTERS}")
        fields = [register.field for register in self.register]
        if len(set(fields)) != len(fields):
            raise InvalidInput("two registers give the same field")


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Registers that are read in one request."""

    function: int
    address: int
    count: int

    def request(self, unit: int) -> Request:
        """The request for a unit."""
        return Request(unit=unit, function=self.function, address=self.address, count=self.count)


def _spans(template: Template) -> Iterator[tuple[int, int, int]]:
    """(function, first, last) of everything that must be read."""
    for register in template.register:
        yield register.function, register.address, register.address + WIDTH[register.type] - 1
        if register.fault_function is not None and register.fault_address is not None:
            yield register.fault_function, register.fault_address, register.fault_address


def blocks_of(template: Template) -> tuple[Block, ...]:
    """The fewest requests, in ascending order, within what the device allows."""
    blocks: list[Block] = []
    for function, first, last in sorted(set(_spans(template))):
        if blocks and blocks[-1].function == function:
            open_ = blocks[-1]
            end = max(last, open_.address + open_.count - 1)
            near = first - (open_.address + open_.count) <= template.block_gap
            if near and end - open_.address + 1 <= template.max_registers:
                blocks[-1] = Block(function=function, address=open_.address, count=end - open_.address + 1)
                continue
        blocks.append(Block(function=function, address=first, count=last - first + 1))
    return tuple(blocks)


def decode_registers(template: Template, sensor: str, words: Mapping[tuple[int, int], int]) -> Decoded:
    """One sample of all values that can be read, and a refusal for each that cannot.

    `words` are what was read, by (function, address); what a failed request left out is passed over, because
    that request was refused already.
    """
    values: dict[str, Value] = {}
    refusals: list[Refusal] = []
    for register in template.register:
        width = WIDTH[register.type]
        raw = [words.get((register.function, register.address + place)) for place in range(width)]
        if any(word is None for word in raw):
            continue
        value = _value(register, [word for word in raw if word is not None], words)
        if isinstance(value, RefusalReason):
            detail = f"{register.field}: {' '.join(f'{word:04X}' for word in raw if word is not None)}"
            refusals.append(Refusal(reason=value, detail=detail, sensor=sensor))
        else:
            values[register.field] = value
    return [Sample(sensor=sensor, values=values), *refusals] if values else refusals


def _value(
    register: Register, raw: Sequence[int], words: Mapping[tuple[int, int], int]
) -> Value | RefusalReason:
    function, address = register.fault_function, register.fault_address
    if function is not None and address is not None and words.get((function, address), 1):
        return RefusalReason.PROBE_FAULT
    data = _ordered(register, raw)
    if int.from_bytes(data, "big") in register.error_values:
        return RefusalReason.SENTINEL
    number = _number(register, data)
    if register.scale != 1.0 or register.offset:
        # One decimal more than a float of the same size shows: 305 x 0.1 is 30.5, not 30.500000000000004.
        number = round(number * register.scale + register.offset, 9)
    if QUANTITIES[register.field].kind == "bool":
        return bool(number)
    return value_of(register.field, number)


def _ordered(register: Register, raw: Sequence[int]) -> bytes:
    words = [word.to_bytes(2, "big") for word in raw]
    if register.word_order in ("CDAB", "DCBA"):
        words.reverse()
    if register.word_order in ("BADC", "DCBA"):
        words = [word[::-1] for word in words]
    return b"".join(words)


def _number(register: Register, data: bytes) -> float | int:
    if register.type == "float32":
        number: float = struct.unpack(">f", data)[0]
        return number
    whole = int.from_bytes(data, "big", signed=register.type in ("s16", "s32"))
    return whole if register.bit is None else whole >> register.bit & 1

"""Register maps of several kinds of Modbus units, and answers out of them.

A map is what a unit holds at one instant: (function, address as on the wire) → word or bit.
MODBUS Application Protocol V1.1b3; the numbers are those of the devices' own documents or public drivers.
"""

from collections.abc import Mapping
from typing import Final

from coldchain_sim.devices.modbus import MOST_AT_ONCE, Refusal, Request, crc16, registers

NO_PROBE: Final = 0x8000
BITS: Final = (1, 2)
Map = Mapping[tuple[int, int], int]


def transmitter(celsius: float, humidity: float, counter: int) -> Map:
    """The simulator's own: what `modbus.registers` says, at functions 3 and 4."""
    words = registers(temperature_c=celsius, humidity=humidity, counter=counter)
    return {(function, address): words.get(address, 0) for function in (3, 4) for address in range(32)}


def xy_md02(celsius: float, humidity: float, _counter: int) -> Map:
    """Temperature and humidity in tenths at input registers 1 and 2."""
    return {(4, 1): _tenths(celsius), (4, 2): _tenths(humidity)}


def r4dcb08(celsius: float, _humidity: float, _counter: int) -> Map:
    """Eight channels in tenths at holding registers 0 to 7; this one has a probe at the first only."""
    return {(3, 0): _tenths(celsius)} | {(3, channel): NO_PROBE for channel in range(1, 8)}


def carel_ir33(celsius: float, _humidity: float, _counter: int) -> Map:
    """Probe 1 at input register 403, set-point 404, faults and door as discrete inputs, alarms as coils."""
    return {
        (4, 403): _tenths(celsius),
        (4, 412): _tenths(celsius - 6.0),
        (3, 404): _tenths(-20.0),
        **{(2, place): 0 for place in (3, 6, 28, 29, 43)},
        **{(1, place): 0 for place in (2, 5)},
    }


def siemens_qfa3150(celsius: float, humidity: float, _counter: int) -> Map:
    """Hundredths at holding registers 0 and 2 (its manual counts from 1), reliability behind, unit at 400."""
    return {
        (3, 0): round(celsius * 100) & 0xFFFF,
        (3, 1): 0,
        (3, 2): round(humidity * 100),
        (3, 3): 0,
        (3, 400): 0,
    }


UNIT_KINDS: Final = {
    "transmitter": transmitter,
    "xy-md02": xy_md02,
    "r4dcb08": r4dcb08,
    "carel-ir33": carel_ir33,
    "siemens-qfa3150": siemens_qfa3150,
}
# Where each kind has the temperature that counts as a reading, and how much it gives at once.
TEMPERATURE_AT: Final[Mapping[str, frozenset[tuple[int, int]]]] = {
    "transmitter": frozenset({(3, 1), (4, 1)}),
    "xy-md02": frozenset({(4, 1)}),
    "r4dcb08": frozenset({(3, 0)}),
    "carel-ir33": frozenset({(4, 403)}),
    "siemens-qfa3150": frozenset({(3, 0)}),
}
MOST_BY_KIND: Final[Mapping[str, int]] = {"carel-ir33": 1}


def tells_temperature(kind: str, request: Request) -> bool:
    """Whether the answer to this request is a reading."""
    wanted = {(request.function, request.first + place) for place in range(request.count)}
    return bool(wanted & TEMPERATURE_AT[kind]) and request.count <= MOST_BY_KIND.get(kind, MOST_AT_ONCE)


def answer_from(kind: str, request: Request, words: Map) -> bytes:
    """The whole frame that goes back: registers, bits, or an exception."""
    reason = _refusal(kind, request, words)
    if reason is not None:
        body = bytes([request.unit, request.function | 0x80, reason])
        return body + crc16(body)
    found = [words[request.function, request.first + place] for place in range(request.count)]
    if request.function in BITS:
        packed = sum(bit << place for place, bit in enumerate(found))
        data = packed.to_bytes((request.count + 7) // 8, "little")
    else:
        data = b"".join(word.to_bytes(2, "big") for word in found)
    body = bytes([request.unit, request.function, len(data)]) + data
    return body + crc16(body)


def _refusal(kind: str, request: Request, words: Map) -> Refusal | None:
    if request.function not in {function for function, _ in words}:
        return Refusal.ILLEGAL_FUNCTION
    if not 1 <= request.count <= MOST_BY_KIND.get(kind, MOST_AT_ONCE):
        return Refusal.ILLEGAL_VALUE
    wanted = [(request.function, request.first + place) for place in range(request.count)]
    return None if all(place in words for place in wanted) else Refusal.ILLEGAL_ADDRESS


def _tenths(value: float) -> int:
    return round(value * 10) & 0xFFFF

"""A temperature transmitter on Modbus RTU: read-only registers, answered as the protocol says.

Registers (0-based): 1 temperature x 10 (s16), 2 relative humidity x 10, 16-17 counter (u32, high word first).
Functions 3 and 4 read the same map. MODBUS over Serial Line V1.02, Application Protocol V1.1b3.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

REQUEST_BYTES = 8
TEMPERATURE, HUMIDITY, COUNTER_HIGH, COUNTER_LOW = 1, 2, 16, 17
REGISTERS = 32
MOST_AT_ONCE = 125


class Refusal(IntEnum):
    """Exception codes of the protocol."""

    ILLEGAL_FUNCTION = 1
    ILLEGAL_ADDRESS = 2
    ILLEGAL_VALUE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A well-formed request: which unit, which function, which registers."""

    unit: int
    function: int
    first: int
    count: int


def crc16(data: bytes) -> bytes:
    """CRC-16/Modbus (polynomial 0xA001 reflected, start 0xFFFF), low byte first as on the wire."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ 0xA001 if crc & 1 else crc >> 1
    return crc.to_bytes(2, "little")


def frame(request: Request) -> bytes:
    """The request as a master sends it."""
    body = bytes([request.unit, request.function])
    body += request.first.to_bytes(2, "big") + request.count.to_bytes(2, "big")
    return body + crc16(body)


def split(received: bytes) -> tuple[list[Request], bytes]:
    """Requests in what came over the line, and the unfinished rest; bytes that fit nothing are skipped."""
    requests: list[Request] = []
    while len(received) >= REQUEST_BYTES:
        frame = received[:REQUEST_BYTES]
        if crc16(frame[:-2]) != frame[-2:]:
            received = received[1:]
            continue
        first, count = int.from_bytes(frame[2:4], "big"), int.from_bytes(frame[4:6], "big")
        requests.append(Request(unit=frame[0], function=frame[1], first=first, count=count))
        received = received[REQUEST_BYTES:]
    return requests, received


def registers(*, temperature_c: float, humidity: float, counter: int) -> dict[int, int]:
    """The register map at one instant, as unsigned 16-bit words."""
    return {
        TEMPERATURE: round(temperature_c * 10) & 0xFFFF,
        HUMIDITY: round(humidity * 10) & 0xFFFF,
        COUNTER_HIGH: (counter >> 16) & 0xFFFF,
        COUNTER_LOW: counter & 0xFFFF,
    }


def refusal(request: Request) -> Refusal | None:
    """Why this request cannot be answered with registers, or None."""
    if request.function not in {3, 4}:
        return Refusal.ILLEGAL_FUNCTION
    if not 1 <= request.count <= MOST_AT_ONCE:
        return Refusal.ILLEGAL_VALUE
    if request.first + request.count > REGISTERS:
        return Refusal.ILLEGAL_ADDRESS
    return None


def tells_temperature(request: Request) -> bool:
    """Whether the answer to this request carries the temperature, that is, is a reading."""
    return refusal(request) is None and request.first <= TEMPERATURE < request.first + request.count


def answer(request: Request, words: Mapping[int, int]) -> bytes:
    """The whole frame that goes back: registers (unmapped ones read 0) or an exception."""
    reason = refusal(request)
    if reason is not None:
        body = bytes([request.unit, request.function | 0x80, reason])
    else:
        data = b"".join(
            words.get(request.first + place, 0).to_bytes(2, "big") for place in range(request.count)
        )
        body = bytes([request.unit, request.function, len(data)]) + data
    return body + crc16(body)

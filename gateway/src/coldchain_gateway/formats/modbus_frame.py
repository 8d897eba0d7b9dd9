"""Modbus RTU frames: requests for registers and bits, and what an answer to one can be.

MODBUS over Serial Line V1.02, Application Protocol V1.1b3. Nothing here can write to a unit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from coldchain.errors import InvalidInput
from coldchain.readings import Refusal, RefusalReason

from .values import refused

BITS: Final = (1, 2)
REGISTERS: Final = (3, 4)
MOST: Final = 125
EXCEPTIONS: Final = {
    1: "illegal function",
    2: "illegal data address",
    3: "illegal data value",
    4: "device failure",
    6: "device busy",
}
SHORTEST: Final = 5
# Turning the line round costs a byte or two on cheap converters.
MOST_NOISE: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """`count` registers (functions 3, 4) or bits (1, 2) of a unit from a 0-based address on."""

    unit: int
    function: int
    address: int
    count: int

    def __post_init__(self) -> None:
        if not 0 <= self.unit <= 255 or self.function not in (*BITS, *REGISTERS):
            raise InvalidInput(f"not a read: unit {self.unit}, function {self.function}")
        if not 1 <= self.count <= MOST or not 0 <= self.address <= 0x10000 - self.count:
            raise InvalidInput(f"not a read: address {self.address}, count {self.count}")

    @property
    def data_bytes(self) -> int:
        """How many data bytes the answer carries."""
        return 2 * self.count if self.function in REGISTERS else (self.count + 7) // 8

    @property
    def answer_bytes(self) -> int:
        """How long a whole answer is; an exception has five bytes."""
        return 5 + self.data_bytes


def _table() -> tuple[int, ...]:
    crcs = []
    for crc in range(256):
        for _ in range(8):
            crc = (crc >> 1) ^ 0xA001 if crc & 1 else crc >> 1  # noqa: PLW2901 - one byte's eight steps
        crcs.append(crc)
    return tuple(crcs)


_CRC: Final = _table()
LAST_UNIT: Final = 247


def crc16(data: bytes) -> bytes:
    """CRC-16/Modbus (0xA001 reflected, start 0xFFFF), low byte first as on the wire."""
    crc = 0xFFFF
    for byte in data:
        crc = (crc >> 8) ^ _CRC[(crc ^ byte) & 0xFF]
    return crc.to_bytes(2, "little")


def request_frame(request: Request) -> bytes:
    """The bytes that go out on a serial line; raises InvalidInput for a unit that cannot answer there.

    0 is a broadcast, which nobody answers, 248 to 255 are reserved; over TCP they may stand for a bridge.
    """
    if not 1 <= request.unit <= LAST_UNIT:
        raise InvalidInput(f"not a read: unit {request.unit} on a serial line")
    body = bytes([request.unit, request.function])
    body += request.address.to_bytes(2, "big") + request.count.to_bytes(2, "big")
    return body + crc16(body)


def is_whole(received: bytes, request: Request) -> bool:
    """Whether an answer or exception has come and nothing more is to be waited for."""
    return _answer_in(received, request) is not None


def read_answer(received: bytes, request: Request) -> Sequence[int] | Refusal:
    """Registers, or bits as 0 and 1, or why there are none.

    An echo of the request and a few bytes of noise before the frame are passed over; bytes behind it are a
    fault, because of two answers the first may be the late one to an earlier request.
    """
    frame = _answer_in(received, request)
    if frame is None:
        reason, detail = _fault(received, request)
        return refused(reason, f"unit {request.unit}: {detail}", received)
    if frame[1] & 0x80:
        detail = EXCEPTIONS.get(frame[2], f"exception {frame[2]}")
        return refused(RefusalReason.EXCEPTION_FRAME, f"unit {request.unit}: {detail}", received)
    data = frame[3:-2]
    if request.function in REGISTERS:
        return [int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data), 2)]
    return [data[at // 8] >> (at % 8) & 1 for at in range(request.count)]


def _answer_in(received: bytes, request: Request) -> bytes | None:
    """The frame at the end of what came, if it is the answer or an exception to the request."""
    received = received.removeprefix(request_frame(request))
    for length in (request.answer_bytes, SHORTEST):
        noise = len(received) - length
        if not 0 <= noise <= MOST_NOISE:
            continue
        frame = received[noise:]
        meant = frame[0] == request.unit and crc16(frame[:-2]) == frame[-2:]
        if meant and frame[1] == request.function and frame[2] == request.data_bytes and length != SHORTEST:
            return frame
        if meant and frame[1] == request.function | 0x80 and length == SHORTEST:
            return frame
    return None


def _fault(received: bytes, request: Request) -> tuple[RefusalReason, str]:
    """What is wrong with bytes that hold no answer."""
    received = received.removeprefix(request_frame(request))
    if not received:
        return RefusalReason.TIMEOUT, "no answer"
    if len(received) >= SHORTEST and crc16(received[:-2]) == received[-2:]:
        return RefusalReason.FOREIGN_FRAME, f"from unit {received[0]}, function {received[1]}"
    if len(received) < request.answer_bytes:
        return RefusalReason.SHORT_FRAME, f"{len(received)} of {request.answer_bytes} bytes"
    return RefusalReason.CRC, f"{len(received)} bytes that are no answer"

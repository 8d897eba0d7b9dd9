"""Modbus RTU frames: requests for registers and bits, and what an answer to one can be.

MODBUS over Serial Line V1.02, Application Protocol V1.1b3. The gateway only reads.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from coldchain.readings import Refusal, RefusalReason

EXCEPTIONS: Final = {
    1: "illegal function",
    2: "illegal data address",
    3: "illegal data value",
    4: "device failure",
    6: "device busy",
}
SHORTEST: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """`count` registers (functions 3, 4) or bits (1, 2) of a unit from a 0-based address on."""

    unit: int
    function: int
    address: int
    count: int

    @property
    def data_bytes(self) -> int:
        """How many data bytes the answer carries."""
        return 2 * self.count if self.function in (3, 4) else (self.count + 7) // 8

    @property
    def answer_bytes(self) -> int:
        """How long a whole answer is; an exception has five bytes."""
        return 5 + self.data_bytes


def crc16(data: bytes) -> bytes:
    """CRC-16/Modbus, low byte first as on the wire."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ 0xA001 if crc & 1 else crc >> 1
    return crc.to_bytes(2, "little")


def request_frame(request: Request) -> bytes:
    """The bytes that go out."""
    body = bytes([request.unit, request.function])
    body += request.address.to_bytes(2, "big") + request.count.to_bytes(2, "big")
    return body + crc16(body)


def is_whole(received: bytes, request: Request) -> bool:
    """Whether enough has come to be read: an answer's length, or an exception's."""
    if len(received) >= SHORTEST and received[1] & 0x80:
        return True
    return len(received) >= request.answer_bytes


def read_answer(received: bytes, request: Request) -> Sequence[int] | Refusal:
    """Registers, or bits as 0 and 1, or why there are none. Bytes behind the frame are a fault."""
    fault = _fault(received, request)
    if fault is not None:
        reason, detail = fault
        return Refusal(reason=reason, detail=detail, raw=received)
    data = received[3:-2]
    if request.function in (3, 4):
        return [int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data), 2)]
    return [data[at // 8] >> (at % 8) & 1 for at in range(request.count)]


def _fault(received: bytes, request: Request) -> tuple[RefusalReason, str] | None:
    """Why these bytes are not the answer, or None."""
    if len(received) < SHORTEST:
        return (RefusalReason.SHORT_FRAME if received else RefusalReason.TIMEOUT), f"{len(received)} bytes"
    exception = bool(received[1] & 0x80)
    frame = received[:SHORTEST] if exception else received
    if crc16(frame[:-2]) != frame[-2:]:
        whole = exception or len(received) >= request.answer_bytes
        return (RefusalReason.CRC if whole else RefusalReason.SHORT_FRAME), f"{len(received)} bytes"
    if frame[0] != request.unit or frame[1] & 0x7F != request.function:
        return RefusalReason.FOREIGN_FRAME, f"unit {frame[0]}, function {frame[1]}"
    if exception:
        return RefusalReason.EXCEPTION_FRAME, EXCEPTIONS.get(frame[2], f"exception {frame[2]}")
    if frame[2] != request.data_bytes or len(frame) != request.answer_bytes:
        return RefusalReason.FOREIGN_FRAME, f"{frame[2]} data bytes for {request.count} values"
    return None

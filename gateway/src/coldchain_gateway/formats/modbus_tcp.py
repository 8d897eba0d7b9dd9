"""Modbus TCP: the same requests behind a header of seven bytes instead of a checksum.

MODBUS Messaging on TCP/IP V1.0b. The transaction number tells a late answer from the one that is waited for.
"""

from collections.abc import Sequence
from typing import Final

from coldchain.readings import Refusal, RefusalReason

from .modbus_frame import EXCEPTIONS, REGISTERS, Request
from .values import refused

HEADER: Final = 7
LONGEST: Final = 260


def tcp_request(request: Request, transaction: int) -> bytes:
    """The bytes that go out; `transaction` 0 to 65535."""
    body = bytes([request.unit, request.function])
    body += request.address.to_bytes(2, "big") + request.count.to_bytes(2, "big")
    return transaction.to_bytes(2, "big") + b"\0\0" + len(body).to_bytes(2, "big") + body


def first_frame(received: bytes) -> tuple[bytes, bytes] | None:
    """The first whole frame and what follows it; None while more is to come.

    Raises ValueError for what cannot be Modbus TCP: the connection is to be given up.
    """
    if len(received) < HEADER:
        return None
    length = int.from_bytes(received[4:6], "big")
    if received[2:4] != b"\0\0" or not 3 <= length <= LONGEST - 6:
        raise ValueError("not Modbus TCP")
    end = 6 + length
    return None if len(received) < end else (received[:end], received[end:])


def read_tcp_answer(frame: bytes, request: Request, transaction: int) -> Sequence[int] | Refusal | None:
    """Registers, bits, or why there are none; None for the late answer to an earlier request."""
    if int.from_bytes(frame[:2], "big") != transaction:
        return None
    unit, function, data = frame[6], frame[7], frame[8:]
    told = f"unit {request.unit}: "
    if unit != request.unit or function & 0x7F != request.function:
        return refused(RefusalReason.FOREIGN_FRAME, f"{told}unit {unit}, function {function} answered", frame)
    if function & 0x80:
        code = data[0] if data else 0
        return refused(RefusalReason.EXCEPTION_FRAME, told + EXCEPTIONS.get(code, f"exception {code}"), frame)
    if not data or data[0] != request.data_bytes or len(data) != 1 + request.data_bytes:
        return refused(RefusalReason.SHORT_FRAME, f"{told}{len(data)} data bytes", frame)
    words = data[1:]
    if request.function in REGISTERS:
        return [int.from_bytes(words[at : at + 2], "big") for at in range(0, len(words), 2)]
    return [words[at // 8] >> (at % 8) & 1 for at in range(request.count)]

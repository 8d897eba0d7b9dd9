"""What a codec finds in an uplink, and how it takes numbers from it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from coldchain.readings import RefusalReason
from coldchain_gateway.formats.values import Said, Unreadable

NO_PROBE: Final = frozenset({0x7FFF, -0x8000})


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """What one probe of the device said at one instant.

    Its time is the uplink's unless `time_s` (UTC) or `age_s` (before the uplink) tell another; `history`: it
    comes from the device's memory.
    """

    said: Sequence[Said]
    probe: str = ""  # "": the device's own
    time_s: int | None = None
    age_s: int | None = None
    history: bool = False


# (fPort, payload) → pieces. Raises Unreadable where the rest cannot be read; what came before it counts.
Codec = Callable[[int, bytes], Iterator[Piece]]


def unsigned(data: bytes, at: int, size: int, order: Literal["big", "little"] = "big") -> int:
    """A whole number. Raises Unreadable where the frame ends before."""
    if at + size > len(data):
        raise Unreadable(RefusalReason.SHORT_FRAME, f"{len(data)} bytes, {at + size} needed")
    return int.from_bytes(data[at : at + size], order)


def signed(data: bytes, at: int, size: int = 2, order: Literal["big", "little"] = "big") -> int:
    """A whole number with its sign. Raises Unreadable where the frame ends before."""
    number = unsigned(data, at, size, order)
    return number - (1 << 8 * size) if number >> (8 * size - 1) else number


def scaled(
    data: bytes, at: int, divisor: int, order: Literal["big", "little"] = "big"
) -> float | RefusalReason:
    """A signed 16-bit value in parts of its unit; 0x7FFF and 0x8000 say that there is no probe."""
    number = signed(data, at, 2, order)
    return RefusalReason.SENTINEL if number in NO_PROBE else number / divisor

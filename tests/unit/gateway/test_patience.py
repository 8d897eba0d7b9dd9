"""How long an answer may take in all, however often a byte of it comes."""

import io
import socket
from collections.abc import Iterator

import pytest

from coldchain_gateway.uplink.patience import LEAST_BYTES_PER_S, Patience
from support.still_clock import StillClock

LIMIT_S = 20.0


class Drip(io.RawIOBase):
    """Gives so many bytes, `apart_ms` from each other."""

    def __init__(self, clock: StillClock, apart_ms: int, count: int) -> None:
        super().__init__()
        self._clock = clock
        self._apart_ms = apart_ms
        self._left = count

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # what a buffered reader gives
        self._clock.advance(self._apart_ms)
        given = min(self._left, 1, len(buffer))
        buffer[:given] = b"x" * given
        self._left -= given
        return given


@pytest.fixture
def wire() -> Iterator[socket.socket]:
    ours, theirs = socket.socketpair()
    ours.settimeout(LIMIT_S)
    yield ours
    ours.close()
    theirs.close()


def read(wire: socket.socket, apart_ms: int, count: int) -> bytes:
    clock = StillClock()
    answer = Patience(Drip(clock, apart_ms, count), wire, clock)
    try:
        return io.BufferedReader(answer).read()
    finally:
        assert clock.ns / 1e9 <= LIMIT_S + count / LEAST_BYTES_PER_S + apart_ms / 1000
        assert wire.gettimeout() == LIMIT_S, "the next request has its own time"


def test_a_byte_now_and_then_is_no_answer(wire: socket.socket) -> None:
    with pytest.raises(TimeoutError, match=r"longer than 2[01] s"):
        read(wire, 1000, 10_000)


def test_a_long_answer_over_a_slow_network_is_waited_for(wire: socket.socket) -> None:
    """Forty seconds in all, a byte each three milliseconds: slow, and no slower than allowed."""
    assert len(read(wire, 3, 13_000)) == 13_000


@pytest.mark.parametrize("count", [0, 1, 19])
def test_within_the_first_wait_any_pace_will_do(wire: socket.socket, count: int) -> None:
    assert len(read(wire, 1000, count)) == count


def test_a_wire_without_a_limit_has_none(wire: socket.socket) -> None:
    wire.settimeout(None)
    clock = StillClock()
    assert len(io.BufferedReader(Patience(Drip(clock, 10_000, 100), wire, clock)).read()) == 100

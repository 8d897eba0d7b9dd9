"""A backend that hangs up in the middle of a body, its own or ours, or answers byte by byte: nothing is lost,
and the lanes go on."""

import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from coldchain.seal import Batch, read_batches
from coldchain_gateway.clock_trust import ClockTrust
from coldchain_gateway.identity import Identity
from coldchain_gateway.uplink import Connection, Endpoint, Sender
from coldchain_runtime.clock import SystemClock
from support.gateway_life import Life

WAIT_S = 0.5
WELL = b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n"


class Ill:
    """Serves one connection after another; the first `ill` of them in its own bad way, all others well."""

    def __init__(self, ill: int, way: Callable[[socket.socket], None]) -> None:
        self.kept: list[int] = []
        self._left = ill
        self._way = way
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                wire, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(wire,), daemon=True).start()

    def _serve(self, wire: socket.socket) -> None:
        with wire, suppress(OSError):
            if self._left > 0:
                self._left -= 1
                self._way(wire)
                return
            while (body := read_request(wire)) is not None:
                batches = read_batches(zlib.decompress(body, wbits=31))
                self.kept += [batch.seq for batch in batches if isinstance(batch, Batch)]
                wire.sendall(WELL)


def read_request(wire: socket.socket) -> bytes | None:
    data = b""
    while b"\r\n\r\n" not in data:
        more = wire.recv(65536)
        if not more:
            return None
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    while len(body) < length:
        body += wire.recv(65536)
    return body


def hang_up_on_ours(wire: socket.socket) -> None:
    wire.recv(100)


def hang_up_in_its_own(wire: socket.socket) -> None:
    read_request(wire)
    wire.sendall(b'HTTP/1.1 422 Unprocessable\r\nContent-Length: 500\r\n\r\n{"code":"inv')


def drip(wire: socket.socket) -> None:
    read_request(wire)
    for byte in WELL * 20:  # never silent for as long as a socket waits, and never done
        wire.sendall(bytes([byte]))
        time.sleep(WAIT_S / 10)


@pytest.fixture
def ill(request: pytest.FixtureRequest) -> Iterator[Ill]:
    made = Ill(3, request.param)
    yield made
    made.close()


@pytest.mark.parametrize("ill", [hang_up_on_ours, hang_up_in_its_own, drip], indirect=True)
def test_nothing_is_lost_and_nothing_is_taken_for_an_answer(ill: Ill, tmp_path: Path) -> None:
    life = Life.open(tmp_path)
    for number in range(5):
        life.keep(number * 1000 + 1)
        life.seal(number * 1000 + 2)
    clock = SystemClock()
    sender = Sender(
        outbox=life.outbox,
        identity=Identity(key=life.key, organisation="demo", head_file=life.head_file),
        trust=ClockTrust(clock, lambda: False),
        clock=clock,
        connect=lambda: Connection(Endpoint.parse(ill.url), clock, lambda: None, timeout_s=WAIT_S),
    )
    lanes = [threading.Thread(target=lane) for lane in (sender.run_live, sender.run_backlog)]
    for lane in lanes:
        lane.start()
    sender.sealed()
    try:
        deadline = time.monotonic() + 60
        while life.outbox.counts().waiting_batches and time.monotonic() < deadline:
            time.sleep(0.05)
    finally:
        sender.stop()
        for lane in lanes:
            lane.join(10)
    assert sorted(ill.kept) == [1, 2, 3, 4, 5]
    counts = life.outbox.counts()
    assert (counts.waiting_batches, counts.refused_batches) == (0, 0)

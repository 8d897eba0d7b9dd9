"""A pseudo terminal that knows what has been read, what was thrown away, and that can be pulled out."""

import os
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest
import serial

from coldchain_sim.transports.pty import PtyLine
from demo.waiting import wait_for


@pytest.fixture
def line(tmp_path: Path) -> Iterator[PtyLine]:
    line = PtyLine(tmp_path / "tty-line")
    line.plug()
    yield line
    line.unplug()


def reader(line: PtyLine) -> serial.Serial:
    return serial.Serial(str(line.link), 9600, timeout=2.0)


def test_bytes_arrive_unchanged_in_both_directions(line: PtyLine) -> None:
    every_byte = bytes(range(256))
    with reader(line) as port:
        assert line.write(every_byte)
        assert port.read(256) == every_byte
        port.write(every_byte)
        heard = bytearray()

        def all_heard() -> bool:
            heard.extend(line.receive())
            return len(heard) >= 256

        wait_for("the other direction", all_heard, within_s=2.0)
    assert bytes(heard) == every_byte


def test_the_line_knows_how_much_nobody_has_read(line: PtyLine) -> None:
    assert line.write(b"12345678")
    wait_for("queued", lambda: line.unread() == 8, within_s=2.0)
    handle = os.open(line.link, os.O_RDWR | os.O_NOCTTY)
    try:
        assert os.read(handle, 3) == b"123"
        assert line.unread() == 5
        assert os.read(handle, 100) == b"45678"
        assert line.unread() == 0
    finally:
        os.close(handle)
    line.receive()
    assert not line.thrown_away()


def test_a_reader_that_clears_its_input_is_noticed(line: PtyLine) -> None:
    line.write(b"old")
    wait_for("queued", lambda: line.unread() == 3, within_s=2.0)
    handle = os.open(line.link, os.O_RDWR | os.O_NOCTTY)
    try:
        termios.tcflush(handle, termios.TCIFLUSH)
    finally:
        os.close(handle)
    line.receive()
    assert line.thrown_away()
    assert not line.thrown_away()
    assert line.unread() == 0


def test_the_line_outlives_its_readers(line: PtyLine) -> None:
    for word in (b"one", b"two"):
        with reader(line) as port:
            line.write(word)
            assert port.read(3) == word


def test_pulling_the_cable_ends_readers_and_plugging_in_makes_a_new_line(line: PtyLine) -> None:
    handle = os.open(line.link, os.O_RDWR | os.O_NOCTTY)
    line.unplug()
    assert not line.link.is_symlink()
    with pytest.raises(OSError, match="unplugged"):
        line.handle  # noqa: B018 - asking is the test
    assert not line.write(b"lost")
    assert (line.unread(), line.receive()) == (0, b"")
    try:
        gone = os.read(handle, 1) == b""
    except OSError:
        gone = True
    os.close(handle)
    assert gone
    line.plug()
    with reader(line) as port:
        line.write(b"back")
        assert port.read(4) == b"back"


def test_a_line_that_nobody_reads_takes_no_more_at_some_point_and_says_so(line: PtyLine) -> None:
    taken = sum(line.write(b"x" * 512) for _ in range(1_000))
    assert taken < 1_000
    line.discard()

    def emptied() -> bool:
        line.discard()
        return line.unread() == 0

    wait_for("an empty line", emptied, within_s=2.0)

"""A serial line as a pseudo terminal that can be read, be left unread, and vanish.

The device's end is the terminal's master. The other end is kept open here as well, so that the line
outlives its readers, and so that it can be asked how many bytes nobody has read yet. Packet mode of the
master tells when a reader threw waiting bytes away, as programs do when they open a port.
"""

import fcntl
import os
import select
import struct
import termios
import tty
from dataclasses import dataclass, field
from pathlib import Path

_READ_AT_MOST = 4096


@dataclass(slots=True)
class PtyLine:
    """One line; `link` is a symbolic link to the terminal that programs open."""

    link: Path
    _master: int | None = field(default=None, init=False)
    _slave: int = field(default=-1, init=False)
    _thrown_away: bool = field(default=False, init=False)

    @property
    def plugged(self) -> bool:
        """Whether the line exists now."""
        return self._master is not None

    @property
    def handle(self) -> int:
        """The descriptor to wait on for bytes from the other side."""
        if self._master is None:
            raise OSError(f"{self.link} is unplugged")
        return self._master

    def plug(self) -> None:
        """Make the terminal, raw, and point the link at it."""
        if self._master is not None:
            return
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        fcntl.ioctl(self._master, termios.TIOCPKT, struct.pack("i", 1))
        os.set_blocking(self._master, False)
        self.link.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.link.with_name(f".{self.link.name}.new")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(os.ttyname(self._slave))
        fresh.replace(self.link)

    def unplug(self) -> None:
        """Pull the cable: readers get an error or end of file, and the link is gone."""
        if self._master is None:
            return
        self.link.unlink(missing_ok=True)
        os.close(self._slave)
        os.close(self._master)
        self._master = None

    def write(self, data: bytes) -> bool:
        """Put bytes on the line; False when it is unplugged or does not take them whole."""
        if self._master is None:
            return False
        try:
            return os.write(self._master, data) == len(data)
        except BlockingIOError:
            return False

    def unread(self) -> int:
        """Bytes on the line that no program has read yet.

        The kernel carries bytes from one end to the other in its own time; asking whether the far end is
        readable makes it finish that first (n_tty_poll), so that nothing on the way looks as if it was read.
        """
        if self._master is None:
            return 0
        far_end = select.poll()
        far_end.register(self._slave, select.POLLIN)
        far_end.poll(0)
        waiting = fcntl.ioctl(self._slave, termios.FIONREAD, struct.pack("i", 0))
        return int(struct.unpack("i", waiting)[0])

    def discard(self) -> None:
        """Let unread bytes go, as a real wire does that nobody listens to."""
        if self._master is not None:
            termios.tcflush(self._slave, termios.TCIFLUSH)

    def receive(self) -> bytes:
        """What programs wrote since the last call; notes when they threw away what waited for them."""
        received = b""
        while self._master is not None:
            try:
                packet = os.read(self._master, _READ_AT_MOST)
            except (BlockingIOError, InterruptedError):
                break
            if packet[:1] == b"\0":
                received += packet[1:]
            elif packet and packet[0] & termios.TIOCPKT_FLUSHREAD:
                self._thrown_away = True
        return received

    def thrown_away(self) -> bool:
        """Whether waiting bytes were thrown away since the last call; call `receive` first."""
        was, self._thrown_away = self._thrown_away, False
        return was

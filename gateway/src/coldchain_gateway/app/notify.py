"""What systemd is told (sd_notify): ready, stopping, still alive. Elsewhere nothing is sent.

A datagram of `NAME=value` lines to the socket in NOTIFY_SOCKET; a first byte `@` stands for the abstract
namespace's zero. WATCHDOG_USEC is how often systemd wants to hear, if WATCHDOG_PID is this process or unset.
"""

import os
import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

USEC: Final = 1_000_000


class Notifier:
    """Speaks to the service manager; a manager that does not listen costs nothing."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        values = os.environ if environment is None else environment
        self._address = values.get("NOTIFY_SOCKET", "")
        self.watchdog_s = _watchdog_s(values) if self._address else None

    def ready(self) -> None:
        """Everything that starts has started."""
        self._send("READY=1", "STATUS=running")

    def reloading(self) -> None:
        """A new configuration is being applied; `ready` says that it is."""
        self._send("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self, reason: str) -> None:
        """It goes down in order."""
        self._send("STOPPING=1", f"STATUS=going down: {reason}")

    def alive(self) -> None:
        """Everything moves; the watchdog's clock begins anew."""
        self._send("WATCHDOG=1")

    def status(self, text: str) -> None:
        """One line that `systemctl status` shows."""
        self._send(f"STATUS={' '.join(text.split())}")

    def _send(self, *lines: str) -> None:
        if not self._address.startswith(("/", "@")):
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as end:
            end.settimeout(1.0)
            end.sendto("\n".join(lines).encode(), address)


def _watchdog_s(values: Mapping[str, str]) -> float | None:
    """How long the manager waits for a word, s; None where it does not watch this process."""
    usec, pid = values.get("WATCHDOG_USEC", ""), values.get("WATCHDOG_PID", "")
    if not usec.isdecimal() or int(usec) == 0 or (pid and pid != str(os.getpid())):
        return None
    return int(usec) / USEC

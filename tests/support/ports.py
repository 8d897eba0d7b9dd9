"""Free TCP ports on this machine, below those that the system gives to connections that go out.

Test processes that run side by side draw from slices of their own, so that none takes a port which another
has just found free.
"""

from __future__ import annotations

import os
import random
import socket

FIRST, SLICES, SLICE = 20_000, 12, 1_000


def _drawn() -> range:
    """The slice of this test process: by its number when several run side by side, else by chance."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    number = int(worker.removeprefix("gw")) if worker else random.randrange(SLICES)
    start = FIRST + number % SLICES * SLICE
    return range(start, start + SLICE)


_ports = _drawn()
_next = random.randrange(SLICE)


def free_port() -> int:
    """A port that nobody listens on; callers that lose a race all the same fail loudly at bind."""
    global _next  # noqa: PLW0603  # one draw for the whole test process
    for _ in range(SLICE):
        port = _ports[_next % SLICE]
        _next += 1
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError(f"no free port in {_ports}")

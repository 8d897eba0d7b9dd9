"""Free TCP ports on this machine."""

from __future__ import annotations

import socket


def free_port() -> int:
    """A port that was free a moment ago; callers that lose the race fail loudly at bind."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

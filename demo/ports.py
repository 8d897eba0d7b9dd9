"""Ports that are free now."""

import socket

LOCAL = "127.0.0.1"


def free_port(wanted: int = 0) -> int:
    """The wanted port when it is free, else one that the system gives."""
    for port in dict.fromkeys((wanted, 0)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOCAL, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError("no free port")


def listens(port: int) -> bool:
    """Whether something accepts connections there."""
    try:
        with socket.create_connection((LOCAL, port), timeout=1.0):
            return True
    except OSError:
        return False

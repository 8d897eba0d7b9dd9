"""The web server: one application, stopped by a signal that the program sees itself."""

import asyncio
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from coldchain.errors import Unavailable
from coldchain_backend.app.patience import PATIENCE_S, PatientProtocol, room_for_connections
from coldchain_runtime.logs import Log

GRACE_S = 2
BACKLOG = 128
"""Connections that are taken at one look; each may need a file before another is given up for it."""
TICKS = 10
"""Of the server's ticks, ten a second: so often it looks for clients that do not go on."""

_log = Log("web")


class Server(uvicorn.Server):
    """Leaves signals to `run_server`, so that everything below is stopped in order."""

    patience_s = PATIENCE_S

    async def on_tick(self, counter: int) -> bool:
        """Give up the connections whose clients do not go on with their requests."""
        if counter % TICKS == 0:
            now = asyncio.get_running_loop().time()
            overdue = [
                one
                for one in self.server_state.connections
                if isinstance(one, PatientProtocol) and one.overdue(now, self.patience_s)
            ]
            for one in overdue:
                one.transport.abort()
            if overdue:
                _log.warning("web.unfinished", closed=len(overdue), open=len(self.server_state.connections))
        return await super().on_tick(counter)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take none."""
        yield


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """The server's socket, bound but not listening yet: clients are refused until the server can answer.

    Raises Unavailable where this machine does not let us have it.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        taken = socket.socket(family, socket.SOCK_STREAM)
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(address)
    except OSError as error:
        raise Unavailable(f"cannot listen on {host}:{port}: {error.strerror or error}") from error
    with taken:
        yield taken


def served(app: FastAPI, protocol: type[PatientProtocol]) -> Server:
    """A server that does not run yet."""
    return Server(
        uvicorn.Config(
            app,
            http=protocol,
            ws="none",
            backlog=BACKLOG,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,  # `web.proxies` reads them, of proxies that are named only
            timeout_graceful_shutdown=GRACE_S,
            timeout_keep_alive=75,
        )
    )


async def run_server(app: FastAPI, taken: socket.socket) -> None:
    """Serve until SIGTERM or SIGINT."""

    class Bounded(PatientProtocol):
        most = room_for_connections()

    server = served(app, Bounded)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, lambda: setattr(server, "should_exit", True))
    await server.serve(sockets=[taken])

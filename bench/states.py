"""Where the state stands under measurement: in a file, and on a PostgreSQL server that writes as in life."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from coldchain_backend.sql import Place
from coldchain_runtime.secrets import Secret
from demo.postgres import PostgresMissing, Server


@contextmanager
def addresses() -> Iterator[list[tuple[str, str]]]:
    """Kinds of places with the server's address, "" for a file; a server only where PostgreSQL is."""
    found = [("SQLite", "")]
    try:
        server = Server()
    except PostgresMissing:
        yield found
        return
    try:
        server.start()
        yield [*found, ("PostgreSQL", server.url())]
    finally:
        server.close()


@contextmanager
def places() -> Iterator[list[tuple[str, Place]]]:
    """An empty place of each kind with its name."""
    with ExitStack() as stack:
        found = []
        for name, address in stack.enter_context(addresses()):
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="coldchain-bench-")))
            server = Secret(address) if address else None
            found.append((name, Place(data_dir=folder, server=server, schema="coldchain_bench")))
        yield found

"""A PostgreSQL server for the tests of a session, databases for each test."""

from __future__ import annotations

import secrets
import shutil
from pathlib import Path
from typing import Final

from sqlalchemy import create_engine, text

from coldchain_backend.sql import SERIES_FILE, Place
from coldchain_runtime.secrets import Secret
from demo.postgres import Server

SCHEMA: Final = "coldchain_demo"
_TEMPLATE: Final = "coldchain_ready"


class Postgres(Server):
    """A quick one: what it says it wrote is lost with the machine, not with a process."""

    def __init__(self) -> None:
        super().__init__(durable=False)
        self._ready: Path | None = None

    def database(self) -> str:
        """The name of a new database, with nothing in it."""
        name = f"test_{secrets.token_hex(8)}"
        self.execute(f"CREATE DATABASE {name}")
        return name

    def ready(self, folder: Path) -> str:
        """A new database with the tables of this version; its file of readings is put into a folder."""
        if self._ready is None:
            self._ready = self.folder / "readings"
            self._ready.mkdir()
            self.execute(f"CREATE DATABASE {_TEMPLATE}")
            self.place(self._ready, _TEMPLATE).open().close()
        name = f"test_{secrets.token_hex(8)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE}")
        shutil.copy(self._ready / SERIES_FILE, folder)
        return name

    def drop(self, name: str) -> None:
        """Forget a database, also with connections left open."""
        self.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def place(self, folder: Path, database: str) -> Place:
        """Where a backend with this data folder keeps its state."""
        return Place(data_dir=folder, server=Secret(self.url(database)), schema=SCHEMA)

    def execute(self, statement: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """One statement outside any transaction; its rows."""
        engine = create_engine(
            self.url(database).replace("postgresql:", "postgresql+psycopg:"), isolation_level="AUTOCOMMIT"
        )
        with engine.connect() as connection:
            found = connection.execute(text(statement))
            rows = [tuple(row) for row in found] if found.returns_rows else []
        engine.dispose()
        return rows

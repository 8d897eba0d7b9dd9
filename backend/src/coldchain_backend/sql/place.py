"""Where the state stands: a file in the data folder, or a schema on a server with a file of readings here."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from coldchain.errors import Unavailable
from coldchain_backend.sql.session import (
    DATABASE_FILE,
    Database,
    check_format,
    check_version,
    open_database,
)
from coldchain_runtime.secrets import Secret

SERIES_FILE: Final = "series.sqlite"
"""The name of the readings' file in the data folder, where the state stands on a server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """`server`: the address of a PostgreSQL server, None for the file; `schema`: where its tables are."""

    data_dir: Path
    server: Secret | None = None
    schema: str = ""

    @property
    def file(self) -> Path:
        """The file in the data folder: of everything, or of the readings."""
        return self.data_dir / (DATABASE_FILE if self.server is None else SERIES_FILE)

    def open(self) -> Database:
        """Open or make the state.

        Raises Refused for one that a newer or older version wrote or that another backend has, IntegrityError
        for a damaged one, Unavailable where it cannot be reached now.
        """
        if self.server is None:
            return open_database(self.file)
        from coldchain_backend.sql.server import ServerDatabase, make_schema

        open_database(self.file).close()
        database = ServerDatabase(self.server, self.schema, self.file)
        try:
            with database.judge() as connection, connection.begin():
                make_schema(connection, self.schema)
            check_version(database)
        except BaseException:
            database.close()
            raise
        return database

    def look_into(self) -> Database:
        """Open the state for reading beside whoever has it. Raises as `open` does, Unavailable for none."""
        if not self.file.is_file():
            raise Unavailable(f"{self.file}: no database here")
        if self.server is None:
            return open_database(self.file)
        from coldchain_backend.sql.server import ServerDatabase

        database = ServerDatabase(self.server, self.schema, self.file)
        try:
            with database.read() as connection:
                check_format(connection, database.place)
        except BaseException:
            database.close()
            raise
        return database

    @contextmanager
    def looked_into(self) -> Iterator[Database]:
        """The state for reading, closed at the end; raises as `look_into` does."""
        database = self.look_into()
        try:
            yield database
        finally:
            database.close()

    @contextmanager
    def opened(self) -> Iterator[Database]:
        """The state, closed at the end; raises as `open` does."""
        database = self.open()
        try:
            yield database
        finally:
            database.close()

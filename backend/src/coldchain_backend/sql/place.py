"""Where the state stands: a file in the data folder, or a schema on a server with a file of readings here."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from coldchain.errors import Refused, Unavailable
from coldchain_backend.sql.formats import check_format
from coldchain_backend.sql.session import DATABASE_FILE, Database, check_version, open_database
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
        self._refuse_a_state_elsewhere()
        if self.server is None:
            return open_database(self.file)
        return self._on_server()

    @contextmanager
    def moving(self) -> Iterator[Database]:
        """The state on the server, also while one stands in the data folder's file; raises as `open` does."""
        database = self._on_server()
        try:
            yield database
        finally:
            database.close()

    def on_server(self) -> Database:
        """The server's state, whatever its format. Raises Refused where there is no server."""
        from coldchain_backend.sql.server import ServerDatabase  # nobody needs it who has no server

        if self.server is None:
            raise Refused("no server for the state: [state] url is not set")
        return ServerDatabase(self.server, self.schema, self.file)

    def _refuse_a_state_elsewhere(self) -> None:
        file, series = self.data_dir / DATABASE_FILE, self.data_dir / SERIES_FILE
        if self.server is not None and file.is_file():
            raise Refused(f"the state stands in {file}: `coldchain-backend migrate` moves it to the server")
        if self.server is None and series.is_file() and not file.is_file():
            raise Refused(f"the state of {series} stands on a server; name it in [state] url")

    def _on_server(self) -> Database:
        from coldchain_backend.sql.server import make_schema

        open_database(self.file).close()
        database = self.on_server()
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
        database = self.on_server()
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

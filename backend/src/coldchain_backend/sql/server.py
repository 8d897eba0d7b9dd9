"""The state on a PostgreSQL server: connections into one schema, and the lock that only one backend holds.

Readings stay in a SQLite file beside the ledger: they are packed memory of judging, and too many for a server
that others use as well.
"""

import time
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.engine.interfaces import DBAPIConnection, ExceptionContext
from sqlalchemy.exc import ArgumentError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from coldchain.errors import InvalidInput, Refused, Unavailable
from coldchain_backend.sql.session import BUSY_S, Database
from coldchain_runtime.secrets import Secret

CONNECT_S: Final = 10
_NAMES: Final = frozenset({"postgres", "postgresql", "postgresql+psycopg"})
_LOCK: Final = "SELECT pg_try_advisory_lock(hashtextextended(%s, 0))"
_LOCK_TRIES: Final = 20
_LOCK_PAUSE_S: Final = 0.1
_SETTINGS: Final = (
    "SET synchronous_commit = on",
    f"SET lock_timeout = '{int(BUSY_S)}s'",
    "SET tcp_keepalives_idle = 10",
    "SET tcp_keepalives_interval = 5",
    "SET tcp_keepalives_count = 3",
    "SET standard_conforming_strings = on",
)
"""A commit is durable when it returns; the server notices within half a minute that a backend is gone."""


class ServerDatabase(Database):
    """Tables in a schema of a server, readings in the file `series`.

    Every error of the connection is Unavailable: whatever was under way is not committed, or its commit is
    found when judging loads again.
    """

    def __init__(self, url: Secret, schema: str, series: Path) -> None:
        """Raises InvalidInput for what is no URL of PostgreSQL."""
        super().__init__(series)
        address = address_of(url)
        self.schema, self.place = schema, f"{address.render_as_string(hide_password=True)} {schema}"
        self._judge = _server(address, schema, "READ COMMITTED", (1, 0))
        self._write = _server(address, schema, "READ COMMITTED", (8, 24))
        self._read = _server(address, schema, "REPEATABLE READ", (8, 24))
        event.listen(self._judge, "connect", self._take_lock)

    def write(self) -> Connection:
        return self._write.connect()

    def read(self) -> Connection:
        return self._read.connect()

    def judge(self) -> Connection:
        return self._judge.connect()

    def judge_series(self, judging: Connection) -> Connection:
        del judging
        return self.write_series()

    def write_series(self) -> Connection:
        return super().write()

    def series(self) -> Connection:
        return super().read()

    def close(self) -> None:
        super().close()
        for engine in (self._judge, self._write, self._read):
            engine.dispose()

    def _take_lock(self, connection: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
        """No session judges without the lock; it ends with the session, soon after its process was killed."""
        del entry
        cursor = connection.cursor()
        for _ in range(_LOCK_TRIES):
            cursor.execute(_LOCK, (f"coldchain: the one writer of {self.schema}",))
            found = cursor.fetchone()
            connection.commit()
            if found is not None and found[0]:
                cursor.close()
                return
            time.sleep(_LOCK_PAUSE_S)
        connection.close()
        raise Refused(f"{self.place}: another backend has this state; only one may judge into it")


def address_of(url: Secret) -> URL:
    """A server's address in the form that SQLAlchemy takes. Raises InvalidInput, without the password."""
    try:
        address = make_url(url.reveal())
    except ArgumentError as error:
        raise InvalidInput(
            "the address of the state is no URL: postgresql://USER:PASSWORD@HOST/DATABASE"
        ) from error
    if address.drivername not in _NAMES or not address.database:
        raise InvalidInput(
            f"{address.drivername}: the state stands in postgresql://USER:PASSWORD@HOST/DATABASE"
        )
    return address.set(drivername="postgresql+psycopg")


def make_schema(connection: Connection, schema: str) -> None:
    """Make the schema that a connection looks into, if it is not there."""
    connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {_quoted(connection, schema)}"))


def _quoted(connection: Connection, name: str) -> str:
    return connection.dialect.identifier_preparer.quote_identifier(name)


def _server(address: URL, schema: str, isolation: str, pool: tuple[int, int]) -> Engine:
    try:
        engine = create_engine(
            address,
            isolation_level=isolation,
            connect_args={"connect_timeout": CONNECT_S, "application_name": "coldchain-backend"},
            poolclass=QueuePool,
            pool_size=pool[0],
            max_overflow=pool[1],
            pool_timeout=BUSY_S,
            pool_pre_ping=True,
        )
    except ModuleNotFoundError as error:
        raise Unavailable(f"PostgreSQL needs {error.name}: install coldchain-backend[postgresql]") from error
    quoted = '"' + schema.replace('"', '""') + '"'

    def prepare(connection: Any, entry: ConnectionPoolEntry) -> None:  # noqa: ANN401 - the driver's own
        del entry
        connection.autocommit = True
        with connection.cursor() as cursor:
            for setting in (*_SETTINGS, f"SET search_path = {quoted}"):
                cursor.execute(setting)
        connection.autocommit = False
        connection.adapters.register_dumper(str, _dumper())

    event.listen(engine, "connect", prepare, insert=True)
    event.listen(engine, "handle_error", _unavailable)
    return engine


def _unavailable(context: ExceptionContext) -> Unavailable | None:
    """What the caller is told in place of the driver's error, in one line and without the password."""
    if context.is_disconnect or isinstance(context.sqlalchemy_exception, OperationalError):
        first = str(context.original_exception).strip().partition("\n")[0]
        return Unavailable(f"the state cannot be reached: {first}")
    return None


def _dumper() -> type:
    """Writes text without NUL, which PostgreSQL cannot store: a stranger's bytes must not stop judging."""
    from psycopg.types.string import StrDumper  # the driver is there only where it is used

    class WithoutNul(StrDumper):
        def dump(self, obj: str) -> Any:  # noqa: ANN401 - the driver's own
            return super().dump(obj.replace("\0", "\ufffd"))

    return WithoutNul

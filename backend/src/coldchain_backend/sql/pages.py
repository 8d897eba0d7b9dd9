"""Rows that wait in memory, the newest per key, and are written before a read that could miss them."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

import orjson
from sqlalchemy import BigInteger, ColumnElement, Connection, FromClause, String, Table, and_, bindparam

from coldchain_backend.judging.contracts import CourseKey
from coldchain_backend.sql import schema
from coldchain_backend.sql.dialect import add_or_keep, add_or_replace, listed, put_rows
from coldchain_backend.sql.rows import Cell, Row

_STAY: Final = frozenset({"delivery", "alert_transition"})
"""Rows of these that are there stay as they are."""


class Pages:
    """One connection's waiting rows."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._waiting: dict[str, dict[tuple[Cell, ...], Row]] = {}

    def put(self, table: Table, row: Row) -> None:
        """Keep a row in place of any of the same key."""
        self._waiting.setdefault(table.name, {})[_key(table, row)] = row

    def flush(self, name: str) -> None:
        """Write what waits for a table."""
        waiting = self._waiting.pop(name, None)
        if waiting:
            add = add_or_keep if name in _STAY else add_or_replace
            insert = add(self._connection, schema.metadata.tables[name])
            put_rows(self._connection, insert, list(waiting.values()))

    def any(self, name: str) -> bool:
        """Whether anything waits for a table."""
        return bool(self._waiting.get(name))

    def waiting(self, table: Table, key: tuple[Cell, ...]) -> Row | None:
        """The row of this key that waits."""
        return self._waiting.get(table.name, {}).get(key)

    def waits(self, table: Table, key: tuple[Cell, ...]) -> bool:
        """Whether a row of this key waits."""
        return key in self._waiting.get(table.name, ())

    def flush_all(self) -> None:
        """Write everything that waits."""
        for name in list(self._waiting):
            self.flush(name)

    def clear(self) -> None:
        """Forget everything that waits."""
        self._waiting.clear()


def of_course(table: Table) -> ColumnElement[bool]:
    """The rows of one course, by its three parameters."""
    return and_(
        table.c.sensor == bindparam("sensor"),
        table.c.from_ms == bindparam("from_ms"),
        table.c.quantity == bindparam("quantity"),
    )


def among(connection: Connection, table: Table) -> tuple[FromClause, ColumnElement[bool]]:
    """Courses, and what joins their rows to them: `listed_courses` gives the parameter.

    Each is looked up by its key: SQLite would read the whole table for `(sensor, from_ms, quantity) IN (…)`.
    """
    wanted, named = listed(connection, (String, BigInteger, String))
    keys = (table.c.sensor, table.c.from_ms, table.c.quantity)
    return wanted, and_(*(key == one for key, one in zip(keys, named, strict=True)))


def listed_courses(keys: Sequence[CourseKey]) -> Mapping[str, str]:
    """The parameter that names courses."""
    return {"listed": orjson.dumps(keys, default=list).decode()}


@lru_cache(maxsize=64)
def _key_names(table: Table) -> tuple[str, ...]:
    return tuple(column.name for column in table.primary_key)


def _key(table: Table, row: Row) -> tuple[Cell, ...]:
    return tuple(row[name] for name in _key_names(table))

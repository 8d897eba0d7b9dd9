"""What SQLite and PostgreSQL say differently: everything in `sql/` is written through these words.

Rows are locked where a database can lock them: `Select.with_for_update(skip_locked=True)` says nothing on
SQLite, whose one writer holds the whole file.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple, TypeAlias

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Dialect,
    FromClause,
    Insert,
    String,
    Table,
    bindparam,
    cast,
    func,
    literal_column,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from coldchain_backend.sql.arrays import put_columns

POSTGRESQL: Final = "postgresql"
_NOT_BY_BYTES: Final = """
SELECT table_name, column_name FROM information_schema.columns
WHERE table_schema = current_schema() AND data_type IN ('character varying', 'text')
  AND collation_name IS DISTINCT FROM 'C'"""
FEW: Final = 20
"""So many rows go to PostgreSQL one by one."""

Change: TypeAlias = Callable[[Mapping[str, ColumnElement[Any]]], Mapping[str, ColumnElement[Any]]]
"""From the columns of the row that was to be added to the new values of the one that is there."""


def is_postgresql(connection: Connection) -> bool:
    """Whether a connection leads to PostgreSQL."""
    return connection.dialect.name == POSTGRESQL


def add_or_replace(connection: Connection, table: Table) -> Insert:
    """Insert rows; one that is there under the same key takes the new values."""
    return _replacing(connection.dialect.name, table)


def add_or_keep(connection: Connection, table: Table) -> Insert:
    """Insert rows; one that is there under the same key stays as it is."""
    return _keeping(connection.dialect.name, table)


def add_or_change(connection: Connection, table: Table, change: Change) -> Insert:
    """Insert rows; one that is there under the same key is changed by what `change` says."""
    return _insert(connection.dialect.name, table, change)


def put_rows(connection: Connection, insert: Insert, rows: Sequence[Mapping[str, Any]]) -> None:
    """Execute one of these inserts for rows of the same columns, none of which asks for a default.

    The driver gets them as they are: SQLAlchemy would look at each value of each row. PostgreSQL gets many
    rows as one array for each column.
    """
    if is_postgresql(connection) and len(rows) > FEW:
        put_columns(connection, insert, rows)
        return
    wording = _wording(connection.dialect, insert, tuple(rows[0]))
    if wording.order is None:
        connection.exec_driver_sql(wording.text, [dict(row) for row in rows])
    else:
        connection.exec_driver_sql(
            wording.text, [tuple([row[name] for name in wording.order]) for row in rows]
        )


class _Wording(NamedTuple):
    """An insert in a driver's words; `order`: of the values, None where they are given by name."""

    text: str
    order: tuple[str, ...] | None


@lru_cache(maxsize=256)
def _wording(dialect: Dialect, insert: Insert, names: tuple[str, ...]) -> _Wording:
    compiled = insert.compile(dialect=dialect, column_keys=names)
    return _Wording(compiled.string, tuple(compiled.positiontup) if compiled.positiontup else None)


def order_by_bytes(connection: Connection) -> None:
    """Let every column of text sort by bytes, as SQLite does and as readers of two databases rely on."""
    columns = connection.execute(text(_NOT_BY_BYTES)).all()
    quoted = connection.dialect.identifier_preparer.quote_identifier
    for table, column in columns:
        name = quoted(column)
        connection.execute(text(f'ALTER TABLE {quoted(table)} ALTER COLUMN {name} TYPE varchar COLLATE "C"'))


class greatest(FunctionElement[int]):  # noqa: N801 - named as the function in SQL
    """The largest of several columns of one row, none of which is NULL."""

    type = BigInteger()
    inherit_cache = True
    name = "greatest"


@compiles(greatest)
def _greatest(element: greatest, compiler: SQLCompiler, **kw: object) -> str:
    return f"greatest({compiler.process(element.clauses, **kw)})"


@compiles(greatest, "sqlite")
def _scalar_max(element: greatest, compiler: SQLCompiler, **kw: object) -> str:
    return f"max({compiler.process(element.clauses, **kw)})"


Listed: TypeAlias = tuple[FromClause, tuple[ColumnElement[Any], ...]]


def listed(connection: Connection, kinds: Sequence[type[String] | type[BigInteger]]) -> Listed:
    """Rows from the parameter `listed`, a JSON array of arrays, and their columns of these types.

    So a statement over many keys is one and the same for any number of them, and is made ready once.
    """
    given = bindparam("listed", type_=String)
    if is_postgresql(connection):
        rows = func.jsonb_array_elements(cast(given, postgresql.JSONB)).table_valued("value")
        texts = [rows.c.value.op("->>")(literal_column(str(at))) for at in range(len(kinds))]
        return rows, tuple(cast(one, kind) for one, kind in zip(texts, kinds, strict=True))
    rows = func.json_each(given).table_valued("value")
    parts = (func.json_extract(rows.c.value, f"$[{at}]", type_=kind()) for at, kind in enumerate(kinds))
    return rows, tuple(parts)


@lru_cache(maxsize=128)
def _replacing(dialect: str, table: Table) -> Insert:
    names = [column.name for column in table.columns if not column.primary_key]
    if not names:
        return _keeping(dialect, table)
    return _insert(dialect, table, lambda new: {name: new[name] for name in names})


@lru_cache(maxsize=128)
def _keeping(dialect: str, table: Table) -> Insert:
    if dialect == POSTGRESQL:
        return postgresql.insert(table).on_conflict_do_nothing()
    return sqlite.insert(table).on_conflict_do_nothing()


def _insert(dialect: str, table: Table, change: Change) -> Insert:
    keys = list(table.primary_key.columns)
    if dialect == POSTGRESQL:
        added = postgresql.insert(table)
        return added.on_conflict_do_update(
            index_elements=keys, set_=dict(change(dict(added.excluded.items())))
        )
    file = sqlite.insert(table)
    return file.on_conflict_do_update(index_elements=keys, set_=dict(change(dict(file.excluded.items()))))

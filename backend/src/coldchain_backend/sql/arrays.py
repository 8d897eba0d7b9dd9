"""Columns in the text that PostgreSQL reads as arrays: one parameter a column, however many rows there are.

The driver's own way looks at each value of each row, which costs more than all else in a large commit.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

from sqlalchemy import Connection, Dialect, Insert, String, bindparam, cast, func, select
from sqlalchemy.dialects import postgresql

from coldchain_backend.sql.rows import Cell

_PLAIN: Final = frozenset({int, float, bool})
"""What Python writes as PostgreSQL reads it."""


AT_ONCE: Final = 1_000
"""So many rows go in one statement: what it takes in memory stays bounded."""


def put_columns(connection: Connection, insert: Insert, rows: Sequence[Mapping[str, Cell]]) -> None:
    """Execute an insert for rows of the same columns and of different keys."""
    names = tuple(rows[0])
    statement = of_arrays(connection.dialect, insert, names)
    for first in range(0, len(rows), AT_ONCE):
        part = rows[first : first + AT_ONCE]
        arrays = {name: array_text([row[name] for row in part]) for name in names}
        connection.exec_driver_sql(statement, arrays)


@lru_cache(maxsize=256)
def of_arrays(dialect: Dialect, insert: Insert, names: tuple[str, ...]) -> str:
    """An insert of rows that are given as an array in text for each column."""
    kinds = [insert.table.c[name].type for name in names]
    texts = (bindparam(name, type_=String) for name in names)
    arrays = [cast(text, postgresql.ARRAY(kind)) for text, kind in zip(texts, kinds, strict=True)]
    rows = func.unnest(*arrays).table_valued(*names).render_derived()
    return str(insert.from_select(names, select(*(rows.c[name] for name in names))).compile(dialect=dialect))


def array_text(column: Sequence[Cell]) -> str:
    """A column as an array in text, to be cast to an array of its type."""
    kinds = set(map(type, column))
    if kinds <= _PLAIN:
        return "{" + ",".join(map(str, column)) + "}"
    if kinds == {str}:
        joined = '","'.join(column)  # type: ignore[arg-type]  # all are str
        if "\\" not in joined and joined.count('"') == 2 * (len(column) - 1):
            return '{"' + joined + '"}'
    return "{" + ",".join(map(_element, column)) + "}"


def _element(cell: Cell) -> str:
    match cell:
        case None:
            return "NULL"
        case bytes():
            return '"\\\\x' + cell.hex() + '"'
        case str():
            return '"' + cell.replace("\\", "\\\\").replace('"', '\\"') + '"'
        case _:
            return str(cell)

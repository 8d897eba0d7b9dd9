"""Readings and state kept in step: in one file they commit together, in two the state decides.

Where the state stands on a server, readings are committed first, with a mark of where they began. What the
state then did not commit is taken out again when judging loads: both always end at the same record.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Protocol

from sqlalchemy import Connection, delete, func, select

from coldchain.errors import IntegrityError
from coldchain_backend.sql.dialect import add_or_replace
from coldchain_backend.sql.schema import series_block, series_mark, series_summary

_MARK: Final = 1


class Readings(Protocol):
    """One side of judging's transaction."""

    def begin(self) -> None:
        """The state's transaction begins."""
        ...

    def commit(self, offset: int) -> None:
        """The state is about to commit up to a record."""
        ...

    def rollback(self) -> None:
        """The state was rolled back, or its commit was not heard of."""
        ...

    def settle(self, offset: int) -> None:
        """The state stands at a record. Raises IntegrityError where the readings cannot."""
        ...

    @contextmanager
    def alone(self) -> Iterator[None]:
        """A transaction of readings only."""
        yield


class Within:
    """The readings are in the state's own file."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def begin(self) -> None:
        pass

    def commit(self, offset: int) -> None:
        pass

    def rollback(self) -> None:
        pass

    def settle(self, offset: int) -> None:
        pass

    @contextmanager
    def alone(self) -> Iterator[None]:
        with self._connection.begin():
            yield


class Beside:
    """The readings are in a file of their own; `series_mark` says between which records it last grew."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def begin(self) -> None:
        self._connection.begin()
        newest = select(func.coalesce(func.max(series_block.c.id), 0))
        row = self._mark()
        self._put(row[0], row[0], self._connection.execute(newest).scalar_one())

    def commit(self, offset: int) -> None:
        begun = self._mark()
        self._put(offset, begun[1], begun[2])
        self._connection.commit()

    def rollback(self) -> None:
        self._connection.rollback()

    def settle(self, offset: int) -> None:
        with self._connection.begin():
            ends, began, block = self._mark()
            if ends == offset:
                return
            if began != offset:
                raise IntegrityError(
                    f"the readings end at record {ends}, the state at {offset}: `rebuild` makes both again"
                )
            self._connection.execute(delete(series_summary).where(series_summary.c.block > block))
            self._connection.execute(delete(series_block).where(series_block.c.id > block))
            self._put(offset, offset, block)

    @contextmanager
    def alone(self) -> Iterator[None]:
        with self._connection.begin():
            yield

    def _mark(self) -> tuple[int, int, int]:
        """Where the readings end, where they ended before, and their newest block then."""
        found = self._connection.execute(
            select(series_mark.c.ends, series_mark.c.began, series_mark.c.block)
        ).first()
        return (0, 0, 0) if found is None else (found[0], found[1], found[2])

    def _put(self, ends: int, began: int, block: int) -> None:
        row = {"id": _MARK, "ends": ends, "began": began, "block": block}
        self._connection.execute(add_or_replace(self._connection, series_mark), row)

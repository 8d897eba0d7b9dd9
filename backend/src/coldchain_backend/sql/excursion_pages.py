"""Excursions page by page: as they stand, and as they stood when the ledger had so many records."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Select, Table, and_, func, or_, select, tuple_

from coldchain_backend.judging.contracts import StoredExcursion
from coldchain_backend.sql import rows, schema


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Which excursions are wanted: of these points (None: all) in a time, behind the one named `after`."""

    points: Collection[str] | None
    from_ms: int
    to_ms: int
    after: str | None
    limit: int


def standing(connection: Connection, page: Page) -> Sequence[StoredExcursion]:
    """Excursions that are not gone and overlap the time, newest first."""
    table = schema.excursion
    return _page(connection, page, table, select(table))


def stood(connection: Connection, page: Page, number: int) -> Sequence[StoredExcursion]:
    """The same, as they were kept up to a record of the ledger."""
    table = schema.excursion_history
    newest = (
        select(table.c.id, func.max(table.c.noted).label("noted"))
        .where(table.c.noted <= number)
        .group_by(table.c.id)
        .subquery()
    )
    wanted = select(table).join(newest, and_(table.c.id == newest.c.id, table.c.noted == newest.c.noted))
    return _page(connection, page, table, wanted)


def history(connection: Connection, excursion: str) -> Sequence[StoredExcursion]:
    """Every state in which an excursion was kept, oldest first."""
    table = schema.excursion_history
    wanted = select(table).where(table.c.id == excursion).order_by(table.c.noted)
    return [rows.excursion_of(row) for row in connection.execute(wanted).mappings()]


def _page(
    connection: Connection, page: Page, table: Table, wanted: Select[tuple[object, ...]]
) -> Sequence[StoredExcursion]:
    wanted = wanted.where(
        table.c.gone.is_(None),
        table.c.opened_ms < page.to_ms,
        or_(table.c.closed_ms.is_(None), table.c.closed_ms > page.from_ms),
    )
    if page.points is not None:
        wanted = wanted.where(table.c.point.in_(list(page.points)))
    if page.after is not None:
        last = connection.execute(wanted.with_only_columns(table.c.opened_ms).where(table.c.id == page.after))
        wanted = wanted.where(tuple_(table.c.opened_ms, table.c.id) < (last.scalar() or 0, page.after))
    wanted = wanted.order_by(table.c.opened_ms.desc(), table.c.id.desc()).limit(page.limit)
    return [rows.excursion_of(row) for row in connection.execute(wanted).mappings()]

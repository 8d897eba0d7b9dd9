"""The audit in the database: kept rows are only ever added; what the ledger says is listed with them."""

from collections.abc import Iterator, Sequence

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Select,
    Subquery,
    Table,
    and_,
    insert,
    literal,
    or_,
    select,
    union_all,
)

from coldchain.errors import InvalidInput
from coldchain_backend.access import AuditFilter, AuditLine, Noted
from coldchain_backend.sql.schema import act, audit
from coldchain_backend.sql.session import Database

MAX_TEXT = 2000
KEPT, LEDGER = "k", "l"
CHUNK = 1000


class Audit:
    """Fills the port `AuditBook`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, entry: Noted) -> None:
        with self._database.write() as connection, connection.begin():
            put_note(connection, entry)

    def lines(self, wanted: AuditFilter, after: str | None, limit: int) -> Sequence[AuditLine]:
        with self._database.read() as connection:
            return list(_lines(connection, wanted, after, limit))

    def every(self, wanted: AuditFilter) -> Iterator[AuditLine]:
        after: str | None = None
        while found := self.lines(wanted, after, CHUNK):
            yield from found
            after = found[-1].key


def put_note(connection: Connection, entry: Noted) -> None:
    """Add an entry within the transaction of what it tells of."""
    connection.execute(
        insert(audit).values(
            at_ms=entry.at_ms,
            by=entry.by[:200],
            what=entry.what,
            subject=entry.subject[:200],
            why=entry.why[:MAX_TEXT],
            old=_cut(entry.old),
            new=_cut(entry.new),
        )
    )


def _lines(connection: Connection, wanted: AuditFilter, after: str | None, limit: int) -> Iterator[AuditLine]:
    both = _both()
    asked = select(both).order_by(both.c.at_ms.desc(), both.c.source.desc(), both.c.number.desc())
    for condition in _conditions(both, wanted, after):
        asked = asked.where(condition)
    for row in connection.execute(asked.limit(limit)).mappings():
        yield AuditLine(
            key=f"{row['at_ms']}.{row['source']}.{row['number']}",
            by=row["by"],
            what=row["what"],
            subject=row["subject"],
            at_ms=row["at_ms"],
            why=row["why"],
            old=row["old"],
            new=row["new"],
            record=row["number"] if row["source"] == LEDGER else None,
        )


def _both() -> Subquery:
    kept: Select[tuple[object, ...]] = select(
        literal(KEPT).label("source"), audit.c.id.label("number"), *_columns(audit)
    )
    ledger: Select[tuple[object, ...]] = select(
        literal(LEDGER).label("source"), act.c.offset.label("number"), *_columns(act)
    )
    return union_all(kept, ledger).subquery()


def _columns(of: Table) -> list[Column[object]]:
    return [of.c[name] for name in ("at_ms", "by", "what", "subject", "why", "old", "new")]


def _conditions(both: Subquery, wanted: AuditFilter, after: str | None) -> Iterator[ColumnElement[bool]]:
    if wanted.by is not None:
        yield both.c.by == wanted.by
    if wanted.what is not None:
        yield both.c.what == wanted.what
    if wanted.subject is not None:
        yield both.c.subject.contains(wanted.subject, autoescape=True)
    if wanted.from_ms is not None:
        yield both.c.at_ms >= wanted.from_ms
    if wanted.to_ms is not None:
        yield both.c.at_ms < wanted.to_ms
    if after is not None:
        at_ms, source, number = _cursor(after)
        same = both.c.at_ms == at_ms
        yield or_(
            both.c.at_ms < at_ms,
            and_(same, both.c.source < source),
            and_(same, both.c.source == source, both.c.number < number),
        )


def _cursor(after: str) -> tuple[int, str, int]:
    """Raises InvalidInput for what no line has as its key."""
    parts = after.split(".")
    if len(parts) != 3 or parts[1] not in (KEPT, LEDGER):
        raise InvalidInput("`after` is not the key of a line")
    if not all(one.isascii() and one.isdecimal() and len(one) < 19 for one in (parts[0], parts[2])):
        raise InvalidInput("`after` is not the key of a line")
    return int(parts[0]), parts[1], int(parts[2])


def _cut(text: str | None) -> str | None:
    return None if text is None else text[:MAX_TEXT]

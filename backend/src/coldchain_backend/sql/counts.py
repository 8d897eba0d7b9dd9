"""How many alerts and deliveries there are of each kind: for whoever watches the server itself."""

from sqlalchemy import Column, ColumnElement, Connection, func, select

from coldchain_backend.judging.views import Counts
from coldchain_backend.sql import schema
from coldchain_backend.sql.session import Database

_QUEUED, _DEAD = "queued", "dead"


def counted(connection: Connection) -> Counts:
    """All counts, on one snapshot."""
    alert, queue, entry = schema.alert, schema.delivery, schema.digest_entry
    attempt = schema.delivery_attempt
    waiting = select(queue.c.receiver, func.count(), func.min(queue.c.created_ms))
    waiting = waiting.where(queue.c.state == _QUEUED).group_by(queue.c.receiver)
    found = connection.execute(waiting).all()
    for_digests = select(func.count()).select_from(entry).where(entry.c.digest.is_(None))
    standing = select(alert.c.standing, alert.c.level, func.count()).group_by(alert.c.standing, alert.c.level)
    return Counts(
        alerts={(state, level): count for state, level, count in connection.execute(standing)},
        deliveries=_by(connection, queue.c.state),
        attempts=_by(connection, attempt.c.outcome),
        queued={receiver: count for receiver, count, _ in found},
        oldest_ms=min((oldest for _, _, oldest in found), default=None),
        dead=_by(connection, queue.c.receiver, queue.c.state == _DEAD),
        for_digests=connection.execute(for_digests).scalar_one(),
    )


def series_bytes(database: Database) -> int:
    """How many bytes readings and their summaries take, wherever they stand."""
    tables = (schema.series_block, schema.series_summary)
    with database.series() as connection:
        return sum(
            connection.execute(select(func.coalesce(func.sum(func.length(table.c.data)), 0))).scalar_one()
            for table in tables
        )


def _by(connection: Connection, column: "Column[str]", *only: ColumnElement[bool]) -> dict[str, int]:
    wanted = select(column, func.count()).where(*only).group_by(column)
    return {row[0]: row[1] for row in connection.execute(wanted)}

"""The change log: what each commit of judging changed, for the mirror; and what else the mirror reads.

A commit that changed nothing that is mirrored writes no row. Row 0 names the log: where its name is another
one than the mirror remembers, changes in between are not known, and the mirror looks at everything again.
"""

from collections.abc import Collection, Sequence
from secrets import token_hex
from typing import Final

import orjson
from sqlalchemy import Connection, and_, delete, func, select

from coldchain.exposure import Account
from coldchain_backend.alerts import Alert
from coldchain_backend.judging.contracts import AccountDay, CourseKey, Progress, StoredExcursion
from coldchain_backend.mirror.contracts import Changes, Log
from coldchain_backend.sql import schema
from coldchain_backend.sql.books import Books
from coldchain_backend.sql.session import Database

MOST_ROWS: Final = 200_000
"""A mirror that is so many changes behind fills itself again; about a month of a large fleet."""
_LOG: Final = schema.mirror_change


class MirroredBooks(Books):
    """Judging's memory that notes what it changes."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._noted = Changes.none()
        with self._connection.begin():
            self._newest = _opened(self._connection)

    def put_excursion(self, excursion: StoredExcursion) -> None:
        super().put_excursion(excursion)
        self._noted.excursions.add(excursion.id)

    def put_alert(self, alert: Alert) -> None:
        super().put_alert(alert)
        self._noted.alerts.add(alert.id)

    def put_hour(self, key: CourseKey, hour_ms: int, quarters: Sequence[Account]) -> None:
        super().put_hour(key, hour_ms, quarters)
        self._noted.touch(key, hour_ms, hour_ms + 1)

    def put_day(self, day: AccountDay) -> None:
        super().put_day(day)
        self._noted.touch(day.key, day.day_ms, day.day_ms + 1)

    def drop_accounts(self, key: CourseKey, from_ms: int, to_ms: int) -> None:
        super().drop_accounts(key, from_ms, to_ms)
        self._noted.touch(key, from_ms, to_ms)

    def commit(self, progress: Progress) -> None:
        if self._noted:
            self._newest += 1
            self._pages.put(_LOG, {"number": self._newest, "body": orjson.dumps(self._noted.document())})
            self._noted = Changes.none()
        super().commit(progress)

    def rollback(self) -> None:
        super().rollback()
        self._noted = Changes.none()
        with self._connection.begin():
            self._newest = _opened(self._connection)


def _opened(connection: Connection) -> int:
    """Begin the log where there is none or it has grown too long; gives its newest number."""
    newest, rows = connection.execute(select(func.max(_LOG.c.number), func.count()).select_from(_LOG)).one()
    if newest is not None and rows <= MOST_ROWS:
        return int(newest)
    connection.execute(delete(_LOG))
    connection.execute(_LOG.insert().values(number=0, body=token_hex(8).encode()))
    return 0


def forget_changes(database: Database) -> None:
    """Without a mirror nothing is noted, so what was noted before must not be taken for all."""
    with database.write() as connection, connection.begin():
        if connection.execute(select(_LOG.c.number).limit(1)).first() is not None:
            connection.execute(delete(_LOG))


class MirrorRecords:
    """Fills the mirror's port beside judging's answers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def log(self) -> Log:
        wanted = select(_LOG.c.body).where(_LOG.c.number == 0)
        with self._database.read() as connection:
            name = connection.execute(wanted).scalar()
            newest = connection.execute(select(func.max(_LOG.c.number))).scalar()
        return Log(name=(name or b"").decode(), newest=newest or 0)

    def changes(self, after: int, limit: int) -> Sequence[tuple[int, Changes]]:
        wanted = select(_LOG).where(_LOG.c.number > after).order_by(_LOG.c.number).limit(limit)
        with self._database.read() as connection:
            rows = connection.execute(wanted).all()
        return [(row.number, Changes.of_document(orjson.loads(row.body))) for row in rows]

    def forget(self, to: int) -> None:
        with self._database.write() as connection, connection.begin():
            connection.execute(delete(_LOG).where(_LOG.c.number > 0, _LOG.c.number < to))

    def excursion_ids(self, points: Collection[str] | None, from_ms: int, to_ms: int) -> Sequence[str]:
        table = schema.excursion_history
        first = select(table.c.id, func.min(table.c.noted).label("noted")).group_by(table.c.id).subquery()
        wanted = (
            select(table.c.id)
            .join(first, and_(table.c.id == first.c.id, table.c.noted == first.c.noted))
            .where(table.c.opened_ms >= from_ms, table.c.opened_ms < to_ms)
        )
        if points is not None:
            wanted = wanted.where(table.c.point.in_(list(points)))
        with self._database.read() as connection:
            return connection.execute(wanted.order_by(table.c.opened_ms, table.c.id)).scalars().all()

    def alert_ids(self, points: Collection[str] | None, from_ms: int, to_ms: int) -> Sequence[str]:
        table = schema.alert
        wanted = select(table.c.id).where(table.c.fired_ms >= from_ms, table.c.fired_ms < to_ms)
        if points is not None:
            wanted = wanted.where(table.c.point.in_(list(points)))
        with self._database.read() as connection:
            return connection.execute(wanted.order_by(table.c.fired_ms, table.c.id)).scalars().all()

    def open_ids(self) -> tuple[Sequence[str], Sequence[str]]:
        cases, alerts, queue = schema.excursion, schema.alert, schema.delivery
        lasting = select(cases.c.id).where(cases.c.closed_ms.is_(None), cases.c.gone.is_(None))
        waiting = select(queue.c.alert).where(queue.c.delivered_ms.is_(None)).distinct()
        firing = select(alerts.c.id).where(alerts.c.state.in_(("firing", "acknowledged")))
        with self._database.read() as connection:
            told = {*connection.execute(firing).scalars(), *connection.execute(waiting).scalars()}
            return connection.execute(lasting).scalars().all(), sorted(told)

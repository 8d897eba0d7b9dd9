"""The queue of deliveries in the database: a transition and its rows were committed together."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

import orjson
from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    and_,
    bindparam,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)

from coldchain_backend.delivery.queue import DeliveryState, Overdue, Queued, Waiting
from coldchain_backend.sql.dialect import add_or_keep, greatest
from coldchain_backend.sql.schema import delivery, delivery_attempt
from coldchain_backend.sql.session import Database

QUEUED, DELIVERED, DEAD, HELD = (
    DeliveryState.QUEUED.value,
    DeliveryState.DELIVERED.value,
    DeliveryState.DEAD.value,
    DeliveryState.HELD.value,
)
BACKEND = "backend"
"""The courier within the backend; others have names of their own."""

FOLLOWS_A_DEAD_LETTER = "what it follows was not delivered"
_EVER_MS: Final = 1 << 62

_TRIED_AGAIN: Final = (
    update(delivery).where(delivery.c.id == bindparam("delivery_is")).values(attempts=delivery.c.attempts + 1)
)
_ARRIVED: Final = (
    update(delivery)
    .where(delivery.c.id == bindparam("delivery_is"))
    .values(
        state=DELIVERED,
        delivered_ms=bindparam("arrived_ms"),
        leased_until_ms=0,
        leased_by=None,
        last_error=None,
    )
)
_ATTEMPT: Final = insert(delivery_attempt).values(
    delivery=bindparam("delivery_is"),
    number=select(func.coalesce(func.max(delivery_attempt.c.number), 0) + 1)
    .where(delivery_attempt.c.delivery == bindparam("delivery_is"))
    .scalar_subquery(),
    at_ms=bindparam("tried_ms"),
    outcome=bindparam("came"),
    detail=bindparam("said"),
)


class DeliveryQueue:
    """Fills the courier's port; each call is one transaction. `holder`: whose leases these are."""

    def __init__(self, database: Database, holder: str = BACKEND) -> None:
        self._database, self._holder = database, holder

    def put(self, delivery_id: str, alert: str, receiver: str, now_ms: int, body: bytes) -> None:
        """Queue a telling that no alert brought forth; an id that was ever queued changes nothing."""
        row = {
            "id": delivery_id, "alert": alert, "sequence": 1, "receiver": receiver, "state": QUEUED,
            "created_ms": now_ms, "due_ms": now_ms, "leased_until_ms": 0, "attempts": 0, "body": body,
            "critical": False, "overdue": False,
        }  # fmt: skip
        with self._database.write() as connection, connection.begin():
            connection.execute(add_or_keep(connection, delivery), row)

    def waiting(self, now_ms: int) -> Sequence[Waiting]:
        with self._database.read() as connection:
            return [
                Waiting(
                    receiver=row[0],
                    count=row[1],
                    oldest_ms=row[2],
                    due_ms=row[3],
                    attempts=row[4],
                    newest_ms=row[5],
                    critical=row[6] > 0,
                )
                for row in connection.execute(_waiting())
            ]

    def lease(  # noqa: PLR0913 - the courier's port
        self,
        receiver: str,
        now_ms: int,
        until_ms: int,
        limit: int,
        *,
        due_only: bool,
        others: int | None = None,
    ) -> Sequence[Queued]:
        due_ms = now_ms if due_only else _EVER_MS
        wanted = {"receiver_is": receiver, "now_ms": now_ms, "until_due_ms": due_ms, "most": limit}
        with self._database.write() as connection, connection.begin():
            found = connection.execute(_free(), wanted).mappings().all()
            taken = [row for at, row in enumerate(found) if others is None or at < others or row["critical"]]
            if taken:
                mine = update(delivery).where(delivery.c.id.in_([row["id"] for row in taken]))
                connection.execute(mine.values(leased_until_ms=until_ms, leased_by=self._holder))
        return [_queued(row) for row in taken]

    def delivered(self, delivery_id: str, now_ms: int, detail: str = "") -> None:
        with self._database.write() as connection, connection.begin():
            _note(connection, delivery_id, now_ms, DELIVERED, detail)
            connection.execute(_ARRIVED, {"delivery_is": delivery_id, "arrived_ms": now_ms})

    def postponed(
        self, delivery_id: str, now_ms: int, due_ms: int, reason: str, reached: frozenset[str] = frozenset()
    ) -> None:
        kept = orjson.dumps(sorted(reached)).decode() if reached else None
        with self._database.write() as connection, connection.begin():
            _note(connection, delivery_id, now_ms, "failed", reason)
            connection.execute(
                update(delivery)
                .where(*self._mine(delivery_id))
                .values(due_ms=due_ms, leased_until_ms=0, leased_by=None, last_error=reason, reached=kept)
            )

    def dead(self, delivery_id: str, now_ms: int, reason: str) -> None:
        with self._database.write() as connection, connection.begin():
            _note(connection, delivery_id, now_ms, DEAD, reason)
            one = update(delivery).where(*self._mine(delivery_id))
            gone = connection.execute(
                one.values(state=DEAD, leased_until_ms=0, leased_by=None, last_error=reason)
            )
            if gone.rowcount:
                _bury_what_follows(connection, delivery_id)

    def hold(self, receiver: str, reason: str) -> int:
        return self._moved(
            receiver, QUEUED, {"state": HELD, "leased_until_ms": 0, "leased_by": None, "last_error": reason}
        )

    def unhold(self, receiver: str, now_ms: int) -> int:
        return self._moved(receiver, HELD, {"state": QUEUED, "due_ms": now_ms, "last_error": None})

    def release(self, receiver: str, now_ms: int) -> None:
        with self._database.write() as connection, connection.begin():
            connection.execute(
                update(delivery)
                .where(
                    delivery.c.receiver == receiver, delivery.c.state == QUEUED, delivery.c.due_ms > now_ms
                )
                .values(due_ms=now_ms)
            )

    def free(self) -> None:
        with self._database.write() as connection, connection.begin():
            connection.execute(
                update(delivery)
                .where(delivery.c.leased_until_ms > 0, self._is_mine())
                .values(leased_until_ms=0, leased_by=None)
            )

    def mend(self, now_ms: int, leased_most_ms: int, due_most_ms: int) -> int:
        ahead = or_(delivery.c.leased_until_ms > leased_most_ms, delivery.c.due_ms > due_most_ms)
        wanted = select(delivery.c.id).where(delivery.c.state == QUEUED, ahead)
        with self._database.read() as connection:
            ids = connection.scalars(wanted).all()
        if ids:
            with self._database.write() as connection, connection.begin():
                found = update(delivery).where(delivery.c.state == QUEUED, ahead)
                connection.execute(found.values(leased_until_ms=0, leased_by=None, due_ms=now_ms))
        return len(ids)

    def attempted(self, since_ms: int) -> Mapping[str, Sequence[int]]:
        joined = delivery_attempt.join(delivery, delivery.c.id == delivery_attempt.c.delivery)
        wanted = (
            select(delivery.c.receiver, delivery_attempt.c.at_ms)
            .select_from(joined)
            .where(delivery_attempt.c.at_ms >= since_ms)
        )
        found: dict[str, list[int]] = {}
        with self._database.read() as connection:
            for receiver, at_ms in connection.execute(wanted):
                found.setdefault(receiver, []).append(at_ms)
        return found

    def overdue(self, created_before_ms: int, limit: int) -> Sequence[Overdue]:
        wanted = (
            select(delivery)
            .where(
                delivery.c.state.in_([QUEUED, HELD, DEAD]),
                delivery.c.critical,
                ~delivery.c.overdue,
                or_(delivery.c.created_ms <= created_before_ms, delivery.c.state != QUEUED),
            )
            .order_by(delivery.c.created_ms, delivery.c.id)
            .limit(limit)
        )
        with self._database.read() as connection:
            return [
                Overdue(
                    id=row["id"],
                    alert=row["alert"],
                    sequence=row["sequence"],
                    receiver=row["receiver"],
                    created_ms=row["created_ms"],
                    reason=row["last_error"],
                )
                for row in connection.execute(wanted).mappings()
            ]

    def announced(self, deliveries: Sequence[str]) -> None:
        with self._database.write() as connection, connection.begin():
            connection.execute(
                update(delivery).where(delivery.c.id.in_(list(deliveries))).values(overdue=True)
            )

    def _mine(self, delivery_id: str) -> Sequence[ColumnElement[bool]]:
        """One that waits and that nobody else has taken over: an outcome that came late changes nothing."""
        return delivery.c.id == delivery_id, delivery.c.state == QUEUED, self._is_mine()

    def _is_mine(self) -> ColumnElement[bool]:
        return or_(delivery.c.leased_by.is_(None), delivery.c.leased_by == self._holder)

    def _moved(self, receiver: str, state: str, values: Mapping[str, object]) -> int:
        """Rows of a receiver in one state go into another; looks before it writes."""
        mine = and_(delivery.c.receiver == receiver, delivery.c.state == state)
        with self._database.read() as connection:
            count = connection.scalar(select(func.count()).select_from(delivery).where(mine)) or 0
        if count:
            with self._database.write() as connection, connection.begin():
                connection.execute(update(delivery).where(mine).values(**values))
        return count


def _queued(row: RowMapping) -> Queued:
    reached = frozenset(orjson.loads(row["reached"])) if row["reached"] else frozenset()
    plain = {name: row[name] for name in Queued.__slots__ if name != "reached"}
    return Queued(**plain, reached=reached)


def _heads() -> Select[tuple[object, ...]]:
    """The first undelivered row of each (receiver, alert)."""
    first = (
        select(delivery.c.receiver, delivery.c.alert, func.min(delivery.c.sequence).label("sequence"))
        .where(delivery.c.state == QUEUED)
        .group_by(delivery.c.receiver, delivery.c.alert)
        .subquery()
    )
    return (
        select(delivery)
        .join(
            first,
            (delivery.c.receiver == first.c.receiver)
            & (delivery.c.alert == first.c.alert)
            & (delivery.c.sequence == first.c.sequence),
        )
        .where(delivery.c.state == QUEUED)
    )


@lru_cache(maxsize=1)
def _free() -> Select[Any]:
    """What waits for a receiver and may go, criticals first. Made once: it is asked for each telling."""
    order = (delivery.c.critical.desc(), delivery.c.created_ms, delivery.c.alert, delivery.c.sequence)
    return (
        _heads()
        .where(
            delivery.c.receiver == bindparam("receiver_is"),
            delivery.c.leased_until_ms <= bindparam("now_ms"),
            delivery.c.due_ms <= bindparam("until_due_ms"),
        )
        .order_by(*order)
        .limit(bindparam("most"))
        .with_for_update(of=delivery, skip_locked=True)
    )


@lru_cache(maxsize=1)
def _waiting() -> Select[Any]:
    """Receivers with what waits for them. Made once: the courier asks after every commit."""
    heads = _heads().subquery()
    return select(
        heads.c.receiver,
        func.count(),
        func.min(heads.c.created_ms),
        func.min(greatest(heads.c.due_ms, heads.c.leased_until_ms)),
        func.max(heads.c.attempts),
        func.max(heads.c.created_ms),
        func.count().filter(heads.c.critical),
    ).group_by(heads.c.receiver)


def _bury_what_follows(connection: Connection, delivery_id: str) -> None:
    """Nobody hears an end without its beginning."""
    dead = select(delivery.c.receiver, delivery.c.alert).where(delivery.c.id == delivery_id)
    receiver, alert = connection.execute(dead).one()
    mine = and_(delivery.c.receiver == receiver, delivery.c.alert == alert)
    heard = connection.scalar(select(exists().where(mine, delivery.c.state == DELIVERED)))
    if not heard:
        rest = update(delivery).where(mine, delivery.c.state == QUEUED)
        connection.execute(rest.values(state=DEAD, leased_until_ms=0, last_error=FOLLOWS_A_DEAD_LETTER))


def _note(connection: Connection, delivery_id: str, now_ms: int, outcome: str, detail: str) -> None:
    """One more attempt in the timeline."""
    connection.execute(_TRIED_AGAIN, {"delivery_is": delivery_id})
    noted = {"delivery_is": delivery_id, "tried_ms": now_ms, "came": outcome, "said": detail[:500]}
    connection.execute(_ATTEMPT, noted)

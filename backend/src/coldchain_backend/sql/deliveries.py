"""The queue of deliveries in the database: a transition and its rows were committed together."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, Select, func, insert, or_, select, update

from coldchain_backend.delivery.queue import Queued, Waiting
from coldchain_backend.sql.dialect import add_or_keep, greatest
from coldchain_backend.sql.schema import delivery, delivery_attempt
from coldchain_backend.sql.session import Database

QUEUED, DELIVERED, DEAD = "queued", "delivered", "dead"
BACKEND = "backend"
"""The courier within the backend; others have names of their own."""


class DeliveryQueue:
    """Fills the courier's port; each call is one transaction. `holder`: whose leases these are."""

    def __init__(self, database: Database, holder: str = BACKEND) -> None:
        self._database, self._holder = database, holder

    def put(self, delivery_id: str, alert: str, receiver: str, now_ms: int, body: bytes) -> None:
        """Queue a telling that no alert brought forth; an id that was ever queued changes nothing."""
        row = {
            "id": delivery_id, "alert": alert, "sequence": 1, "receiver": receiver, "state": QUEUED,
            "created_ms": now_ms, "due_ms": now_ms, "leased_until_ms": 0, "attempts": 0, "body": body,
        }  # fmt: skip
        with self._database.write() as connection, connection.begin():
            connection.execute(add_or_keep(connection, delivery), row)

    def waiting(self, now_ms: int) -> Sequence[Waiting]:
        heads = _heads().subquery()
        held = greatest(heads.c.due_ms, heads.c.leased_until_ms)
        wanted = select(
            heads.c.receiver,
            func.count(),
            func.min(heads.c.created_ms),
            func.min(held),
            func.max(heads.c.attempts),
        ).group_by(heads.c.receiver)
        with self._database.read() as connection:
            return [
                Waiting(receiver=row[0], count=row[1], oldest_ms=row[2], due_ms=row[3], attempts=row[4])
                for row in connection.execute(wanted)
            ]

    def lease(
        self, receiver: str, now_ms: int, until_ms: int, limit: int, *, due_only: bool
    ) -> Sequence[Queued]:
        wanted = _heads().where(
            delivery.c.receiver == receiver, delivery.c.state == QUEUED, delivery.c.leased_until_ms <= now_ms
        )
        if due_only:
            wanted = wanted.where(delivery.c.due_ms <= now_ms)
        wanted = wanted.order_by(delivery.c.created_ms, delivery.c.alert, delivery.c.sequence).limit(limit)
        wanted = wanted.with_for_update(of=delivery, skip_locked=True)
        with self._database.write() as connection, connection.begin():
            found = connection.execute(wanted).mappings().all()
            taken = update(delivery).where(delivery.c.id.in_([row["id"] for row in found]))
            connection.execute(taken.values(leased_until_ms=until_ms, leased_by=self._holder))
        return [Queued(**{name: row[name] for name in Queued.__slots__}) for row in found]

    def delivered(self, delivery_id: str, now_ms: int) -> None:
        with self._database.write() as connection, connection.begin():
            _note(connection, delivery_id, now_ms, DELIVERED, "")
            connection.execute(
                update(delivery)
                .where(delivery.c.id == delivery_id)
                .values(
                    state=DELIVERED, delivered_ms=now_ms, leased_until_ms=0, leased_by=None, last_error=None
                )
            )

    def postponed(self, delivery_id: str, now_ms: int, due_ms: int, reason: str) -> None:
        with self._database.write() as connection, connection.begin():
            _note(connection, delivery_id, now_ms, "failed", reason)
            connection.execute(
                update(delivery)
                .where(*self._mine(delivery_id))
                .values(due_ms=due_ms, leased_until_ms=0, leased_by=None, last_error=reason)
            )

    def dead(self, delivery_id: str, now_ms: int, reason: str) -> None:
        with self._database.write() as connection, connection.begin():
            _note(connection, delivery_id, now_ms, DEAD, reason)
            connection.execute(
                update(delivery)
                .where(*self._mine(delivery_id))
                .values(state=DEAD, leased_until_ms=0, leased_by=None, last_error=reason)
            )

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

    def _mine(self, delivery_id: str) -> Sequence[ColumnElement[bool]]:
        """One that waits and that nobody else has taken over: an outcome that came late changes nothing."""
        return delivery.c.id == delivery_id, delivery.c.state == QUEUED, self._is_mine()

    def _is_mine(self) -> ColumnElement[bool]:
        return or_(delivery.c.leased_by.is_(None), delivery.c.leased_by == self._holder)


def _heads() -> Select[tuple[object, ...]]:
    """The first undelivered row of each (receiver, alert)."""
    first = (
        select(delivery.c.receiver, delivery.c.alert, func.min(delivery.c.sequence).label("sequence"))
        .where(delivery.c.state == QUEUED)
        .group_by(delivery.c.receiver, delivery.c.alert)
        .subquery()
    )
    return select(delivery).join(
        first,
        (delivery.c.receiver == first.c.receiver)
        & (delivery.c.alert == first.c.alert)
        & (delivery.c.sequence == first.c.sequence),
    )


def _note(connection: Connection, delivery_id: str, now_ms: int, outcome: str, detail: str) -> None:
    """One more attempt in the timeline."""
    connection.execute(
        update(delivery).where(delivery.c.id == delivery_id).values(attempts=delivery.c.attempts + 1)
    )
    number = select(delivery.c.attempts).where(delivery.c.id == delivery_id).scalar_subquery()
    connection.execute(
        insert(delivery_attempt).values(
            delivery=delivery_id, number=number, at_ms=now_ms, outcome=outcome, detail=detail[:500]
        )
    )

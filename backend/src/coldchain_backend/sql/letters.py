"""Deliveries for people to look at: which there are, what became of each, and sending some again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from sqlalchemy import ColumnElement, RowMapping, UnaryExpression, and_, func, select, update

from coldchain.errors import InvalidInput
from coldchain_backend.delivery.queue import DeliveryState
from coldchain_backend.sql.schema import delivery, delivery_attempt
from coldchain_backend.sql.session import Database
from coldchain_backend.sql.told import tells_of

MAX_LISTED = 1_000
MAX_REPLAYED = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which deliveries: by ids, or by receiver, alert, state, when queued (ms UTC, `to_ms` exclusive).

    `said` is a part of what the last attempt came to, in any case of letters.
    """

    ids: tuple[str, ...] = ()
    receiver: str | None = None
    alert: str | None = None
    state: DeliveryState | None = None
    from_ms: int | None = None
    to_ms: int | None = None
    said: str | None = None


class LetterOrder(StrEnum):
    """In which order deliveries are listed; equals are listed the newest first."""

    NEWEST = "newest"
    OLDEST = "oldest"
    RECEIVER = "receiver"
    ATTEMPTS = "attempts"  # the most first


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A delivery without its body; times are ms UTC."""

    id: str
    alert: str
    sequence: int
    receiver: str
    state: DeliveryState
    created_ms: int
    due_ms: int
    attempts: int
    critical: bool
    last_error: str | None
    delivered_ms: int | None


_PLAIN = tuple(delivery.c[name] for name in Letter.__slots__)
"""All of a delivery but its body and what the courier keeps for itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptMade:
    """One attempt and what came of it."""

    number: int
    at_ms: int
    outcome: str
    detail: str


class Letters:
    """Reads deliveries and queues some again."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def listed(
        self, wanted: Wanted, limit: int = 100, *, order: LetterOrder = LetterOrder.NEWEST, skip: int = 0
    ) -> Sequence[Letter]:
        """Those that are wanted, at most `limit` behind the first `skip`."""
        rows = (
            select(*_PLAIN)
            .where(*_conditions(wanted))
            .order_by(*_order(order))
            .limit(min(limit, MAX_LISTED))
            .offset(skip)
        )
        with self._database.read() as connection:
            return [_letter(row) for row in connection.execute(rows).mappings()]

    def count(self, wanted: Wanted) -> int:
        """How many are wanted."""
        with self._database.read() as connection:
            counted = select(func.count()).select_from(delivery).where(*_conditions(wanted))
            return connection.scalar(counted) or 0

    def documents(self, ids: Sequence[str]) -> Mapping[str, bytes]:
        """The documents of some deliveries, as they were queued."""
        rows = select(delivery.c.id, delivery.c.body).where(delivery.c.id.in_(ids[:MAX_LISTED]))
        with self._database.read() as connection:
            return {row.id: bytes(row.body) for row in connection.execute(rows)}

    def counts(self) -> Mapping[tuple[str, DeliveryState], int]:
        """How many there are by receiver and state."""
        counted = select(delivery.c.receiver, delivery.c.state, func.count()).group_by(
            delivery.c.receiver, delivery.c.state
        )
        with self._database.read() as connection:
            return {(row[0], DeliveryState(row[1])): row[2] for row in connection.execute(counted)}

    def failing(self) -> Mapping[str, Letter]:
        """The oldest that waits after an attempt that failed, by receiver."""
        waits = and_(delivery.c.state == DeliveryState.QUEUED.value, delivery.c.attempts > 0)
        first = (
            select(delivery.c.receiver, func.min(delivery.c.created_ms).label("created_ms"))
            .where(waits)
            .group_by(delivery.c.receiver)
            .subquery()
        )
        same = and_(
            first.c.receiver == delivery.c.receiver, first.c.created_ms == delivery.c.created_ms, waits
        )
        with self._database.read() as connection:
            rows = connection.execute(select(*_PLAIN).join(first, same)).mappings()
            return {row["receiver"]: _letter(row) for row in rows}

    def shown(self, delivery_id: str) -> tuple[Letter, bytes, Sequence[AttemptMade]] | None:
        """One with its document and its attempts."""
        table = delivery_attempt
        attempts = select(table).where(table.c.delivery == delivery_id).order_by(table.c.number)
        with self._database.read() as connection:
            row = connection.execute(select(delivery).where(delivery.c.id == delivery_id)).mappings().first()
            if row is None:
                return None
            made = [
                AttemptMade(
                    number=one["number"], at_ms=one["at_ms"], outcome=one["outcome"], detail=one["detail"]
                )
                for one in connection.execute(attempts).mappings()
            ]
            return _letter(row), bytes(row["body"]), made

    def replayable(self, wanted: Wanted) -> int:
        """How many a replay would queue again: dead letters, where no state is given.

        Raises InvalidInput where nothing bounds it, for what is queued or held, or for too many at once.
        """
        count = self.count(_again(wanted))
        if count > MAX_REPLAYED:
            raise InvalidInput(f"{count} deliveries are too many at once; {MAX_REPLAYED} at most")
        return count

    def replay(self, wanted: Wanted, now_ms: int) -> int:
        """Queue again what is wanted, under the same ids, as if it had been queued now; how many.

        What is queued or held already is left alone. Raises InvalidInput as `replayable` does.
        """
        which = and_(*_conditions(_again(wanted)))
        with self._database.write() as connection, connection.begin():
            count = connection.scalar(select(func.count()).select_from(delivery).where(which)) or 0
            if count > MAX_REPLAYED:
                raise InvalidInput(f"{count} deliveries are too many at once; {MAX_REPLAYED} at most")
            again = {
                "state": DeliveryState.QUEUED.value, "created_ms": now_ms, "due_ms": now_ms,
                "leased_until_ms": 0, "attempts": 0, "last_error": None, "delivered_ms": None,
                "reached": None, "overdue": False,
            }  # fmt: skip
            connection.execute(update(delivery).where(which).values(**again))
        return count


def _again(wanted: Wanted) -> Wanted:
    """What may be sent again of it. Raises InvalidInput."""
    if not any((wanted.ids, wanted.receiver, wanted.alert, wanted.from_ms is not None)):
        raise InvalidInput("say which: ids, a receiver, an alert, or since when")
    state = wanted.state or DeliveryState.DEAD
    if state not in (DeliveryState.DEAD, DeliveryState.DELIVERED):
        raise InvalidInput(f"only dead or delivered ones can be sent again, not {state.value}")
    return replace(wanted, state=state)


def _order(order: LetterOrder) -> Sequence[ColumnElement[object] | UnaryExpression[object]]:
    newest = (delivery.c.created_ms.desc(), delivery.c.alert, delivery.c.sequence.desc())
    match order:
        case LetterOrder.NEWEST:
            return newest
        case LetterOrder.OLDEST:
            return (delivery.c.created_ms, delivery.c.alert, delivery.c.sequence)
        case LetterOrder.RECEIVER:
            return (delivery.c.receiver, *newest)
        case LetterOrder.ATTEMPTS:
            return (delivery.c.attempts.desc(), *newest)


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    given: list[ColumnElement[bool]] = []
    if wanted.ids:
        given.append(delivery.c.id.in_(wanted.ids))
    if wanted.receiver is not None:
        given.append(delivery.c.receiver == wanted.receiver)
    if wanted.alert is not None:
        given.append(tells_of(wanted.alert))
    if wanted.state is not None:
        given.append(delivery.c.state == wanted.state.value)
    if wanted.from_ms is not None:
        given.append(delivery.c.created_ms >= wanted.from_ms)
    if wanted.to_ms is not None:
        given.append(delivery.c.created_ms < wanted.to_ms)
    if wanted.said is not None:
        given.append(delivery.c.last_error.icontains(wanted.said, autoescape=True))
    return given


def _letter(row: RowMapping) -> Letter:
    plain = {name: row[name] for name in Letter.__slots__ if name != "state"}
    return Letter(**plain, state=DeliveryState(row["state"]))

"""Pages of the list of alerts."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, Select, Table, and_, case, or_, select, tuple_

from coldchain_backend.alerts import Alert, AlertState, Queued
from coldchain_backend.judging.views import AlertFilter, AlertOrder
from coldchain_backend.sql import alert_rows, schema

_T = schema.alert
OPEN = tuple(state.value for state in AlertState if state.open)
_LISTED = tuple(state.value for state in AlertState if state.listed)
_SEARCHED = (_T.c.id, _T.c.asset, _T.c.zone, _T.c.point)
_OVER = case((_T.c.state.in_(OPEN), 0), else_=1)
"""0 for what goes on."""


def alert_page(connection: Connection, wanted: AlertFilter, after: str | None, limit: int) -> Sequence[Alert]:
    """Alerts that are wanted, behind the one named `after`, in the order that is wanted."""
    asked = select(_T).where(*conditions(wanted))
    if after is not None:
        where = select(_T.c.fired_ms, _T.c.level, _OVER.label("over")).where(_T.c.id == after)
        last = connection.execute(where).first()
        fired_ms, level, over = (0, "", 0) if last is None else (last.fired_ms, last.level, last.over)
        asked = asked.where(_behind(wanted.order, (fired_ms, after), (level, over)))
    found = connection.execute(_ordered(asked, wanted.order).limit(limit)).mappings()
    return [alert_rows.alert_of(row) for row in found]


def queued_of(connection: Connection) -> Sequence[Queued]:
    """Every alert that goes on, with those for whom something of it is queued, alone or in a digest."""
    going_on = _T.c.state.in_([state.value for state in AlertState if state.open])
    alone = _heard(connection, schema.delivery, going_on)
    in_digest = _heard(connection, schema.digest_entry, going_on)
    found = connection.execute(select(_T).where(going_on).order_by(_T.c.id)).mappings()
    return [
        Queued(
            alert=alert_rows.alert_of(row),
            alone=frozenset(alone.get(row["id"], ())),
            in_digest=frozenset(in_digest.get(row["id"], ())),
        )
        for row in found
    ]


def _heard(connection: Connection, table: Table, going_on: ColumnElement[bool]) -> dict[str, set[str]]:
    """The receivers that a table holds something for, by alert."""
    pairs = select(table.c.alert, table.c.receiver).join(_T, _T.c.id == table.c.alert)
    found: dict[str, set[str]] = {}
    for alert, receiver in connection.execute(pairs.where(going_on).distinct()):
        found.setdefault(alert, set()).add(receiver)
    return found


def conditions(wanted: AlertFilter) -> list[ColumnElement[bool]]:
    """What holds of the alerts that are wanted."""
    equal = (
        (_T.c.standing, None if wanted.state is None else wanted.state.value),
        (_T.c.level, None if wanted.level is None else wanted.level.value),
        (_T.c.kind, None if wanted.kind is None else wanted.kind.value),
        (_T.c.asset, wanted.asset),
        (_T.c.zone, wanted.zone),
    )
    found = [column == value for column, value in equal if value is not None]
    if wanted.open:
        found.append(_T.c.state.in_(OPEN))
    if wanted.listed:
        found.append(_T.c.state.in_(_LISTED))
    if wanted.from_ms is not None:
        found.append(_T.c.fired_ms >= wanted.from_ms)
    if wanted.to_ms is not None:
        found.append(_T.c.fired_ms < wanted.to_ms)
    if wanted.q is not None:
        named = (_T.c.asset, _T.c.zone, _T.c.point)
        by_id = [column.contains(wanted.q, autoescape=True) for column in _SEARCHED]
        found.append(or_(*by_id, *(column.in_(sorted(wanted.places)) for column in named)))
    return found


def _behind(order: AlertOrder, last: tuple[int, str], rank: tuple[str, int]) -> ColumnElement[bool]:
    """What comes behind the alert with this stamp and id, and this level and 0 or 1 of `_OVER`."""
    here, ranked = tuple_(_T.c.fired_ms, _T.c.id), tuple_(_T.c.level, _OVER)
    match order:
        case AlertOrder.OLDEST:
            return here > last
        case AlertOrder.NEWEST:
            return here < last
        case AlertOrder.LEVEL:
            return or_(ranked > rank, and_(ranked == rank, here < last))


def _ordered(asked: Select[tuple[object, ...]], order: AlertOrder) -> Select[tuple[object, ...]]:
    match order:
        case AlertOrder.OLDEST:
            return asked.order_by(_T.c.fired_ms, _T.c.id)
        case AlertOrder.NEWEST:
            return asked.order_by(_T.c.fired_ms.desc(), _T.c.id.desc())
        case AlertOrder.LEVEL:
            return asked.order_by(_T.c.level, _OVER, _T.c.fired_ms.desc(), _T.c.id.desc())

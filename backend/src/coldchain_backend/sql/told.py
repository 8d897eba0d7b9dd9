"""What a delivery tells of: an alert by itself, or those that stand in a digest or a group's message."""

from collections.abc import Sequence

import orjson
from sqlalchemy import ColumnElement, Connection, func, or_, select

from coldchain_backend.alerts import Alert, AlertState
from coldchain_backend.sql import alert_rows, schema

_OPEN = tuple(one.value for one in AlertState if one.open)


def tells_of(alert_id: str) -> ColumnElement[bool]:
    """Whether a delivery tells of an alert."""
    queue, entry = schema.delivery, schema.digest_entry
    together = select(entry.c.digest).where(entry.c.alert == alert_id, entry.c.digest.is_not(None))
    return or_(queue.c.alert == alert_id, queue.c.id.in_(together))


def told_in(connection: Connection, delivery: str) -> Sequence[Alert]:
    """The alerts of which a delivery tells together, in the order in which they came into it."""
    alert, entry = schema.alert, schema.digest_entry
    first = (
        select(entry.c.alert, func.min(entry.c.at_ms).label("at_ms"))
        .where(entry.c.digest == delivery)
        .group_by(entry.c.alert)
        .subquery()
    )
    wanted = select(alert).join(first, first.c.alert == alert.c.id).order_by(first.c.at_ms, alert.c.id)
    return [alert_rows.alert_of(row) for row in connection.execute(wanted).mappings()]


def told_of_open(connection: Connection, limit: int) -> list[tuple[str, str]]:
    """(Alert, receiver) of what goes on, the newest first; behind them (delivery, receiver) of groups."""
    alert, entry = schema.alert, schema.digest_entry
    going_on = alert.c.state.in_(_OPEN)
    alone = select(alert.c.id, alert.c.told).where(going_on).order_by(alert.c.fired_ms.desc()).limit(limit)
    found = [(row.id, name) for row in connection.execute(alone) for name in orjson.loads(row.told)]
    together = (
        select(entry.c.digest, entry.c.receiver)
        .join(alert, alert.c.id == entry.c.alert)
        .where(going_on, entry.c.digest.is_not(None), entry.c.line != "")
        .distinct()
        .limit(limit)
    )
    return [*found[:limit], *((row.digest, row.receiver) for row in connection.execute(together))]

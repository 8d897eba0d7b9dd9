"""What the figures of alarms are made of, and how many alerts there are."""

from collections.abc import Mapping, Sequence
from itertools import groupby

import orjson
from sqlalchemy import Connection, func, or_, select

from coldchain.profiles import Level
from coldchain_backend.alerts import AlertKind, AlertState, Head, Life, Stage, TransitionKind, life_of
from coldchain_backend.judging.views import AlertFilter
from coldchain_backend.sql import schema
from coldchain_backend.sql.alert_pages import OPEN, conditions

_ARRIVED = "delivered"


def alert_counts(connection: Connection, wanted: AlertFilter) -> Mapping[AlertState, int]:
    """How many alerts are wanted, by the state that is shown."""
    table = schema.alert
    asked = select(table.c.standing, func.count()).where(*conditions(wanted)).group_by(table.c.standing)
    return {AlertState(row[0]): row[1] for row in connection.execute(asked)}


def lives(connection: Connection, from_ms: int, to_ms: int, limit: int) -> Sequence[Life]:
    """The lives of alerts with a step in a time, and of those that were on before and go on."""
    alert, step = schema.alert, schema.alert_transition
    within = select(step.c.alert).where(step.c.at_ms >= from_ms, step.c.at_ms < to_ms)
    chosen = (
        select(alert.c.id)
        .where(alert.c.fired_ms < to_ms, or_(alert.c.state.in_(OPEN), alert.c.id.in_(within)))
        .limit(limit)
        .subquery()
    )
    columns = (
        alert.c.id, alert.c.source, alert.c.kind, alert.c.level, alert.c.state, alert.c.told,
        alert.c.acknowledged_ms, step.c.kind.label("step"), step.c.at_ms, step.c.pages,
    )  # fmt: skip
    asked = (
        select(*columns)
        .join(chosen, chosen.c.id == alert.c.id)
        .join(step, step.c.alert == alert.c.id)
        .order_by(alert.c.id, step.c.sequence)
    )
    found = []
    for _, rows in groupby(connection.execute(asked), key=lambda row: row.id):
        steps = list(rows)
        first = steps[0]
        head = Head(
            alert=first.id,
            source=first.source,
            kind=AlertKind(first.kind),
            level=Level(first.level),
            state=AlertState(first.state),
            told=tuple(orjson.loads(first.told)),
            acknowledged_ms=first.acknowledged_ms,
        )
        stages = [Stage(kind=TransitionKind(one.step), at_ms=one.at_ms, pages=one.pages) for one in steps]
        found.append(life_of(head, stages))
    return found


def undelivered(connection: Connection, from_ms: int, to_ms: int) -> Mapping[str, Mapping[str, int]]:
    """How many deliveries that were queued in a time have not arrived: by receiver, by state."""
    table = schema.delivery
    asked = (
        select(table.c.receiver, table.c.state, func.count())
        .where(table.c.created_ms >= from_ms, table.c.created_ms < to_ms, table.c.state != _ARRIVED)
        .group_by(table.c.receiver, table.c.state)
        .order_by(table.c.receiver, table.c.state)
    )
    found: dict[str, dict[str, int]] = {}
    for receiver, state, count in connection.execute(asked):
        found.setdefault(receiver, {})[state] = count
    return found

"""Accounts of hours are deflated from here on, and states with long windows are kept once a day.

What was folded before is read as it is. States that would not be kept now go: a rebuild finds the same ones.
"""

from collections.abc import Iterator

import orjson
import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

DAY_MS = 86_400_000
LONG = 48
SHORT = 1000
"""A state of so few bytes has no long window."""


def upgrade() -> None:
    """Take the states of hours with long windows out, but the first of each UTC day."""
    hours = sa.table(
        "course_hour",
        sa.column("sensor", sa.String()),
        sa.column("from_ms", sa.BigInteger()),
        sa.column("quantity", sa.String()),
        sa.column("hour_ms", sa.BigInteger()),
        sa.column("state", sa.LargeBinary()),
    )
    course = (hours.c.sensor, hours.c.from_ms, hours.c.quantity)
    large = sa.case((sa.func.length(hours.c.state) > SHORT, hours.c.state))
    bind = op.get_bind()
    for key in bind.execute(sa.select(*course).distinct()).all():
        mine = sa.and_(*(column == value for column, value in zip(course, key, strict=True)))
        states = bind.execute(sa.select(hours.c.hour_ms, large).where(mine).order_by(hours.c.hour_ms))
        gone = list(_not_kept((row[0], row[1]) for row in states))
        for start in range(0, len(gone), 500):
            some = hours.c.hour_ms.in_(gone[start : start + 500])
            bind.execute(hours.delete().where(mine, some))


def _not_kept(states: Iterator[tuple[int, bytes | None]]) -> Iterator[int]:
    before_ms = None
    for hour_ms, state in states:
        same_day = before_ms is not None and hour_ms // DAY_MS == before_ms // DAY_MS
        before_ms = hour_ms
        if same_day and state is not None:
            tallies = orjson.loads(state).get("tallies", ())
            if any(len(tally["sums"]) > LONG for tally in tallies):
                yield hour_ms

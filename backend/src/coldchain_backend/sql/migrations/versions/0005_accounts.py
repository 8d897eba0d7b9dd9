"""Accounts per quarter and hour, and per local day."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables; they fill from the series by themselves."""
    op.create_table(
        "account_hour",
        sa.Column("sensor", sa.String(), nullable=False),
        sa.Column("from_ms", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("quantity", sa.String(), nullable=False),
        sa.Column("hour_ms", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("quarters", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sensor", "from_ms", "quantity", "hour_ms"),
        sqlite_with_rowid=False,
        info={"origin": "derived"},
    )
    op.create_table(
        "account_day",
        sa.Column("sensor", sa.String(), nullable=False),
        sa.Column("from_ms", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("quantity", sa.String(), nullable=False),
        sa.Column("day_ms", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("end_ms", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("point", sa.String(), nullable=False),
        sa.Column("profile", sa.String(), nullable=False),
        sa.Column("covered_ms", sa.BigInteger(), nullable=False),
        sa.Column("unknown_ms", sa.BigInteger(), nullable=False),
        sa.Column("in_ms", sa.BigInteger(), nullable=False),
        sa.Column("account", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sensor", "from_ms", "quantity", "day_ms"),
        sqlite_with_rowid=False,
        info={"origin": "derived"},
    )
    op.create_index(
        "account_day_sums",
        "account_day",
        ["quantity", "day_ms", "point", "profile", "covered_ms", "unknown_ms", "in_ms"],
        unique=False,
    )
    op.create_table(
        "account_frontier",
        sa.Column("sensor", sa.String(), nullable=False),
        sa.Column("from_ms", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("quantity", sa.String(), nullable=False),
        sa.Column("folded_ms", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("holes", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sensor", "from_ms", "quantity"),
        info={"origin": "derived"},
    )

"""What was said about zones, and every state in which an excursion was kept."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add tables and columns; excursions from before count as noted at the beginning of the ledger."""
    with op.batch_alter_table("excursion") as table:
        table.add_column(sa.Column("because", sa.BigInteger(), nullable=True))
        table.add_column(sa.Column("noted", sa.BigInteger(), nullable=False, server_default="0"))
        table.add_column(sa.Column("noted_ms", sa.BigInteger(), nullable=False, server_default="0"))
    op.create_table(
        "excursion_history",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("noted", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("noted_ms", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sensor", sa.String(), nullable=False),
        sa.Column("from_ms", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("quantity", sa.String(), nullable=False),
        sa.Column("point", sa.String(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("opened_ms", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("closed_ms", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("warning_ms", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("alarm_ms", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("peak", sa.Float(), nullable=False),
        sa.Column("peak_ms", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("out_ms", sa.BigInteger(), nullable=False),
        sa.Column("data_gap", sa.Boolean(), nullable=False),
        sa.Column("end_value", sa.Float(), nullable=True),
        sa.Column("held_ms", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("incomplete", sa.Boolean(), nullable=False),
        sa.Column("gone", sa.String(), nullable=True),
        sa.Column("into_id", sa.String(), nullable=True),
        sa.Column("because", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", "noted"),
        info={"origin": "derived"},
    )
    op.create_index("excursion_history_of_point", "excursion_history", ["point", "opened_ms"], unique=False)
    op.create_table(
        "zone_said",
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("from_ms", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("to_ms", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("zone", "source", "from_ms", "number"),
        info={"origin": "derived"},
    )
    op.create_index("zone_said_number", "zone_said", ["number"], unique=False)

"""What is critical, which parts of a telling arrived, and how receivers' other ends stand."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add columns, indexes and a table. What waits from before is critical if its document is of an alarm."""
    with op.batch_alter_table("delivery") as table:
        table.add_column(sa.Column("critical", sa.Boolean(), nullable=False, server_default=sa.false()))
        table.add_column(sa.Column("reached", sa.String(), nullable=True))
        table.add_column(sa.Column("overdue", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index("delivery_by_time", "delivery", ["created_ms"], unique=False)
    op.create_index("delivery_attempt_by_time", "delivery_attempt", ["at_ms"], unique=False)
    op.create_table(
        "receiver_standing",
        sa.Column("receiver", sa.String(), nullable=False),
        sa.Column("settings", sa.String(), nullable=False),
        sa.Column("standing", sa.String(), nullable=False),
        sa.Column("since_ms", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("tested_ms", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("tested_by", sa.String(), nullable=True),
        sa.Column("test_arrived", sa.Boolean(), nullable=True),
        sa.Column("test_detail", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("receiver"),
        info={"origin": "kept"},
    )

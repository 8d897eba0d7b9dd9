"""What is done about alerts: what lies over them, what is due, what digests tell."""

import orjson
import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add columns and tables. An alert from before stands as its state says, and is handled from here on."""
    with op.batch_alter_table("alert") as table:
        table.add_column(sa.Column("standing", sa.String(), nullable=False, server_default=""))
        table.add_column(sa.Column("zone", sa.String(), nullable=True))
        table.add_column(sa.Column("source", sa.String(), nullable=False, server_default=""))
        table.add_column(sa.Column("paged_ms", sa.BigInteger(), autoincrement=False, nullable=True))
        table.add_column(sa.Column("counted_ms", sa.BigInteger(), autoincrement=False, nullable=True))
        table.add_column(sa.Column("handling", sa.LargeBinary(), nullable=True))
    with op.batch_alter_table("alert_transition") as table:
        table.add_column(sa.Column("note", sa.String(), nullable=True))
    op.create_index("alert_standing", "alert", ["standing", "fired_ms"], unique=False)
    op.create_index("alert_paged", "alert", ["paged_ms"], unique=False)
    _fill()
    op.create_table(
        "alert_due",
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("due_ms", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.PrimaryKeyConstraint("subject", "kind"),
        info={"origin": "derived"},
    )
    op.create_table(
        "alert_mute",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("to_ms", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        info={"origin": "derived"},
    )
    op.create_table(
        "alert_memo",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
        info={"origin": "derived"},
    )
    op.create_table(
        "digest_entry",
        sa.Column("receiver", sa.String(), nullable=False),
        sa.Column("alert", sa.String(), nullable=False),
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("critical", sa.Boolean(), nullable=False),
        sa.Column("digest", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("receiver", "alert", "sequence"),
        info={"origin": "derived"},
    )
    op.create_index("digest_entry_waiting", "digest_entry", ["receiver", "digest"], unique=False)
    op.create_index("digest_entry_of_alert", "digest_entry", ["alert"], unique=False)


def _fill() -> None:
    """What can be told of alerts from before by their own rows."""
    alert = sa.table(
        "alert",
        sa.column("id"),
        sa.column("state"),
        sa.column("cause"),
        sa.column("standing"),
        sa.column("zone"),
    )
    connection = op.get_bind()
    for row in connection.execute(sa.select(alert.c.id, alert.c.state, alert.c.cause)).all():
        zone = (orjson.loads(row.cause).get("subject") or {}).get("zone")
        changed = sa.update(alert).where(alert.c.id == row.id).values(standing=row.state, zone=zone)
        connection.execute(changed)

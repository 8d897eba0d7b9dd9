"""Who holds a lease of a delivery: several couriers may work on one queue."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; leases of before belong to whoever comes first."""
    op.add_column("delivery", sa.Column("leased_by", sa.String(), nullable=True))

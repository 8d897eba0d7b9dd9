"""Which group what is told together waits in, and who was told what in one message."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What waits already waits for its receiver's digest."""
    op.add_column("digest_entry", sa.Column("line", sa.String(), server_default="", nullable=False))
    op.create_index("digest_entry_told", "digest_entry", ["digest"], unique=False)

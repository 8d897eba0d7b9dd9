"""Ranks of readings have room for those that are followed from a foreign store."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Two origins to a quality become three: only readings of placed or unsure time change their number."""
    block = sa.table("series_block", sa.column("rank", sa.Integer()))
    for rank in (5, 4, 3, 2):
        wider = 3 * (rank // 2) + rank % 2
        op.execute(block.update().where(block.c.rank == rank).values(rank=wider))

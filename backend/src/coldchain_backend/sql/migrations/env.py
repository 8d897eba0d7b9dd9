"""Runs migrations on the connection that the caller opened."""

from alembic import context

from coldchain_backend.sql.dialect import is_postgresql, order_by_bytes
from coldchain_backend.sql.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
    if is_postgresql(context.get_bind()):
        order_by_bytes(context.get_bind())

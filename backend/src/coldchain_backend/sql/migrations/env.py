"""Runs migrations on the connection that the caller opened."""

from alembic import context

from coldchain_backend.sql.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()

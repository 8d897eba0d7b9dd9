"""The queue on PostgreSQL: the suite of SQLite, word for word."""

from unit.sql.test_deliveries import *  # noqa: F403 - the suite

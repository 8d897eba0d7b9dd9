"""Judging's memory on PostgreSQL: the suite of SQLite, word for word."""

from unit.sql.test_books import *  # noqa: F403 - the suite

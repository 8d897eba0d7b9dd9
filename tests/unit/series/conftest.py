"""One database for the tests of a module; what a test writes is taken back."""

import sqlite3
from collections.abc import Iterator

import pytest

from coldchain_backend.sql import Database
from coldchain_backend.sql.session import raw
from support.databases import empty_database


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    database = empty_database(tmp_path_factory.mktemp("series") / "coldchain.sqlite")
    yield database
    database.close()


@pytest.fixture
def connection(database: Database) -> Iterator[sqlite3.Connection]:
    with database.write() as connection:
        connection.begin()
        yield raw(connection)
        connection.rollback()

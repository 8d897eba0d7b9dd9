"""The database file: made by migrations, the same as the tables say, refused when it is newer."""

import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from coldchain.errors import Refused
from coldchain_backend.sql import open_database
from coldchain_backend.sql.schema import metadata


def test_migrations_make_the_tables_of_the_schema(tmp_path: Path) -> None:
    database = open_database(tmp_path / "coldchain.sqlite")
    with database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    database.close()


def test_every_table_says_whether_it_is_derived_or_kept() -> None:
    assert {table.info["origin"] for table in metadata.tables.values()} == {"derived", "kept"}


def test_it_is_opened_again(tmp_path: Path) -> None:
    open_database(tmp_path / "coldchain.sqlite").close()
    open_database(tmp_path / "coldchain.sqlite").close()


@pytest.mark.parametrize("found", ["0999", "zzzz"])
def test_a_newer_database_is_refused_in_one_line(tmp_path: Path, found: str) -> None:
    path = tmp_path / "coldchain.sqlite"
    open_database(path).close()
    connection = sqlite3.connect(path)
    connection.execute("UPDATE alembic_version SET version_num = ?", (found,))
    connection.commit()
    connection.close()
    with pytest.raises(Refused, match="newer version") as caught:
        open_database(path)
    assert "\n" not in str(caught.value)


def test_commits_are_durable_when_they_return(tmp_path: Path) -> None:
    database = open_database(tmp_path / "coldchain.sqlite")
    with database.write() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
    database.close()

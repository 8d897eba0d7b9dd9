"""The database file: made by migrations, the same as the tables say, refused when it is newer."""

import sqlite3
from pathlib import Path

import orjson
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from coldchain.errors import Refused, Unavailable
from coldchain.readings import Quality
from coldchain_backend.series.blocks import Origin, rank_of
from coldchain_backend.sql import migrate, open_database
from coldchain_backend.sql.formats import migrations, newest_format, stored_format
from coldchain_backend.sql.schema import metadata
from coldchain_backend.sql.session import Database, raw


def test_migrations_make_the_tables_of_the_schema(tmp_path: Path) -> None:
    database = open_database(tmp_path / "coldchain.sqlite")
    with database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    database.close()


def test_the_newest_format_is_the_head_of_the_steps_and_what_a_new_database_has(tmp_path: Path) -> None:
    assert newest_format() == ScriptDirectory.from_config(migrations()).get_current_head()
    database = Database(tmp_path / "coldchain.sqlite")
    with database.read() as connection:
        assert stored_format(connection) is None
    database.close()
    database = open_database(tmp_path / "coldchain.sqlite")
    with database.read() as connection:
        assert stored_format(connection) == newest_format()
        assert MigrationContext.configure(connection).get_current_revision() == newest_format()
    database.close()


def test_every_table_says_whether_it_is_derived_or_kept() -> None:
    assert {table.info["origin"] for table in metadata.tables.values()} == {"derived", "kept", "mirrored"}


def test_it_is_opened_again(tmp_path: Path) -> None:
    open_database(tmp_path / "coldchain.sqlite").close()
    open_database(tmp_path / "coldchain.sqlite").close()


def test_a_writer_that_waited_in_vain_is_told_that_it_may_come_again(tmp_path: Path) -> None:
    database = open_database(tmp_path / "coldchain.sqlite")
    with database.write() as first, database.write() as second:
        raw(second).execute("PRAGMA busy_timeout = 0")
        with first.begin(), pytest.raises(Unavailable, match=r"coldchain\.sqlite: database is locked"):
            second.begin()
        with second.begin():
            pass
    database.close()


def test_a_full_disk_is_told_as_something_that_passes(tmp_path: Path) -> None:
    database = open_database(tmp_path / "coldchain.sqlite")
    with database.write() as connection:
        raw(connection).execute("PRAGMA max_page_count = 1")  # of what is there already, no page more
        with connection.begin(), pytest.raises(Unavailable, match="database or disk is full"):
            connection.exec_driver_sql("CREATE TABLE filler AS SELECT zeroblob(10000000)")
    with database.read() as connection:
        assert stored_format(connection) == newest_format()
    database.close()


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


def old_database(path: Path, version: str) -> None:
    """A database as an earlier version made it, with a delivery that is kept."""
    database = Database(path)
    with database.write() as connection:
        config = migrations()
        config.attributes["connection"] = connection
        command.upgrade(config, version)
        connection.exec_driver_sql("INSERT INTO revoked_key (fingerprint, from_ms) VALUES ('k1', 7)")
        connection.commit()
    database.close()


@pytest.mark.parametrize("version", [f"{number:04}" for number in range(1, 12)])
def test_an_older_database_is_refused_until_it_is_migrated_and_keeps_its_rows(
    tmp_path: Path, version: str
) -> None:
    path = tmp_path / "coldchain.sqlite"
    old_database(path, version)
    with pytest.raises(Refused, match="coldchain-backend migrate"):
        open_database(path)
    assert migrate(path) == (version, tmp_path / f"coldchain.sqlite.format-{version}")
    database = open_database(path)
    with database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        assert connection.exec_driver_sql("SELECT from_ms FROM revoked_key").scalar() == 7
    database.close()
    assert migrate(path) is None
    copy = sqlite3.connect(tmp_path / f"coldchain.sqlite.format-{version}")
    assert copy.execute("SELECT version_num FROM alembic_version").fetchone() == (version,)
    copy.close()


def test_ranks_of_readings_keep_their_meaning_when_a_third_origin_comes(tmp_path: Path) -> None:
    path = tmp_path / "coldchain.sqlite"
    old_database(path, "0014")
    connection = sqlite3.connect(path)
    for rank in range(6):
        row = (f"s{rank}", 1, 2, 2, rank, "temperature:f", b"")
        connection.execute(
            "INSERT INTO series_block (sensor, first_ms, last_ms, count, rank, layout, data)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            row,
        )
    connection.commit()
    connection.close()
    migrate(path)
    connection = sqlite3.connect(path)
    ranks = [row[0] for row in connection.execute("SELECT rank FROM series_block ORDER BY sensor")]
    connection.close()
    assert ranks == [
        rank_of(quality, origin) for quality in Quality for origin in (Origin.SEALED, Origin.RECEIPT)
    ]


def test_states_with_long_windows_go_but_the_first_of_each_day(tmp_path: Path) -> None:
    path = tmp_path / "coldchain.sqlite"
    old_database(path, "0016")
    hour, sums = 3_600_000, [f"{number} 7200000 1896148916579613238886400000" for number in range(60)]
    states = {"short": sums[:48], "long": sums}
    connection = sqlite3.connect(path)
    for sensor, kept in states.items():
        state = orjson.dumps({"tallies": [{"sums": kept}]})
        for number in (5, 6, 23, 24, 25, 49):
            row = (sensor, 0, "temperature", number * hour, state)
            connection.execute("INSERT INTO course_hour VALUES (?, ?, ?, ?, ?)", row)
    connection.commit()
    connection.close()
    migrate(path)
    connection = sqlite3.connect(path)
    left = connection.execute("SELECT sensor, hour_ms FROM course_hour ORDER BY sensor, hour_ms").fetchall()
    connection.close()
    assert left == [
        *(("long", number * hour) for number in (5, 24, 49)),
        *(("short", number * hour) for number in (5, 6, 23, 24, 25, 49)),
    ]


def test_nothing_and_what_is_newer_are_not_migrated(tmp_path: Path) -> None:
    path = tmp_path / "coldchain.sqlite"
    with pytest.raises(Unavailable, match="no database"):
        migrate(path)
    open_database(path).close()
    connection = sqlite3.connect(path)
    connection.execute("UPDATE alembic_version SET version_num = '0999'")
    connection.commit()
    connection.close()
    with pytest.raises(Refused, match="newer version"):
        migrate(path)


def test_a_database_that_cannot_be_opened_now_is_no_damage(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(Unavailable, match="unable to open"):
        open_database(tmp_path / "taken")
    with pytest.raises(Unavailable, match="unable to open"):
        open_database(tmp_path / "nowhere" / "coldchain.sqlite")

"""The state on a server: made by migrations, one writer, healed after a lost connection, nothing doubled."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text

from coldchain.errors import IntegrityError, InvalidInput, Refused, Unavailable
from coldchain_backend.judging.contracts import Progress
from coldchain_backend.sql import Books, Database, Place, Records
from coldchain_backend.sql.schema import metadata
from coldchain_runtime.secrets import Secret
from support.postgres import SCHEMA, Postgres


def test_migrations_make_the_tables_of_the_schema_from_nothing(postgres: Postgres, tmp_path: Path) -> None:
    name = postgres.database()
    with postgres.place(tmp_path, name).opened() as database, database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        wrong = "SELECT count(*) FROM information_schema.columns WHERE table_schema = current_schema() "
        wrong += "AND data_type IN ('character varying', 'text') AND collation_name IS DISTINCT FROM 'C'"
        assert connection.execute(text(wrong)).scalar() == 0
    postgres.drop(name)


def test_text_sorts_by_bytes_whatever_the_database_sorts_by(database: Database) -> None:
    ids = ["Z", "a", "É", "冷", "_", "b-1", "b1"]
    with database.write() as connection, connection.begin():
        for number, one in enumerate(ids):
            added = text("INSERT INTO revoked_key (fingerprint, from_ms) VALUES (:one, :number)")
            connection.execute(added, {"one": one, "number": number})
    with database.read() as connection:
        found = connection.execute(text("SELECT fingerprint FROM revoked_key ORDER BY fingerprint")).scalars()
        assert list(found) == sorted(ids, key=str.encode)


def test_bytes_that_no_text_may_hold_do_not_stop_judging(database: Database) -> None:
    books = Books(database)
    books.begin()
    books.count("bad_line", 1, 5, "a\0b")
    books.commit(Progress(offset=1))
    books.close()
    with database.read() as connection:
        assert connection.execute(text("SELECT sample FROM unjudged")).scalar() == "a\ufffdb"


def test_a_second_backend_is_refused_in_one_line_and_may_read(place: Place, tmp_path: Path) -> None:
    elsewhere = tmp_path / "other"
    elsewhere.mkdir()
    other = Place(data_dir=elsewhere, server=place.server, schema=place.schema)
    with place.opened():
        with pytest.raises(Refused, match="another backend has this state") as caught:
            other.open()
        assert "\n" not in str(caught.value)
        with place.looked_into() as database:
            assert Records(database).progress() == Progress()
    with other.opened() as database:
        assert Records(database).progress() == Progress()


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("nonsense", "no URL"),
        ("mysql://me:very-secret@host/x", "postgresql://USER"),
        ("postgresql://me:very-secret@host", "postgresql://USER"),
    ],
)
def test_an_address_that_is_none_is_refused_without_its_password(
    tmp_path: Path, address: str, reason: str
) -> None:
    with pytest.raises(InvalidInput, match=reason) as caught:
        Place(data_dir=tmp_path, server=Secret(address), schema="s").open()
    assert "very-secret" not in str(caught.value)


def test_a_server_that_is_not_there_is_told_in_one_line(postgres: Postgres, tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="cannot be reached") as caught:
        postgres.place(tmp_path, "no_such_database").open()
    assert "\n" not in str(caught.value)


def judged(books: Books, offset: int, time_ms: int) -> None:
    """One transaction with one reading."""
    books.begin()
    books.series.add("s", 0, [time_ms], {"temperature": [4.0]})
    books.count("seen", 1, time_ms, "")
    books.commit(Progress(offset=offset))


def times(database: Database) -> list[int]:
    return [one.time_ms for one in Records(database).page("s", 0, 100, 100)]


def cut(postgres: Postgres) -> None:
    """Every connection to the test's databases ends."""
    ours = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'coldchain-backend'"
    )
    postgres.execute(ours)


def test_a_lost_connection_loses_the_transaction_and_heals(postgres: Postgres, database: Database) -> None:
    books = Books(database)
    books.load()
    judged(books, 1, 1)
    cut(postgres)
    with pytest.raises(Unavailable, match="cannot be reached"):
        judged(books, 2, 2)
    books.rollback()
    assert books.load().progress.offset == 1
    judged(books, 2, 2)
    assert times(database) == [1, 2]
    assert Records(database).unjudged() == {"seen": 2}
    books.close()


def test_readings_whose_state_was_not_committed_are_taken_out_again(
    postgres: Postgres, database: Database
) -> None:
    books = Books(database)
    books.load()
    judged(books, 1, 1)
    books.begin()
    books.series.add("s", 0, [2], {"temperature": [5.0]})
    books.count("seen", 1, 2, "")
    assert len(books.series.readings("s", 0, 10)[0]) == 2
    cut(postgres)
    with pytest.raises(Unavailable):
        books.commit(Progress(offset=2))
    books.rollback()
    books.load()
    assert times(database) == [1]
    judged(books, 2, 2)
    assert times(database) == [1, 2]
    books.close()


def test_what_was_committed_is_there_after_a_restart(place: Place) -> None:
    with place.opened() as database:
        books = Books(database)
        books.load()
        judged(books, 1, 1)
        books.close()
    with place.opened() as database:
        books = Books(database)
        assert books.load().progress.offset == 1
        assert times(database) == [1]
        books.close()


def test_readings_of_another_past_are_refused(postgres: Postgres, place: Place) -> None:
    with place.opened() as database:
        books = Books(database)
        books.load()
        for offset in range(1, 5):
            judged(books, offset, offset)
        books.close()
    statement = f'UPDATE {SCHEMA}.progress SET "offset" = 2'  # noqa: S608 - our own schema's name
    postgres.execute(statement, _database_of(place))
    with place.opened() as database:
        books = Books(database)
        with pytest.raises(IntegrityError, match="`rebuild`"):
            books.load()
        books.close()


def _database_of(place: Place) -> str:
    assert place.server is not None
    return place.server.reveal().partition("@/")[2].partition("?")[0]


def test_nothing_to_look_into_is_told(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="no database here"):
        Place(data_dir=tmp_path).look_into()

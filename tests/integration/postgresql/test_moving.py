"""A state on a server beside a ledger: judged as in a file, backed up, restored, rebuilt, moved there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import func, select, text

from coldchain.errors import Refused
from coldchain.words import Text
from coldchain_backend.access import By, Person, Role
from coldchain_backend.recovery import Backup, Lock, Rebuild, restore, try_out
from coldchain_backend.sql import (
    Books,
    Database,
    PeopleBook,
    Place,
    digest,
    migrate_server,
    schema,
    take_in,
)
from coldchain_backend.sql.formats import migrations
from coldchain_backend.sql.server import make_schema
from coldchain_runtime.secrets import Secret
from support.judged_folder import SETTINGS, JudgedFolder
from support.judged_log import ORGANISATION, T0
from support.postgres import Postgres

LOCK = Lock.of(Secret("correct horse battery staple"))
BY = By(name="admin", at_ms=5)
LI = Person(id="li", name=Text(en="Li"), role=Role.ADMIN)


@pytest.fixture
def places(postgres: Postgres, tmp_path: Path) -> Iterator[Callable[[str], Place]]:
    """Empty places on the server, each with a data folder of its own."""
    made: list[str] = []

    def place(name: str) -> Place:
        folder = tmp_path / name
        folder.mkdir()
        made.append(postgres.ready(folder))
        return postgres.place(folder, made[-1])

    yield place
    for one in made:
        postgres.drop(one)


def lived(place: Place) -> JudgedFolder:
    """Half an hour judged into a place, with a person and a key."""
    folder = JudgedFolder(place.data_dir, segment_bytes=4_000, place=place)
    folder.live()
    (place.data_dir / "backend.key").write_text("11" * 32 + "\n", encoding="ascii")
    with folder.database() as database:
        PeopleBook(database).add(LI, BY)
    return folder


def kept(database: Database) -> list[tuple[object, ...]]:
    tables = (schema.delivery, schema.delivery_attempt, schema.person, schema.audit)
    with database.read() as connection:
        return [
            tuple(row)
            for table in tables
            for row in connection.execute(select(table).order_by(*table.primary_key))
        ]


def seen(place: Place) -> tuple[str, list[tuple[object, ...]]]:
    """All that is derived, and all that is kept."""
    with place.opened() as database:
        return digest(database), kept(database)


def nothing(_: int) -> None:
    """No progress bar."""


def test_judged_on_a_server_is_judged_as_in_a_file(places: Callable[[str], Place], tmp_path: Path) -> None:
    (tmp_path / "file").mkdir()
    assert seen(lived(places("server")).place) == seen(lived(Place(data_dir=tmp_path / "file")).place)


def test_a_backup_of_a_server_comes_back_on_a_server_and_in_a_file(
    places: Callable[[str], Place], tmp_path: Path
) -> None:
    folder = lived(places("server"))
    backup = Backup(folder.data_dir, ORGANISATION, tmp_path / "backups", LOCK, folder.place)
    path = backup.make(T0, nothing)
    before = seen(folder.place)
    assert try_out(path, LOCK, tmp_path, nothing).judged > 30
    restored = restore(path, LOCK, tmp_path / "file", nothing)
    assert seen(Place(data_dir=tmp_path / "file")) == before
    target = places("other")
    target.file.unlink()
    restore(path, LOCK, tmp_path / "again", nothing)
    target = replace(target, data_dir=tmp_path / "again")
    take_in(target)
    assert seen(target) == before
    with target.opened() as database:
        books = Books(database)
        assert books.load().progress.offset == restored.judged
        books.close()
        PeopleBook(database).change(replace(LI, phone="4008110110"), BY)  # the audit's numbers go on
        assert len(kept(database)) == len(before[1]) + 1


def test_a_backup_is_made_beside_who_judges(places: Callable[[str], Place], tmp_path: Path) -> None:
    folder = lived(places("server"))
    backup = Backup(folder.data_dir, ORGANISATION, tmp_path / "backups", LOCK, folder.place)
    with folder.database() as database:
        books = Books(database)
        judged = books.load().progress
        path = backup.make(T0, nothing)
        books.begin()
        books.commit(judged)
        books.close()
    assert try_out(path, LOCK, tmp_path, nothing).judged == judged.offset


def test_a_rebuild_takes_the_place_of_what_was_touched_and_keeps_what_is_kept(
    places: Callable[[str], Place],
) -> None:
    folder = lived(places("server"))
    before = seen(folder.place)
    with folder.ledger() as ledger:
        work = Rebuild(folder.data_dir, ledger, SETTINGS, folder.place)
        assert work.make(nothing).count == 0
        with folder.database() as database, database.write() as connection, connection.begin():
            connection.execute(text("UPDATE alert SET level = 'warning'"))
        assert {one.field for one in work.make(nothing).differences} == {"level"}
        work.swap()
        assert work.make(nothing).count == 0
        work.drop()
    assert seen(folder.place) == before
    assert not list(folder.data_dir.glob("*rebuil*"))


def test_a_state_in_a_file_is_moved_to_a_server_once(places: Callable[[str], Place]) -> None:
    target = places("server")
    target.file.unlink()
    before = seen(lived(Place(data_dir=target.data_dir)).place)
    with pytest.raises(Refused, match="migrate"):
        target.open()
    kept_as = take_in(target)
    assert seen(target) == before
    assert kept_as.is_file()
    with pytest.raises(Refused, match="stands on a server"):
        Place(data_dir=target.data_dir).open()
    kept_as.rename(target.data_dir / "coldchain.sqlite")
    with pytest.raises(Refused, match="holds a state already"):
        take_in(target)


def numbers_go_on(place: Place) -> dict[str, bool]:
    """For each number that the server gives: whether the next one lies behind all that there are."""
    found = {}
    with place.opened() as database, database.write() as connection, connection.begin():
        for table in schema.metadata.sorted_tables:
            number = table.autoincrement_column
            if number is None or number.server_default is not None:
                continue
            named = connection.scalar(select(func.pg_get_serial_sequence(table.name, number.name)))
            if named is not None:
                most = connection.execute(select(func.coalesce(func.max(number), 0))).scalar_one()
                found[table.name] = connection.execute(select(func.nextval(named))).scalar_one() > most
    return found


def test_numbers_that_the_server_gives_go_on_behind_what_was_taken_over(
    places: Callable[[str], Place], tmp_path: Path
) -> None:
    """Moved from a file, put in place by a rebuild: no entry of the audit meets the number of another."""
    (tmp_path / "file").mkdir()
    folder = lived(Place(data_dir=tmp_path / "file"))
    with folder.database() as database:
        for number in range(5):
            PeopleBook(database).change(replace(LI, phone=f"400811011{number}"), BY)
    place = replace(places("server"), data_dir=tmp_path / "file")
    take_in(place)
    told = numbers_go_on(place)
    assert told["audit"]
    assert all(told.values()), told
    before = len(kept_audit(place))
    with folder.ledger() as ledger:
        work = Rebuild(place.data_dir, ledger, SETTINGS, place)
        work.make(nothing)
        work.swap()
    assert all(numbers_go_on(place).values())
    with place.opened() as database:
        for number in range(5):
            PeopleBook(database).change(replace(LI, phone=f"400811022{number}"), BY)
    assert len(kept_audit(place)) == before + 5


def kept_audit(place: Place) -> list[int]:
    with place.opened() as database, database.read() as connection:
        return list(connection.scalars(select(schema.audit.c.id)))


@pytest.mark.parametrize("version", ["0001", "0005"])
def test_an_older_format_on_a_server_is_brought_up_after_a_copy(
    postgres: Postgres, tmp_path: Path, version: str
) -> None:
    name = postgres.database()
    place = postgres.place(tmp_path, name)
    database = place.on_server()
    with database.judge() as connection, connection.begin():
        make_schema(connection, place.schema)
    with database.judge() as connection, connection.begin():
        config = migrations()
        config.attributes["connection"] = connection
        command.upgrade(config, version)
        connection.execute(text("INSERT INTO revoked_key (fingerprint, from_ms) VALUES ('k1', 7)"))
    database.close()
    with pytest.raises(Refused, match="coldchain-backend migrate"):
        place.open()
    copy = f"{place.schema}_format_{version}"
    assert migrate_server(place) == (version, copy)
    with place.opened() as database, database.read() as connection:
        assert connection.execute(text("SELECT from_ms FROM revoked_key")).scalar() == 7
        assert connection.execute(text(f"SELECT from_ms FROM {copy}.revoked_key")).scalar() == 7  # noqa: S608
    assert migrate_server(place) is None
    postgres.drop(name)

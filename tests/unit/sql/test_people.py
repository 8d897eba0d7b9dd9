"""People in the database: found again, changed with their audit, never without an administrator."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from coldchain.errors import InvalidInput, Refused
from coldchain.words import Language, Text
from coldchain_backend.access import By, Person, Role
from coldchain_backend.sql import Database, PeopleBook, schema
from support.databases import empty_database

BY = By(name="admin", at_ms=7, why="hired")
WANG = Person(
    id="wang.li",
    name=Text(en="Wang Li", zh="王丽"),
    language=Language.ZH,
    email="wang@example.org",
    mobile="13800000000",
    role=Role.OPERATOR,
)
CHEN = Person(id="chen.jing", name=Text(zh="陈静"), role=Role.ADMIN)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = empty_database(tmp_path / "coldchain.sqlite")
    yield made
    made.close()


def noted(database: Database) -> list[tuple[object, ...]]:
    table = schema.audit
    columns = (table.c.by, table.c.what, table.c.subject, table.c.why, table.c.old, table.c.new)
    with database.read() as connection:
        return [tuple(row) for row in connection.execute(select(*columns).order_by(table.c.id))]


def test_a_person_is_there_after_a_restart(database: Database) -> None:
    PeopleBook(database).add(WANG, BY)
    again = PeopleBook(database)
    assert again.person("wang.li") == WANG
    assert again.person("nobody") is None
    assert again.password("wang.li") is None


def test_people_are_given_once_in_the_order_asked(database: Database) -> None:
    book = PeopleBook(database)
    book.add(WANG, BY)
    book.add(CHEN, BY)
    assert book.people(["wang.li", "gone", "chen.jing", "wang.li"]) == [WANG, CHEN]
    assert book.everyone() == [CHEN, WANG]


def test_nobody_is_added_twice_and_nobody_changed_who_is_not_there(database: Database) -> None:
    book = PeopleBook(database)
    book.add(WANG, BY)
    with pytest.raises(InvalidInput, match="already"):
        book.add(replace(WANG, role=Role.ADMIN), BY)
    with pytest.raises(InvalidInput, match="no user"):
        book.change(CHEN, BY)
    with pytest.raises(InvalidInput, match="no user"):
        book.set_password("chen.jing", "hash", BY)
    assert PeopleBook(database).everyone() == [WANG]
    assert len(noted(database)) == 1


def test_a_change_says_what_was_and_what_is(database: Database) -> None:
    book = PeopleBook(database)
    book.add(WANG, BY)
    assert book.change(replace(WANG, mobile="13900000000", role=None), replace(BY, why="moved"))
    assert not book.change(replace(WANG, mobile="13900000000", role=None), BY), "nothing differs"
    assert noted(database)[1:] == [
        ("admin", "user", "wang.li", "moved", "mobile: 13800000000, role: operator", "mobile: 13900000000")
    ]


def test_the_hash_of_a_password_never_stands_in_the_audit(database: Database) -> None:
    book = PeopleBook(database)
    book.add(WANG, BY)
    for hashed in ("$argon2id$one", "$argon2id$two", None):
        book.set_password("wang.li", hashed, BY)
        assert PeopleBook(database).password("wang.li") == hashed
    book.refresh_password("wang.li", "$argon2id$three")
    assert book.password("wang.li") is None, "there is none to refresh"
    rows = noted(database)
    assert [row[4:] for row in rows if row[1] == "password"] == [
        ("none", "set"), ("set", "set"), ("set", "none"),
    ]  # fmt: skip
    assert "argon2" not in str(rows)


@pytest.mark.parametrize("after", [replace(CHEN, role=Role.QUALITY), replace(CHEN, disabled=True)])
def test_the_last_administrator_stays_one(database: Database, after: Person) -> None:
    book = PeopleBook(database)
    book.add(CHEN, BY)
    with pytest.raises(Refused, match="last administrator"):
        book.change(after, BY)
    book.add(replace(CHEN, id="zhao.min"), BY)
    assert book.change(after, BY)


def test_a_failed_write_changes_nothing(database: Database) -> None:
    book = PeopleBook(database)
    with database.write() as connection:
        connection.exec_driver_sql("DROP TABLE audit")
        connection.commit()
    with pytest.raises(Exception, match="no such table"):
        book.add(WANG, BY)
    assert book.person("wang.li") is None
    assert PeopleBook(database).everyone() == []

"""People in the database, kept with their audit; read once, then answered from memory."""

import threading
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from coldchain.errors import InvalidInput, Refused
from coldchain.words import Language, Text
from coldchain_backend.access import MAX_PEOPLE, By, Noted, Person, Role, What
from coldchain_backend.sql.audit import put_note
from coldchain_backend.sql.schema import person as person_table
from coldchain_backend.sql.schema import person_password
from coldchain_backend.sql.session import Database

SET, NONE = "set", "none"
Field = str | bool | None


class PeopleBook:
    """Fills the port `PeopleKeeper`. This process is the only one that writes."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        with database.read() as connection:
            found = connection.execute(select(person_table)).mappings()
            self._known = {str(row["id"]): _person(row) for row in found}

    def person(self, id: str) -> Person | None:
        return self._known.get(id)

    def people(self, ids: Iterable[str]) -> Sequence[Person]:
        known = self._known
        return [known[id] for id in dict.fromkeys(ids) if id in known]

    def everyone(self) -> Sequence[Person]:
        return [one for _, one in sorted(self._known.items())]

    def add(self, person: Person, by: By) -> None:
        with self._lock:
            if person.id in self._known:
                raise InvalidInput(f"there is a user {person.id} already")
            if len(self._known) >= MAX_PEOPLE:
                raise InvalidInput(f"at most {MAX_PEOPLE} people")
            entry = _entry(What.USER, person.id, by, old=None, new=_said(_row(person)))
            with self._database.write() as connection, connection.begin():
                connection.execute(insert(person_table).values(_row(person)))
                put_note(connection, entry)
            self._known = {**self._known, person.id: person}

    def change(self, person: Person, by: By) -> bool:
        with self._lock:
            before = self._of(person.id)
            if before == person:
                return False
            after = {**self._known, person.id: person}
            if _admins(self._known) and not _admins(after):
                raise Refused(f"{person.id} is the last administrator who may log in")
            was, now = _row(before), _row(person)
            changed = [key for key in now if was[key] != now[key]]
            entry = _entry(
                What.USER,
                person.id,
                by,
                old=_said({key: was[key] for key in changed}),
                new=_said({key: now[key] for key in changed}),
            )
            with self._database.write() as connection, connection.begin():
                connection.execute(update(person_table).where(person_table.c.id == person.id).values(now))
                put_note(connection, entry)
            self._known = after
            return True

    def password(self, id: str) -> str | None:
        with self._database.read() as connection:
            found = connection.execute(
                select(person_password.c.hash).where(person_password.c.person == id)
            ).scalar()
        return None if found is None else str(found)

    def set_password(self, id: str, hashed: str | None, by: By) -> None:
        with self._lock:
            self._of(id)
            with self._database.write() as connection, connection.begin():
                had = _drop_password(connection, id)
                if hashed is not None:
                    connection.execute(
                        insert(person_password).values(person=id, hash=hashed, set_ms=by.at_ms)
                    )
                entry = _entry(
                    What.PASSWORD, id, by, old=SET if had else NONE, new=NONE if hashed is None else SET
                )
                put_note(connection, entry)

    def refresh_password(self, id: str, hashed: str) -> None:
        """The same password under newer parameters: no change that anybody made."""
        with self._database.write() as connection, connection.begin():
            connection.execute(
                update(person_password).where(person_password.c.person == id).values(hash=hashed)
            )

    def _of(self, id: str) -> Person:
        known = self._known.get(id)
        if known is None:
            raise InvalidInput(f"there is no user {id}")
        return known


def _drop_password(connection: Connection, id: str) -> bool:
    gone = connection.execute(delete(person_password).where(person_password.c.person == id))
    return gone.rowcount > 0


def _entry(what: What, id: str, by: By, *, old: str | None, new: str | None) -> Noted:
    return Noted(by=by.name, what=what, subject=id, at_ms=by.at_ms, why=by.why, old=old, new=new)


def _admins(people: Mapping[str, Person]) -> int:
    return sum(one.role is Role.ADMIN and not one.disabled for one in people.values())


def _said(row: Mapping[str, Field]) -> str:
    """Fields as people read them; empty ones are left out."""
    return ", ".join(
        f"{key}: {value}" for key, value in row.items() if value not in ("", None) and key != "id"
    )


def _row(one: Person) -> dict[str, Field]:
    return {
        "id": one.id,
        "name_en": one.name.en,
        "name_zh": one.name.zh,
        "language": one.language.value,
        "email": one.email,
        "mobile": one.mobile,
        "phone": one.phone,
        "role": None if one.role is None else one.role.value,
        "disabled": one.disabled,
    }


def _person(row: RowMapping) -> Person:
    role = row["role"]
    plain = {key: str(row[key]) for key in ("id", "email", "mobile", "phone")}
    return Person(
        **plain,
        name=Text(en=str(row["name_en"]), zh=str(row["name_zh"])),
        language=Language(str(row["language"])),
        role=None if role is None else Role(str(role)),
        disabled=bool(row["disabled"]),
    )

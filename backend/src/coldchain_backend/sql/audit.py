"""The audit in the database: rows are only ever added."""

from sqlalchemy import Connection, insert

from coldchain_backend.access import Noted
from coldchain_backend.sql.schema import audit
from coldchain_backend.sql.session import Database

MAX_TEXT = 2000


class Audit:
    """Fills the port `AuditBook`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, entry: Noted) -> None:
        with self._database.write() as connection, connection.begin():
            put_note(connection, entry)


def put_note(connection: Connection, entry: Noted) -> None:
    """Add an entry within the transaction of what it tells of."""
    connection.execute(
        insert(audit).values(
            at_ms=entry.at_ms,
            by=entry.by[:200],
            what=entry.what,
            subject=entry.subject[:200],
            why=entry.why[:MAX_TEXT],
            old=_cut(entry.old),
            new=_cut(entry.new),
        )
    )


def _cut(text: str | None) -> str | None:
    return None if text is None else text[:MAX_TEXT]

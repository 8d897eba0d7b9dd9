"""What is kept of receivers' other ends: switched off or not, and how the last test went."""

from sqlalchemy import select

from coldchain_backend.delivery.endpoints import Standing
from coldchain_backend.delivery.standings import Known, LastTest
from coldchain_backend.sql.dialect import add_or_change
from coldchain_backend.sql.schema import receiver_standing
from coldchain_backend.sql.session import Database

_STANDS = ("settings", "standing", "since_ms", "reason")
_TESTED = ("tested_ms", "tested_by", "test_arrived", "test_detail")
_EMPTY = {
    "settings": "", "standing": Standing.OK.value, "since_ms": 0, "reason": "", "tested_ms": None,
    "tested_by": None, "test_arrived": None, "test_detail": None,
}  # fmt: skip


class StandingBook:
    """Fills the courier's port; each call is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def known(self, receiver: str) -> Known | None:
        return next((one for one in self._read(receiver)), None)

    def everyone(self) -> list[Known]:
        return self._read(None)

    def stands(self, known: Known) -> None:
        said = (known.settings, known.standing.value, known.since_ms, known.reason)
        self._put(known.receiver, dict(zip(_STANDS, said, strict=True)))

    def tested(self, receiver: str, tested: LastTest) -> None:
        said = (tested.at_ms, tested.by, tested.arrived, tested.detail)
        self._put(receiver, dict(zip(_TESTED, said, strict=True)))

    def _put(self, receiver: str, values: dict[str, object]) -> None:
        row = {"receiver": receiver, **_EMPTY, **values}
        with self._database.write() as connection, connection.begin():
            kept = add_or_change(
                connection, receiver_standing, lambda new: {name: new[name] for name in values}
            )
            connection.execute(kept, row)

    def _read(self, receiver: str | None) -> list[Known]:
        table = receiver_standing
        wanted = select(table).order_by(table.c.receiver)
        if receiver is not None:
            wanted = wanted.where(table.c.receiver == receiver)
        with self._database.read() as connection:
            return [
                Known(
                    receiver=row["receiver"],
                    settings=row["settings"],
                    standing=Standing(row["standing"]),
                    since_ms=row["since_ms"],
                    reason=row["reason"],
                    tested=None
                    if row["tested_ms"] is None
                    else LastTest(
                        at_ms=row["tested_ms"],
                        by=row["tested_by"] or "",
                        arrived=bool(row["test_arrived"]),
                        detail=row["test_detail"] or "",
                    ),
                )
                for row in connection.execute(wanted).mappings()
            ]

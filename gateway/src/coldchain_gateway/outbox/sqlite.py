"""The outbox in SQLite: WAL, synchronous=FULL, ids never used twice."""

from pathlib import Path

from .batches import Batches, give_up
from .chunks import Chunks
from .contract import Counts, Dropped, HoleReason, Room
from .database import Database, Transaction, integer, optional_integer


class SqliteOutbox(Chunks, Batches):
    """One file, one writer; see the contract for what each method promises."""

    def __init__(self, path: Path) -> None:
        """Raises CorruptOutbox or OutboxFull; see `quarantine.open_outbox`."""
        self.path = path
        self.database = Database(path)
        self._database = self.database

    def room(self) -> Room:
        used, size = self._database.page_bytes()
        return Room(used_bytes=used, file_bytes=size)

    def limit(self, file_bytes: int, journal_bytes: int) -> None:
        self._database.limit(file_bytes, journal_bytes)

    def expire(self, acknowledged_before_ms: int) -> int:
        with self._database.write() as transaction:
            ids = [integer(row[0]) for row in transaction.rows("expired", (acknowledged_before_ms,))]
            _drop(transaction, ids)
            transaction.run("forget_holes")
        return len(ids)

    def shrink(self, max_bytes: int, *, unsealed: bool) -> Dropped:
        acknowledged = letters = holes = lines = 0
        while (excess := self._database.page_bytes()[0] - max_bytes) > 0:
            with self._database.write() as transaction:
                if count := _drop_oldest(transaction, "acknowledged", excess):
                    acknowledged += count
                elif count := _drop_oldest(transaction, "refused", excess):
                    letters += count
                elif count := _drop_oldest(transaction, "waiting", excess):
                    holes += count
                elif unsealed and (count := _drop_oldest_chunk(transaction)):
                    lines += count
                else:
                    break
        return Dropped(
            acknowledged_batches=acknowledged, dead_letters=letters, holes=holes, unsealed_lines=lines
        )

    def retry(self, name: tuple[str, int] | None) -> int:
        """Let dead letters wait again, one by its run and number or all of them; how many."""
        with self._database.write() as transaction:
            run, seq = (None, None) if name is None else name
            return transaction.run("retry", {"run": run, "seq": seq}).rowcount

    def counts(self) -> Counts:
        pending = self.pending()
        with self._database.read() as transaction:
            rows = {str(row[0]): row for row in transaction.rows("counts")}
            undeclared = len(transaction.rows("undeclared"))
        room = self.room()
        nothing = ("", 0, 0, 0, None)
        waiting = rows.get("waiting", nothing)
        acknowledged = rows.get("acknowledged", nothing)
        refused = rows.get("refused", nothing)
        return Counts(
            unsealed_lines=pending.lines,
            waiting_batches=integer(waiting[1]),
            waiting_lines=integer(waiting[2]),
            waiting_bytes=integer(waiting[3]),
            oldest_waiting_ms=optional_integer(waiting[4]),
            acknowledged_batches=integer(acknowledged[1]),
            acknowledged_bytes=integer(acknowledged[3]),
            refused_batches=integer(refused[1]),
            undeclared_holes=undeclared,
            used_bytes=room.used_bytes,
            file_bytes=room.file_bytes,
        )

    def close(self) -> None:
        self._database.close()


def _drop(transaction: Transaction, ids: list[int]) -> None:
    transaction.many("drop_body", [(batch_id,) for batch_id in ids])
    transaction.many("drop_batch", [(batch_id,) for batch_id in ids])


def _drop_oldest(transaction: Transaction, state: str, excess: int) -> int:
    """Drop the oldest batches of a state until about `excess` bytes are free; how many went."""
    ids: list[int] = []
    freed = 0
    for row in transaction.rows("oldest_in_state", (state,)):
        ids.append(integer(row[0]))
        freed += integer(row[1])
        if freed >= excess:
            break
    if state == "waiting":
        for batch_id in ids:
            give_up(transaction, batch_id, HoleReason.CAP)
    _drop(transaction, ids)
    return len(ids)


def _drop_oldest_chunk(transaction: Transaction) -> int:
    row = transaction.row("unsealed")
    if row is None:
        return 0
    transaction.run("drop_chunk", (row[0],))
    return integer(row[3])

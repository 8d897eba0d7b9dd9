"""The judging consumer: records in; series, excursions, alerts, deliveries and the offset in one commit.

Its only clock is the log: a due time fires before the first record stamped at or after it.
"""

from collections.abc import Sequence
from typing import Final

from coldchain_backend.judging.contracts import Memory
from coldchain_backend.judging.convoys import convoys
from coldchain_backend.judging.present import Settings
from coldchain_backend.judging.reader import Reader
from coldchain_backend.judging.revoking import runs
from coldchain_backend.judging.rollups import Rollups
from coldchain_backend.ledger import Kind, Ledger, Record

_OF_PEOPLE: Final = frozenset({Kind.FLEET, Kind.ACT})
"""Records that may change what any point is judged by."""


class Judging:
    """Follows one organisation's log. After an error in `consume` it goes on from its last commit."""

    def __init__(self, memory: Memory, settings: Settings, ledger: Ledger | None = None) -> None:
        """`ledger`: where acts are looked up that reach back; without it none may come."""
        self._memory, self._settings, self._ledger = memory, settings, ledger
        self._load()

    def _load(self) -> None:
        remembered = self._memory.load()
        self._committed, self._stale = remembered.progress, False
        self._reader = Reader(self._memory, self._settings, remembered, self._ledger)
        self._due_ms = self._reader.present.dues.next_ms()
        self._rollups = Rollups(self._memory, self._reader.present)

    @property
    def offset(self) -> int:
        """The last record that was judged and committed."""
        return self._committed.offset

    @property
    def stamp_ms(self) -> int:
        """The stamp of that record."""
        return self._committed.stamp_ms

    def fold(self) -> bool:
        """Fold a few roll-ups, in a transaction of its own; whether there was something to do."""
        if self._stale:
            self._load()
        if not self._rollups.wait:
            return False
        self._memory.begin()
        try:
            busy = self._rollups.fold()
            self._memory.commit(self._committed)
        except BaseException:
            self._stale = True
            self._memory.rollback()
            raise
        return busy

    def next_due_ms(self) -> int | None:
        """When something is due; if no record has come by then, the service appends an alive mark."""
        return self._due_ms

    def consume(self, records: Sequence[Record]) -> None:
        """Judge records that follow the last ones, in one transaction: all or nothing.

        A key that is revoked from an earlier instant on ends a transaction and has one of its own.
        """
        for run, act in runs(records):
            if self._stale:
                self._load()
            if act is not None:
                self._reader.revoking.take_out(act)
            self._consume(run)

    def _consume(self, records: Sequence[Record]) -> None:
        reader = self._reader
        self._memory.begin()
        try:
            for one in convoys(records):
                if isinstance(one, Record):
                    reader.take(one)
                elif len(one) == 1 or not reader.take_together(one):
                    for single in one:
                        reader.take(single.record, single)
            for course in reader.moved.values():
                self._memory.put_course(course.stored())
            self._memory.commit(reader.present.progress)
        except BaseException:
            self._stale = True
            self._memory.rollback()
            raise
        self._committed, self._due_ms = reader.present.progress, reader.present.dues.next_ms()
        if any(record.kind in _OF_PEOPLE for record in records):
            self._rollups.look_at_all()
        else:
            self._rollups.moved(reader.moved.values())
        reader.moved.clear()

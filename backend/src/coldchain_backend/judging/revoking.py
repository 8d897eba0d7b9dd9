"""Acts that revoke keys as judging follows them: what a key said is taken out, then judged again without."""

from collections.abc import Iterator, Sequence

from coldchain.errors import IntegrityError
from coldchain_backend.judging.casebook import Because
from coldchain_backend.judging.contracts import Memory
from coldchain_backend.judging.courses import Course
from coldchain_backend.judging.present import Present
from coldchain_backend.judging.revocations import Revocation, revocation_of, with_revocation
from coldchain_backend.judging.takings import Takings
from coldchain_backend.judging.voided import Voided, voided
from coldchain_backend.judging.zones import Zones
from coldchain_backend.ledger import Ledger, Record


class Revoking:
    """The series change in a transaction of their own (`take_out`), before the act is judged (`follow`)."""

    def __init__(self, memory: Memory, present: Present, ledger: Ledger | None) -> None:
        """`ledger`: where acts that reach back are looked up; without it none may come."""
        self._memory, self._present, self._ledger = memory, present, ledger
        self._voided = Voided(times={})

    def take_out(self, act: Revocation) -> None:
        """Take what a key said out of the series. Raises IntegrityError where the ledger is not at hand."""
        if self._ledger is None:
            raise IntegrityError(f"record {act.number} reaches back to records that are not at hand here")
        revoked = with_revocation(self._present.revoked, act)
        self._voided = voided(act, revoked, self._ledger, self._present.known)
        self._memory.replace_readings(self._voided.times, self._voided.others)

    def follow(self, act: Revocation, takings: Takings, zones: Zones) -> Iterator[Course]:
        """A key is revoked, and what it said from then on is out of the series: the courses that changed."""
        present, taken_out = self._present, self._voided
        present.revoked = with_revocation(present.revoked, act)
        self._memory.put_revocation(act)
        self._memory.put_revoked(act.key, present.revoked[act.key])
        because = Because(number=act.number, by=act.by)
        self._voided = Voided(times={})
        for sensor, first_ms, last_ms in taken_out.spans():
            takings.unhear(sensor, first_ms, last_ms, taken_out.times[sensor])
            yield from zones.judge_without(sensor, first_ms, last_ms, because)


def runs(records: Sequence[Record]) -> Iterator[tuple[Sequence[Record], Revocation | None]]:
    """Records in runs: a key that is revoked from an earlier instant on has one of its own, with the act."""
    begun = 0
    for index, record in enumerate(records):
        act = revocation_of(record)
        if act is not None and act.from_ms < act.at_ms:
            if begun < index:
                yield records[begun:index], None
            yield records[index : index + 1], act
            begun = index + 1
    if begun < len(records):
        yield records[begun:], None

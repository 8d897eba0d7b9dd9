"""Readings as they were known when the ledger had so many records: what came later is taken out again.

The series hold every reading once, whenever it came. What came behind a record stands in the ledger behind
it; where that touches a question, the same instants are looked up in the ledger before it, so that a reading
which only came again is not lost.
"""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Final

from coldchain.errors import InvalidInput
from coldchain.lineprotocol import escape_key
from coldchain.readings import Value
from coldchain_backend.judging.batches import AHEAD_MS, WORST_RANK, framed, read
from coldchain_backend.judging.parts import Sample
from coldchain_backend.judging.revocations import with_revocation
from coldchain_backend.judging.views import Recall
from coldchain_backend.judging.voided import stamped_before, void
from coldchain_backend.ledger import Kind, Ledger, Record
from coldchain_backend.series.merge import order_of

READ_AT_ONCE: Final = 4096
MOST_RECORDS: Final = 500_000
"""So much of the ledger is read for one question; older states are in the evidence that was exported then."""

Said = tuple[int, dict[str, Value]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingsAsOf:
    """The series without what came behind the record `number`."""

    recall: Recall
    ledger: Ledger
    number: int

    def graded(
        self, sensor: str, quantity: str, from_ms: int, to_ms: int
    ) -> tuple[Sequence[Sample], Sequence[int]]:
        """(time, value) as known then, and ranks. Raises InvalidInput where too much came since."""
        samples, ranks = self.recall.graded(sensor, quantity, from_ms, to_ms)
        span = from_ms, to_ms
        touched = self._said(sensor, span, self._behind()).keys() | self._void_since(sensor, span)
        if not touched:
            return samples, ranks
        before = self._said(sensor, span, self._around(min(touched)))
        kept = {
            time_ms: (value, rank)
            for (time_ms, value), rank in zip(samples, ranks, strict=True)
            if time_ms not in touched
        }
        for time_ms in touched & before.keys():
            said = [one for one in before[time_ms] if one[0] <= WORST_RANK and quantity in one[1]]
            if said:
                rank, values = min(said, key=order_of)
                kept[time_ms] = (float(values[quantity]), rank)
        ordered = sorted(kept.items())
        return [(at, value) for at, (value, _) in ordered], [rank for _, (_, rank) in ordered]

    def _behind(self) -> Iterator[Record]:
        return self._records(self.number, self.ledger.end)

    def _around(self, earliest_ms: int) -> Iterator[Record]:
        """Records up to the number that may hold a reading of an instant or later."""
        return self._records(stamped_before(self.ledger, earliest_ms - AHEAD_MS, self.number), self.number)

    def _records(self, after: int, until: int) -> Iterator[Record]:
        if until - after > MOST_RECORDS:
            raise InvalidInput(f"more than {MOST_RECORDS} records lie between; ask for a later `as_of`")
        while after < until:
            records = self.ledger.read(after, READ_AT_ONCE)
            if not records:
                return
            if records[0].offset > after + 1:
                raise InvalidInput(
                    f"records up to {records[0].offset - 1} were let go after their retention: what was known"
                    f" at record {self.number} cannot be told any more; evidence that was taken then tells it"
                )
            for record in records:
                if record.offset > until:
                    return
                if record.kind is Kind.BATCH:
                    yield record
            after = records[-1].offset

    def _void_since(self, sensor: str, span: tuple[int, int]) -> Set[int]:
        """Instants of which a key spoke that counted then, and was revoked later from an earlier stamp on."""
        found: set[int] = set()
        for act in self.recall.revocations():
            if act.number > self.number and act.from_ms < act.at_ms:
                first = stamped_before(self.ledger, act.from_ms, self.number)
                found |= self._said(sensor, span, self._records(first, self.number)).keys()
        return found

    def _said(
        self, sensor: str, span: tuple[int, int], records: Iterator[Record]
    ) -> Mapping[int, list[Said]]:
        """What records that counted then say of a sensor in a time, by instant."""
        found: dict[int, list[Said]] = {}
        needle = escape_key(sensor).encode()
        revoked: dict[str, int] = {}
        for act in self.recall.revocations():
            if act.number <= self.number:
                revoked = with_revocation(revoked, act)
        for record in records:
            if needle not in record.payload or void(one := framed(record), revoked):
                continue
            for part in read(one, {sensor}).readings.get(sensor, ()):
                for index, time_ms in enumerate(part.times):
                    if span[0] <= time_ms < span[1]:
                        values = {name: column[index] for name, column in part.fields.items()}
                        found.setdefault(time_ms, []).append((part.rank, values))
        return found

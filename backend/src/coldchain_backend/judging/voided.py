"""What a key said that is revoked from an earlier instant on: taken out of the series, and judged again.

The series do not know who said what, so the ledger is asked: for the instants that the key spoke of, and for
what others say of the same instants, which counts in its place.
"""

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from coldchain.lineprotocol import escape_key
from coldchain.readings import Value
from coldchain.seal import Batch
from coldchain_backend.judging.batches import AHEAD_MS, Framed, Spoken, framed, read
from coldchain_backend.judging.revocations import Revocation
from coldchain_backend.ledger import Kind, Ledger

READ_AT_ONCE: Final = 4096
Said = tuple[int, Sequence[int], Mapping[str, Sequence[Value]]]
"""Rank, times and columns of readings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Voided:
    """By sensor: the instants that the key spoke of, and what others say of them."""

    times: Mapping[str, frozenset[int]]
    others: Mapping[str, Sequence[Said]] = field(default_factory=dict)

    def spans(self) -> Iterator[tuple[str, int, int]]:
        """Each sensor with the first and the last instant."""
        for sensor, times in sorted(self.times.items()):
            yield sensor, min(times), max(times)


def void(one: Framed, revoked: Mapping[str, int]) -> bool:
    """Whether a batch does not count, with keys revoked from stamps on."""
    from_ms = revoked.get(one.batch.gateway) if isinstance(one.batch, Batch) else None
    return from_ms is not None and one.record.received_ms >= from_ms


def voided(act: Revocation, revoked: Mapping[str, int], ledger: Ledger, known: Container[str]) -> Voided:
    """What an act takes out of the series; `revoked`: all keys that are then revoked, `known`: sensors."""
    times: dict[str, set[int]] = {}
    for one in batches(ledger, stamped_before(ledger, act.from_ms, act.number), act.number - 1):
        if isinstance(one.batch, Batch) and one.batch.gateway == act.key:
            for sensor, part in _said(one, known):
                times.setdefault(sensor, set()).update(part.times)
    if not times:
        return Voided(times={})
    needles = [escape_key(sensor).encode() for sensor in times]
    earliest_ms = min(map(min, times.values()))
    others: dict[str, list[Said]] = {}
    for one in batches(ledger, stamped_before(ledger, earliest_ms - AHEAD_MS, act.number), act.number - 1):
        if void(one, revoked) or not any(needle in one.record.payload for needle in needles):
            continue
        for sensor, part in _said(one, known):
            where = [index for index, at in enumerate(part.times) if at in times.get(sensor, ())]
            if where:
                columns = {name: [values[at] for at in where] for name, values in part.fields.items()}
                others.setdefault(sensor, []).append((part.rank, [part.times[at] for at in where], columns))
    return Voided(times={sensor: frozenset(found) for sensor, found in times.items()}, others=others)


def batches(ledger: Ledger, after: int, until: int) -> Iterator[Framed]:
    """The batches of the records after < number ≤ until."""
    while after < until and (records := ledger.read(after, min(READ_AT_ONCE, until - after))):
        for record in records:
            if record.kind is Kind.BATCH:
                yield framed(record)
        after = records[-1].offset


def stamped_before(ledger: Ledger, at_ms: int, until: int) -> int:
    """The number of the last record stamped before an instant, at most `until`; 0 if there is none."""
    low, high = 0, until
    while low < high:
        middle = (low + high + 1) // 2
        if ledger.read(middle - 1, 1)[0].received_ms < at_ms:
            low = middle
        else:
            high = middle - 1
    return low


def _said(one: Framed, known: Container[str]) -> Iterator[tuple[str, Spoken]]:
    content = read(one, known)
    for heap in (content.readings, content.unassigned):
        for sensor, parts in heap.items():
            yield from ((sensor, part) for part in parts)

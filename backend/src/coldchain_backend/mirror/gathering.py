"""Batches of one gateway gathered over many stamps, so that they are read as one body.

A gateway that seals every minute leaves one small batch after the other, each with a stamp of its own; behind
an outage of InfluxDB lie thousands of them. Judging must take them stamp by stamp. The mirror asks only which
readings there are, and that is the same for them all together, as long as each batch by itself would be read
plainly: a property test holds both equal.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from coldchain.lineprotocol import BadLine, Line, is_reading, parse
from coldchain.seal import Batch
from coldchain_backend.judging.batches import AHEAD_MS, Content, Framed, framed, read_body
from coldchain_backend.ledger import Kind, Record

LONGEST_BYTES: Final = 1 << 20
"""So much is read as one body at most."""

_TIMES: Final = re.compile(rb" ([0-9]{13})\n")
_READING: Final = b"reading,"


class _Everything:
    def __contains__(self, name: object) -> bool:
        return True


EVERYTHING: Final = _Everything()
"""The mirror knows sensors by the places where they stood, not by the newest fleet."""


@dataclass(slots=True, kw_only=True)
class Gathered:
    """Batches of one gateway, run and key that follow each other in number.

    bodies  their lines of readings; empty where the one batch has to be read by itself
    others  their other lines, each with the stamp of its record (ms)
    """

    batches: list[Framed]
    bodies: list[bytes] = field(default_factory=list)
    others: list[tuple[Line, int]] = field(default_factory=list)
    size: int = 0

    def content(self) -> Content | None:
        """Their readings as of one batch; None where the batches have to be told apart."""
        if not self.bodies:
            return None
        content = read_body(self.batches[-1], self.batches[0].meta.seq, b"".join(self.bodies), EVERYTHING)
        return None if content.unjudged or content.others else content

    def takes(self, one: Framed, part: bytes | None) -> bool:
        """Whether a batch, of which `part` are the readings, goes on where these end."""
        last = self.batches[-1]
        return (
            part is not None
            and bool(self.bodies)
            and self.size + len(part) <= LONGEST_BYTES
            and one.meta.seq == last.meta.seq + 1
            and one.meta.run == last.meta.run
            and one.sealed == last.sealed
            and _key(one) == _key(last)
        )

    def add(self, one: Framed, part: bytes, others: Sequence[Line]) -> None:
        """Take a batch in."""
        self.bodies.append(part)
        self.others += [(line, one.record.received_ms) for line in others]
        self.size += len(part)


def gathered(records: Sequence[Record]) -> Iterator[Gathered | Record]:
    """Batches gathered by gateway, and the records between which they may be put in another order.

    Marks of the service say nothing of readings: batches are gathered across them. The order among batches of
    one gateway is kept, that among gateways is not.
    """
    waiting: dict[str, Gathered] = {}
    for record in records:
        if record.kind is Kind.MARK:
            continue
        if record.kind is not Kind.BATCH:
            yield from waiting.values()
            waiting.clear()
            yield record
            continue
        one = framed(record)
        part, others = _apart(one)
        known = waiting.get(one.meta.gateway)
        if known is not None and known.takes(one, part):
            known.batches.append(one)
        else:
            if known is not None:
                yield known
            known = waiting[one.meta.gateway] = Gathered(batches=[one])
        if part is not None:
            known.add(one, part, others)
    yield from waiting.values()


def _key(one: Framed) -> str:
    return one.batch.gateway if isinstance(one.batch, Batch) else ""


def _apart(one: Framed) -> tuple[bytes | None, Sequence[Line]]:
    """The readings of a batch and its other lines; None for one that has to be read by itself.

    By itself is read what lies ahead of its own stamp, what is no batch, and what may be no plain line.
    """
    if not isinstance(one.batch, Batch) or one.meta.conflict:
        return None, ()
    body, others = one.batch.body, list[Line]()
    readings = body.count(b"\nreading,") + body.startswith(_READING)
    if readings != body.count(b"\n"):
        lines = body.splitlines(keepends=True)
        for line in parse(b"".join([raw for raw in lines if not raw.startswith(_READING)])):
            if isinstance(line, BadLine) or is_reading(line):
                return None, ()
            others.append(line)
        body = b"".join([raw for raw in lines if raw.startswith(_READING)])
    times = _TIMES.findall(body)
    if len(times) != body.count(b"\n") or (times and int(max(times)) > one.record.received_ms + AHEAD_MS):
        return None, ()
    return body, others

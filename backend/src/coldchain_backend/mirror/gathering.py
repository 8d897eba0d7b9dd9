"""Batches of one gateway gathered over many stamps, so that they are read as one body.

A gateway that seals every minute leaves one small batch after the other, each with a stamp of its own; behind
an outage of InfluxDB lie thousands of them. Judging must take them stamp by stamp. The mirror asks only which
readings there are, and that is the same for them all together, as long as each batch by itself would be read
plainly: a property test holds both equal.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, NamedTuple

from coldchain.lineprotocol import BadLine, Line, is_reading, parse
from coldchain.seal import HEADER, MAX_BYTES, MAX_LINES, Batch
from coldchain_backend.judging.batches import AHEAD_MS, Content, framed, read_body
from coldchain_backend.ledger import Kind, Record

LONGEST_BYTES: Final = 1 << 20
"""So much is read as one body at most."""

_TIMES: Final = re.compile(rb" ([0-9]{13})\n")
_READING: Final = b"reading,"
_PLAIN_TEXT: Final = r"([ !#-\[\]-~]{1,256})"
_PLAIN: Final = re.compile(
    (
        rf'\{{"gateway":"{_PLAIN_TEXT}","run":"{_PLAIN_TEXT}","seq":([1-9][0-9]{{0,17}}),"grade":"([a-z]+)"\}}\n'
        rf"{HEADER}"
    ).encode()
)
"""How nearly every batch record begins; what differs is taken apart slowly, by the ledger's own reader."""


class _Everything:
    def __contains__(self, name: object) -> bool:
        return True


EVERYTHING: Final = _Everything()
"""The mirror knows sensors by the places where they stood, not by the newest fleet."""


class Sender(NamedTuple):
    """Who sent a batch: what must be alike in batches that are read as one body."""

    gateway: str
    run: str
    grade: str
    key: str


class _Parted(NamedTuple):
    """A batch: its readings (None: it has to be read by itself) and its other lines."""

    sender: Sender
    seq: int
    readings: bytes | None
    others: Sequence[Line]


@dataclass(slots=True, kw_only=True)
class Gathered:
    """Batches of one sender that follow each other in number, the first of them number `first`.

    bodies  their lines of readings; empty where the one batch has to be read by itself
    others  their other lines, each with the stamp of its record (ms)
    """

    sender: Sender
    first: int
    records: list[Record] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    others: list[tuple[Line, int]] = field(default_factory=list)
    size: int = 0

    def content(self) -> Content | None:
        """Their readings as of one batch; None where the batches have to be told apart."""
        body = b"".join(self.bodies)
        if not self.bodies or not self._timely(body):
            return None
        content = read_body(framed(self.records[-1]), self.first, body, EVERYTHING)
        return None if content.unjudged or content.others else content

    def takes(self, one: _Parted) -> bool:
        """Whether a batch goes on where these end."""
        return (
            one.readings is not None
            and bool(self.bodies)
            and one.seq == self.first + len(self.records)
            and self.size + len(one.readings) <= LONGEST_BYTES
            and (one.sender is self.sender or one.sender == self.sender)
        )

    def add(self, record: Record, one: _Parted) -> None:
        """Take a batch in."""
        self.records.append(record)
        if one.readings is not None:
            self.bodies.append(one.readings)
            self.size += len(one.readings)
            if one.others:
                self.others += [(line, record.received_ms) for line in one.others]

    def _timely(self, body: bytes) -> bool:
        """Whether every line ends in a plain time that does not lie ahead of the stamp of its own record."""
        times = _TIMES.findall(body)
        if len(times) != body.count(b"\n"):
            return False
        begin = 0
        for record, part in zip(self.records, self.bodies, strict=True):
            end = begin + part.count(b"\n")
            if begin < end and int(max(times[begin:end])) > record.received_ms + AHEAD_MS:
                return False
            begin = end
        return True


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
        one = _parted(record)
        known = waiting.get(one.sender.gateway)
        if known is None or not known.takes(one):
            if known is not None:
                yield known
            known = waiting[one.sender.gateway] = Gathered(sender=one.sender, first=one.seq)
        known.add(record, one)
    yield from waiting.values()


def _parted(record: Record) -> _Parted:
    """Take a batch apart: at a glance where it is what nearly all are, and holds nothing but readings."""
    payload = record.payload
    match = _PLAIN.match(payload)
    if match is not None:
        gateway, run, seq, grade, _, key, _, _, length, *_ = match.groups()
        body = payload[match.end() :]
        lines = body.count(b"\n")
        if (
            len(body) == int(length) <= MAX_BYTES
            and body.endswith(b"\n")
            and body.startswith(_READING)
            and body.count(b"\nreading,") == lines - 1 < MAX_LINES
        ):
            return _Parted(_sender(gateway, run, grade, key), int(seq), body, ())
    return _parted_slowly(record)


@lru_cache(maxsize=1 << 12)
def _sender(gateway: bytes, run: bytes, grade: bytes, key: bytes) -> Sender:
    """One object for all batches of a sender, which are compared batch by batch."""
    return Sender(gateway.decode(), run.decode(), grade.decode(), key.decode())


def _parted_slowly(record: Record) -> _Parted:
    """By itself is read what is no batch, what conflicts, and what may hold no plain line."""
    one = framed(record)
    meta, batch = one.meta, one.batch
    if not isinstance(batch, Batch):
        return _Parted(Sender(meta.gateway, meta.run, meta.grade.value, ""), meta.seq, None, ())
    readings, others = (None, ()) if meta.conflict else _apart(batch.body)
    sender = Sender(meta.gateway, meta.run, meta.grade.value, batch.gateway)
    return _Parted(sender, meta.seq, readings, others)


def _apart(body: bytes) -> tuple[bytes | None, Sequence[Line]]:
    """The lines of readings of a body, and its other lines; None where one is of neither kind."""
    others, lines = list[Line](), body.splitlines(keepends=True)
    for line in parse(b"".join([raw for raw in lines if not raw.startswith(_READING)])):
        if isinstance(line, BadLine) or is_reading(line):
            return None, ()
        others.append(line)
    return b"".join([raw for raw in lines if raw.startswith(_READING)]), others

"""What a backend makes of the folder that a power cut left: real ledger, admission and judging start."""

from __future__ import annotations

import asyncio
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from coldchain.errors import ColdchainError
from coldchain.seal import Batch, Key, read_batches
from coldchain_backend.access import open_tokens
from coldchain_backend.fleetfile import FleetBook
from coldchain_backend.identity import load_or_create_key
from coldchain_backend.ingest import Admission
from coldchain_backend.judging import Judging, Settings
from coldchain_backend.ledger import FileLedger, Kind, Record, Verifier, open_ledger, split_batch
from coldchain_backend.sql import DATABASE_FILE, Books, open_database, schema
from coldchain_runtime.clock import SystemClock
from coldchain_runtime.durable import make_folder
from support.lines import reading_lines

ORGANISATION = "demo"
Name = tuple[str, int]
"""Run and number of a batch, or sensor and counter of a reading."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promises:
    """What had been said before the cut, to gateways, people and receivers."""

    sealed: Mapping[Name, str]  # hash of each batch that was answered with 204
    unsealed: frozenset[Name]  # readings of unsealed writes that were answered with 204
    tokens: Sequence[str]
    fleet: bool
    told: frozenset[str]  # webhook ids that had left


@dataclass(frozen=True, slots=True, kw_only=True)
class Restart:
    """Starts on `data_dir` as `coldchain-backend serve` does, takes `again` (never answered), judges.

    `template` is an empty database of this version, copied for the judging from the very beginning.
    """

    data_dir: Path
    writer: str
    again: Sequence[bytes]
    template: Path

    def faults(self, said: Promises) -> list[str]:
        """Every promise that the restarted backend does not keep, one line each."""
        make_folder(self.data_dir)
        folder = self.data_dir / "ledger" / ORGANISATION
        try:
            with open_ledger(folder, ORGANISATION, SystemClock()) as ledger:
                found = asyncio.run(self._started(ledger, said))
            report = Verifier(folder, [load_or_create_key(self.data_dir).public]).run(lambda _: None)
        except ColdchainError as error:
            return [repr(error)]
        tokens = open_tokens(self.data_dir)
        now_ms = SystemClock().now_ms()
        found += [f"token lost: {token[:4]}…" for token in said.tokens if tokens.find(token, now_ms) is None]
        return found + [f"verify: {fault}" for fault in report.faults]

    async def _started(self, ledger: FileLedger, said: Promises) -> list[str]:
        before = everything(ledger)
        book = FleetBook(ledger, ORGANISATION)
        for record in before:
            book.see(record)
        found = kept_faults(before, said)
        if said.fleet and not book.fleet.current.number:
            found.append("the fleet that was applied is lost")
        if book.fleet.current.number:
            await self._send_again(ledger, book, load_or_create_key(self.data_dir))
        every = everything(ledger)
        doubled = [name for name, count in Counter(sealed_names(every)).items() if count > 1]
        found += [f"doubled {doubled[:3]}"] if doubled else []
        told = self._deliveries(self.data_dir / DATABASE_FILE, every)
        anew = self.data_dir / "anew.sqlite"
        shutil.copy(self.template, anew)
        expected = self._deliveries(anew, every)
        found += (
            [f"judging differs from judging anew by {sorted(told ^ expected)[:3]}"]
            if told != expected
            else []
        )
        return found + ([f"told and forgotten: {sorted(said.told - told)[:3]}"] if said.told - told else [])

    async def _send_again(self, ledger: FileLedger, book: FleetBook, key: Key) -> None:
        """The gateway sends everything that was never answered."""
        folder = self.data_dir / "ingest"
        make_folder(folder)
        admission = Admission(
            ledger=ledger, key=key, organisation=ORGANISATION, folder=folder, plan=lambda: book.fleet.plan
        )
        admission.catch_up()
        for body in self.again:
            written = await admission.write_sealed(self.writer, body)
            assert all(fate.fate.durable for fate in written.fates), written
        admission.close()

    def _deliveries(self, path: Path, records: Sequence[Record]) -> frozenset[str]:
        """Judge what was not judged yet; the ids of everything that receivers are to be told."""
        database = open_database(path)
        try:
            books = Books(database)
            judging = Judging(books, Settings(organisation=ORGANISATION))
            judging.consume([record for record in records if record.offset > judging.offset])
            books.close()
            with database.read() as connection:
                return frozenset(row[0] for row in connection.execute(select(schema.delivery.c.id)))
        finally:
            database.close()


def everything(ledger: FileLedger) -> list[Record]:
    """All durable records."""
    found: list[Record] = []
    while more := ledger.read(len(found), 4_096):
        found += more
    return found


def batches(records: Sequence[Record]) -> list[Batch]:
    """All batches in these records."""
    held = [split_batch(one.payload)[1] for one in records if one.kind is Kind.BATCH]
    return [batch for body in held for batch in read_batches(body) if isinstance(batch, Batch)]


def sealed_names(records: Sequence[Record]) -> list[Name]:
    return [(batch.run, batch.seq) for batch in batches(records)]


def readings(body: bytes) -> list[Name]:
    """Sensor and counter of each reading."""
    found = reading_lines(body)
    return [(one.tags["sensor"], int(one.fields["counter"])) for one in found if "counter" in one.fields]


def kept_faults(records: Sequence[Record], said: Promises) -> list[str]:
    """What was answered with 204 and is not there, or is there twice."""
    held = batches(records)
    hashes = {(batch.run, batch.seq): batch.hash for batch in held}
    lost = [name for name, hash_ in said.sealed.items() if hashes.get(name) != hash_]
    counted = Counter(name for batch in held for name in readings(batch.body))
    lost += [name for name in said.unsealed if counted[name] == 0]
    doubled = [name for name, count in counted.items() if count > 1]
    faults = [f"lost {sorted(lost)[:3]}"] if lost else []
    return faults + ([f"doubled {sorted(doubled)[:3]}"] if doubled else [])

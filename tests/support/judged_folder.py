"""A data folder as a stopped server leaves it: a ledger on disk, and the database that judging made of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import select

from coldchain_backend.judging import Judging, Settings
from coldchain_backend.ledger import FileLedger, MarkName, NewRecord, act_record, mark_record, open_ledger
from coldchain_backend.sql import Books, Database, Place, schema
from support.judged_log import MINUTE, ORGANISATION, SECOND, T0, Point3, Voice, fleet_record_of, plan
from support.ledgers import ModestDisk
from support.still_clock import StillClock

SETTINGS = Settings(organisation=ORGANISATION, public_url="http://page")


class JudgedFolder:
    """One cold store with two sensors, of which one runs warm, is acknowledged and cools down again."""

    def __init__(self, folder: Path, *, segment_bytes: int = 1 << 26, place: Place | None = None) -> None:
        self.data_dir, self.clock, self.voice = folder, StillClock(T0), Voice()
        self.place = place or Place(data_dir=folder)
        self.segment_bytes = segment_bytes

    @property
    def ledger_folder(self) -> Path:
        return self.data_dir / "ledger" / ORGANISATION

    @contextmanager
    def ledger(self) -> Iterator[FileLedger]:
        """The ledger, opened as the server does."""
        disk, size = ModestDisk(), self.segment_bytes
        with open_ledger(
            self.ledger_folder, ORGANISATION, self.clock, disk=disk, segment_bytes=size
        ) as ledger:
            yield ledger

    @contextmanager
    def database(self) -> Iterator[Database]:
        with self.place.opened() as database:
            yield database

    def live(self, minutes: int = 30) -> None:
        """Let it live, judged record by record."""
        self.data_dir.mkdir(exist_ok=True)
        with self.ledger() as ledger, self.database() as database:
            books = Books(database)
            judging = Judging(books, SETTINGS)

            def put(*records: NewRecord) -> None:
                append(ledger, *records)
                judging.consume(ledger.read(judging.offset, 100))
                self.clock.advance(SECOND)

            put(mark_record(MarkName.START))
            put(fleet_record_of(plan({"a": MINUTE, "b": MINUTE})))
            for minute in range(minutes):
                warm = 9.5 if minutes // 3 < minute < 2 * minutes // 3 else 4.0
                put(self.said(("a", self.clock.wall_ms, 4.5), ("b", self.clock.wall_ms, warm)))
                self.clock.advance(MINUTE - SECOND)
                if minute == minutes // 2:
                    put(act_record("acknowledge", "陈静", {"alert": self.alert(database), "reason": "door"}))
            while judging.fold() or books.tidy():  # what the server does while nothing comes
                pass
            books.close()

    def said(self, *readings: Point3) -> NewRecord:
        return self.voice.record(self.voice.batch(readings))

    @staticmethod
    def alert(database: Database) -> str:
        """The id of its one alert."""
        with database.read() as connection:
            return str(connection.execute(select(schema.alert.c.id)).scalar_one())


def append(ledger: FileLedger, *records: NewRecord) -> None:
    """Make records durable, for a test that has no event loop."""

    async def put() -> None:
        await ledger.append(records)

    asyncio.run(put())

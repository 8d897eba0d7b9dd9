"""A day on which InfluxDB was away, judged and in evidence: made once, copied for every run.

1 000 points that speak once a minute, in batches of ten; ledger, series and the mirror's position are files,
as a backend that is started again finds them. What was made stands under `build/bench` for as long as the
product's code stays the same. `python -m bench.outage` makes it beforehand, and keeps the measurement short.
"""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.hand_clock import HandClock
from bench.loads import ORGANISATION, Load, Shape
from bench.timing import SCALE
from coldchain_backend.fleet import fleet_record
from coldchain_backend.fleetfile import parse
from coldchain_backend.influx import BucketFacts, Points, Precision, SeriesTags, Written
from coldchain_backend.judging import Judging, Settings
from coldchain_backend.ledger import BatchMeta, FileLedger, Kind, NewRecord, batch_record, open_ledger
from coldchain_backend.mirror import Guard, Mirror, MirrorPorts, MirrorState
from coldchain_backend.mirror.contracts import Bucket
from coldchain_backend.mirror.memory import load as load_position
from coldchain_backend.sql import MirroredBooks, MirrorRecords, Records, open_database

MINUTE: Final = 60_000
MINUTES: Final = max(30, round(1440 * SCALE))
SHAPE: Final = Shape(name="outage", lines=10, batches=1, requests=0, sensors=10, points=1_000)
T0: Final = 1_795_305_600_000
CHUNK: Final = 2_000
HOME: Final = Path("build/bench")
ROOMS: Final = ("ledger", "series", "judging", "alerts", "fleet", "fleetfile", "sql")
CODE: Final = (
    Path("core/src"),
    *(Path("backend/src/coldchain_backend") / room for room in ROOMS),
    Path("backend/src/coldchain_backend/mirror/memory.py"),
    Path("bench/loads.py"),
    Path("bench/outage.py"),
)
"""What a day that was made rests on."""


class Nowhere:
    """A bucket that takes everything and keeps nothing."""

    name = "nowhere"

    def write(self, body: bytes, precision: Precision) -> Written:
        return Written()

    def delete(self, measurement: str, tags: object, span_ns: object) -> None:
        pass

    def points(self, measurement: str, tags: object, span_ns: object) -> Iterator[tuple[SeriesTags, Points]]:
        yield from ()

    def newest(self, measurement: str, tags: object) -> None:
        return None

    def facts(self) -> BucketFacts:
        return BucketFacts(version="2", there=True, retention_ms=0)

    def create(self, retention_ms: int) -> None:
        pass

    def close(self) -> None:
        pass


@dataclass(slots=True, kw_only=True)
class Behind:
    """A mirror that has a day before it."""

    mirror: Mirror
    state: MirrorState

    def catch_up(self) -> None:
        """Write all of it."""
        while self.mirror.turn():
            pass


def prepared() -> Path:
    """The folder of the day; it is made where there is none."""
    folder = HOME / f"outage-{MINUTES}-{_digest()}"
    if not folder.exists():
        for old in HOME.glob(f"outage-{MINUTES}-*"):
            shutil.rmtree(old)
        began = time.perf_counter()
        print(f"judging {MINUTES} minutes of {SHAPE.points} points …", file=sys.stderr, flush=True)
        making = HOME / "making"
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(parents=True)
        _make(making)
        making.rename(folder)
        print(f"… took {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
    return folder


def _digest() -> str:
    """Names the code that the day was made by."""
    files = [file for path in CODE for file in (path.rglob("*.py") if path.is_dir() else [path])]
    return hashlib.sha256(b"".join(file.read_bytes() for file in sorted(files))).hexdigest()[:12]


@contextmanager
def behind(folder: Path, bucket: Bucket) -> Iterator[Behind]:
    """A mirror as of the begin of the outage, over a copy of the day, whose bucket knows it."""
    clock = HandClock(at_ms=T0 + MINUTES * MINUTE)
    with ExitStack() as stack:
        ledger = stack.enter_context(open_ledger(folder / "ledger", ORGANISATION, clock))
        made = _mirror(folder, bucket, ledger, clock, stack)
        known = load_position(folder / "mirror.json")
        if known is not None:
            Guard(bucket, ORGANISATION, "bench", made.state, None).mark(known, clock.now_ms())
        yield made


def _mirror(folder: Path, bucket: Bucket, ledger: FileLedger, clock: HandClock, stack: ExitStack) -> Behind:
    database = open_database(folder / "coldchain.sqlite")
    stack.callback(database.close)
    state = MirrorState(target="bench")
    ports = MirrorPorts(
        ledger=ledger, recall=Records(database), book=MirrorRecords(database), bucket=bucket,
        file=folder / "mirror.json", now_ms=clock.now_ms, organisation=ORGANISATION,
    )  # fmt: skip
    mirror = Mirror(ports, state, Guard(bucket, ORGANISATION, "bench", state, None))
    stack.callback(mirror.close)
    return Behind(mirror=mirror, state=state)


def _make(folder: Path) -> None:
    clock, load = HandClock(at_ms=T0), Load(SHAPE)
    database = open_database(folder / "coldchain.sqlite")
    books = MirroredBooks(database)
    judging = Judging(books, Settings(organisation=ORGANISATION))
    text = load.fleet()
    plan = fleet_record(plan=parse(text), text=text, by="bench", reason=None, base=0)
    with open_ledger(folder / "ledger", ORGANISATION, clock) as ledger:
        asyncio.run(ledger.append([NewRecord(kind=Kind.FLEET, payload=plan)]))
        for minute in range(1 + MINUTES):
            clock.at_ms = T0 + minute * MINUTE
            asyncio.run(ledger.append([_record(load, number) for number in range(len(load.senders))]))
            if minute == 0:  # what comes from here on, it does not hear of until it is over
                _judge(ledger, judging)
                with ExitStack() as stack:
                    _mirror(folder, Nowhere(), ledger, clock, stack).catch_up()
        _judge(ledger, judging)
        while judging.fold():
            pass
    books.close()
    database.close()


def _record(load: Load, number: int) -> NewRecord:
    sender = load.senders[number]
    meta = BatchMeta(gateway=sender.name, run=f"run-{sender.name}", seq=sender.seq + 1)
    return batch_record(meta, sender.said_at(SHAPE.lines, T0, MINUTE))


def _judge(ledger: FileLedger, judging: Judging) -> None:
    while records := ledger.read(judging.offset, CHUNK):
        judging.consume(records)


if __name__ == "__main__":
    print(prepared())

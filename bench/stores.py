"""What is kept: bytes per reading of series and closed ledger segments, and how fast a day is read again.

The baseline of the queries is SQLite with a row per reading.
"""

from __future__ import annotations

import asyncio
import gzip
import random
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.loads import Load, Shape
from bench.table import Row
from bench.timing import SCALE, best_s
from coldchain_backend.ledger import BatchMeta, NewRecord, batch_record, open_ledger, pack_segment, packable
from coldchain_backend.ledger.segments import read_start, segment_numbers, segment_path
from coldchain_backend.series import SeriesStore, compact, overview
from coldchain_backend.sql import Database, open_database
from coldchain_backend.sql.session import raw
from coldchain_runtime.clock import SystemClock

DAY_MS = 86_400_000
T0 = 1_795_305_600_000
INTERVALS_S = (10, 60, 300, 1_800)
SENSORS = max(20, int(200 * SCALE))


def day_of(sensor: int, interval_ms: int, days: int) -> tuple[list[int], list[float]]:
    """A cold room's days: the compressor's cycle, noise of a tenth of a degree, two decimals."""
    chance = random.Random(sensor)
    times = [T0 + at_ms for at_ms in range(0, days * DAY_MS, interval_ms)]
    return times, [
        round(4.5 + abs(time_ms // 1000 % 1200 - 600) / 400 + chance.gauss(0, 0.05), 2) for time_ms in times
    ]


def fill(database: Database, sensors: int, interval_ms: int, days: int) -> int:
    """Write days of readings in the pieces in which they come, joined as in the background; their number."""
    count = 0
    with database.write() as connection:
        store = SeriesStore(raw(connection))
        for sensor in range(sensors):
            connection.begin()
            times, values = day_of(sensor, interval_ms, days)
            for start in range(0, len(times), 60):
                store.add(
                    f"s{sensor}", 0, times[start : start + 60], {"temperature": values[start : start + 60]}
                )
                store.flush()
            count += len(times)
            raw(connection).execute("UPDATE series_sensor SET small = max(small, 64)")
            while compact(raw(connection), sensors=1):
                pass
            connection.commit()
        raw(connection).execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return count


def measure() -> list[Row]:
    return [*sizes(), *queries(), *ledger_sizes()]


def sizes() -> Iterator[Row]:
    """Bytes per reading, summaries and the database's own overhead included."""
    for interval_s in INTERVALS_S:
        with tempfile.TemporaryDirectory() as name:
            path = Path(name) / "series.sqlite"
            database = open_database(path)
            empty = path.stat().st_size
            readings = fill(database, 10, interval_s * 1000, max(1, interval_s // 20))
            used = _used(path) - empty
            database.close()
        yield Row(name=f"series at {interval_s} s", value=used / readings, unit="bytes/reading")


def _used(path: Path) -> int:
    with sqlite3.connect(path) as connection:
        pages, free, size = (
            connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_count", "freelist_count", "page_size")
        )
    return (int(pages) - int(free)) * int(size)


def queries() -> list[Row]:
    """A day of one sensor, and its five-minute means for each of 1 000, measured on a part of them."""
    with tempfile.TemporaryDirectory() as name:
        database = open_database(Path(name) / "series.sqlite")
        print(f"writing a day of {SENSORS} sensors …", file=sys.stderr, flush=True)
        fill(database, SENSORS, 10_000, 1)
        with database.read() as connection:
            store = SeriesStore(raw(connection))
            raw_s = best_s(lambda: store.samples("s7", "temperature", T0, T0 + DAY_MS, worst_rank=3))
            means_s = best_s(lambda: _means(store)) * 1000 / SENSORS
        database.close()
        rows = Path(name) / "rows.sqlite"
        _rows_of_a_day(rows)
        with sqlite3.connect(rows) as plain:
            plain_s = best_s(
                lambda: plain.execute("SELECT time, value FROM reading WHERE sensor = 7").fetchall()
            )
            grouped = "SELECT time / 300000, avg(value) FROM reading WHERE sensor = ? GROUP BY 1"
            plain_means_s = best_s(lambda: [plain.execute(grouped, (n,)).fetchall() for n in range(20)]) * 50
    return [
        Row(
            name="one sensor, raw day",
            value=1000 * raw_s,
            unit="ms",
            baseline=1000 * plain_s,
            baseline_name="ms, a row each",
        ),
        Row(
            name="mean of 5 min × 1000 sensors",
            value=1000 * means_s,
            unit=f"ms (from {SENSORS})",
            baseline=1000 * plain_means_s,
            baseline_name="ms, a row each",
        ),
    ]


def _means(store: SeriesStore) -> None:
    for sensor in range(SENSORS):
        day = overview(store, f"s{sensor}", "temperature", (T0, T0 + DAY_MS), worst_rank=3)
        [total / count for total, count in zip(day.sums, day.counts, strict=True)]


def _rows_of_a_day(path: Path) -> None:
    with sqlite3.connect(path) as plain:
        plain.execute("CREATE TABLE reading (sensor, time, value, PRIMARY KEY (sensor, time)) WITHOUT ROWID")
        for sensor in range(20):
            times, values = day_of(sensor, 10_000, 1)
            plain.executemany(
                "INSERT INTO reading VALUES (?, ?, ?)",
                [(sensor, *one) for one in zip(times, values, strict=True)],
            )


def ledger_sizes() -> Iterator[Row]:
    """Bytes on disk per reading in closed segments, beside the readings' lines gzipped by themselves."""
    for lines in (10, 30, 5_000):
        shape = Shape(
            name="",
            lines=lines,
            batches=max(1, int(100_000 * max(SCALE, 0.6)) // lines),
            requests=1,
            sensors=10,
            points=10,
        )
        sender = Load(shape).senders[0]
        batches = [sender.batch(lines, T0) for _ in range(shape.batches)]
        bodies = b"".join(batch.partition(b"\n")[2] for batch in batches)
        new = [
            batch_record(BatchMeta(gateway="gw", run="run", seq=seq), batch)
            for seq, batch in enumerate(batches, start=1)
        ]
        yield Row(
            name=f"ledger, batches of {lines}",
            value=_closed_bytes(new) / shape.readings,
            unit="bytes/reading",
            baseline=len(gzip.compress(bodies, 6)) / shape.readings,
            baseline_name="bytes gzipped",
        )


def _closed_bytes(new: list[NewRecord]) -> float:
    """What closed segments with these records take."""

    async def write(folder: Path) -> None:
        with open_ledger(folder, "bench", SystemClock(), segment_bytes=1 << 20) as ledger:
            at_once = max(1, (256 << 10) // len(new[0].payload))
            for start in range(0, len(new), at_once):
                await ledger.append(new[start : start + at_once])

    with tempfile.TemporaryDirectory() as name:
        asyncio.run(write(Path(name)))
        for segment in packable(Path(name)):
            pack_segment(segment)
        numbers = segment_numbers(Path(name))
        start, _ = read_start(segment_path(Path(name), numbers[-1]))
        closed = [
            path
            for path in Path(name).iterdir()
            if path.name[:8].isdecimal() and int(path.name[:8]) < numbers[-1]
        ]
        return sum(path.stat().st_size for path in closed) * len(new) / (start.first - 1)

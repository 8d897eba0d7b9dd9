"""Ten thousand points go out of limits at once: how soon all alerts are committed, in how much memory.

The records of one tick are one transaction. Half of the points raise alarms, half warnings, and a route asks
for both; the receiver's rate has room for few. Beside it, bare: as many rows of the same size, written into
one table of the same database in one transaction.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Sequence

from sqlalchemy import func, select

from bench.hand_clock import HandClock
from bench.loads import ORGANISATION, Load, Sender, Shape
from bench.states import places
from bench.table import Row
from bench.timing import SCALE
from coldchain_backend.app.garbage import look_rarely
from coldchain_backend.fleet import fleet_record
from coldchain_backend.fleetfile import parse
from coldchain_backend.judging import Judging, Settings
from coldchain_backend.ledger import (
    BatchMeta,
    Grade,
    Kind,
    MemoryLedger,
    NewRecord,
    batch_record,
)
from coldchain_backend.sql import Books, Database, DeliveryQueue, Place, schema

POINTS = max(100, int(10_000 * SCALE) // 100 * 100)
SHAPE = Shape(name="storm", lines=100, batches=1, requests=0, sensors=100, points=POINTS)
T0 = 1_795_376_523_000
TICK_MS = 60_000
RATE = 60
DAY_MS = 86_400_000
RULES = """profiles:
  - name: quick
    version: 1
    title: {en: Quick, zh: 快}
    mark: proposed
    citation: none; made for a benchmark
    rules:
      - {name: high, side: high, threshold: 8, inclusive: false, warning_after: 0s, alarm_after: 0s}
"""
MORE = f"""  - name: mild
    version: 1
    title: {{en: Mild, zh: 缓}}
    mark: proposed
    citation: none; made for a benchmark
    rules:
      - {{name: high, side: high, threshold: 8, inclusive: false, warning_after: 0s}}
receivers: [{{name: dispatch, rate: {RATE}/min, webhook: {{url: "http://127.0.0.1:9/", secret: "env:NONE"}}}}]
routes: [{{name: all, match: {{levels: [warning, alarm]}}, notify: [dispatch]}}]
system_receiver: dispatch
"""


def measure() -> list[Row]:
    """The storm in every place."""
    with places() as every:
        return [row for name, place in every for row in storm(name, place)]


def storm(name: str, place: Place) -> list[Row]:
    """All points warm in one tick, judged in one transaction."""
    load, clock = Load(SHAPE), HandClock(at_ms=T0)
    ledger = MemoryLedger(ORGANISATION, clock)
    ledger.put([NewRecord(kind=Kind.FLEET, payload=fleet(load))])
    ledger.put([batch(sender, T0, 4.0) for sender in load.senders])
    clock.at_ms += TICK_MS
    with place.opened() as database:
        books = Books(database)
        judging = Judging(books, Settings(organisation=ORGANISATION, public_url="http://page"))
        while records := ledger.read(judging.offset, 1_000):
            judging.consume(records)
        ledger.put([batch(sender, clock.at_ms, 12.0) for sender in load.senders])
        look_rarely()  # as the server does
        before_mb = peak_mb()
        began, cpu = time.perf_counter(), time.process_time()
        judging.consume(ledger.read(judging.offset, 10_000))
        took_s, cpu_s = time.perf_counter() - began, time.process_time() - cpu
        grown_mb = peak_mb() - before_mb
        books.close()
        fired = counted(database)
        bare_s = bare(database)
        tellings = DeliveryQueue(database).lease(
            "dispatch", clock.at_ms + DAY_MS, clock.at_ms + 2 * DAY_MS, POINTS, due_only=True
        )
        with database.read() as connection:
            due_ms = connection.execute(select(schema.delivery.c.due_ms)).scalars().all()
    if fired < POINTS:
        raise RuntimeError(f"{fired} alerts of {POINTS} points")
    return [
        Row(
            name=f"{POINTS} excursions at once → committed, {name}",
            value=took_s,
            unit="s",
            baseline=bare_s,
            baseline_name="bare rows",
        ),
        Row(name=f"… CPU of ours, {name}", value=cpu_s, unit="cpu-s"),
        Row(name=f"… memory grown by, {name}", value=grown_mb, unit="MB"),
        Row(
            name=f"… criticals that go behind others, {name}",
            value=behind_others([one.critical for one in tellings]),
            unit=f"of {len(tellings)} tellings",
        ),
        Row(
            name=f"… most tellings in a minute, of the rate, {name}",
            value=most_in_a_minute(due_ms) / RATE,
            unit="×",
        ),
    ]


def behind_others(critical: Sequence[bool]) -> int:
    """How many criticals the courier takes behind one that is not."""
    first = critical.index(False) if False in critical else len(critical)
    return sum(critical[first:])


def most_in_a_minute(due_ms: Sequence[int]) -> int:
    """The most that are due within any minute."""
    return max((sum(first <= one < first + 60_000 for one in due_ms) for first in due_ms), default=0)


def fleet(load: Load) -> bytes:
    """The load's fleet under rules that tell at once, every second store with warnings only."""
    parts = load.fleet().split("profile: vaccine-2-8")
    profiles = ("profile: quick", "profile: mild")
    halves = [part + profiles[number % 2] for number, part in enumerate(parts[:-1])]
    plan = parse(RULES + MORE + "".join([*halves, parts[-1]]))
    return fleet_record(plan=plan, text="", by="bench", reason=None, base=0)


def batch(sender: Sender, at_ms: int, celsius: float) -> NewRecord:
    """Every sensor of a gateway says the same."""
    body = sender.level(at_ms, celsius)
    meta = BatchMeta(gateway=sender.name, run=f"run-{sender.name}", seq=sender.seq, grade=Grade.SEALED)
    return batch_record(meta, body)


def counted(database: Database) -> int:
    """Alerts that fired for excursions."""
    wanted = select(func.count()).select_from(schema.alert).where(schema.alert.c.kind == "excursion")
    with database.read() as connection:
        return connection.execute(wanted).scalar_one()


def bare(database: Database) -> float:
    """Seconds for as many rows as a storm brings at least: excursion, history, alert, step, delivery each."""
    rows = [
        {"sensor": f"x{number}", "time_ms": kind, "other": b"x" * 600, "kept": b""}
        for number in range(POINTS)
        for kind in range(5)
    ]
    began = time.perf_counter()
    with database.write() as connection, connection.begin():
        connection.execute(schema.reading_conflict.insert(), rows)
    return time.perf_counter() - began


def peak_mb() -> float:
    """The most memory that this process had so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

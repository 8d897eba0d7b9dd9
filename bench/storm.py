"""Ten thousand points go out of limits at once: how soon all alerts are committed, in how much memory.

The records of one tick are one transaction. Beside it, bare: as many rows of the same size, written into one
table of the same database in one transaction.
"""

from __future__ import annotations

import resource
import time
from dataclasses import replace

from sqlalchemy import func, select

from bench.hand_clock import HandClock
from bench.loads import ORGANISATION, Load, Sender, Shape
from bench.states import places
from bench.table import Row
from bench.timing import SCALE
from coldchain_backend.fleet import Receiver, Webhook, fleet_record
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
from coldchain_backend.sql import Books, Database, Place, schema

POINTS = max(100, int(10_000 * SCALE) // 100 * 100)
SHAPE = Shape(name="storm", lines=100, batches=1, requests=0, sensors=100, points=POINTS)
T0 = 1_795_376_523_000
TICK_MS = 60_000
HOOK = Webhook(url="http://127.0.0.1:9/", secret="env:NONE")  # noqa: S106 - a reference, and nobody is told
RULES = """profiles:
  - name: quick
    version: 1
    title: {en: Quick, zh: 快}
    mark: proposed
    citation: none; made for a benchmark
    rules:
      - {name: high, side: high, threshold: 8, inclusive: false, warning_after: 0s, alarm_after: 0s}
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
        before_mb = peak_mb()
        began, cpu = time.perf_counter(), time.process_time()
        judging.consume(ledger.read(judging.offset, 10_000))
        took_s, cpu_s = time.perf_counter() - began, time.process_time() - cpu
        grown_mb = peak_mb() - before_mb
        books.close()
        fired = counted(database)
        bare_s = bare(database)
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
    ]


def fleet(load: Load) -> bytes:
    """The load's fleet under rules that alarm at once, with a receiver."""
    text = RULES + load.fleet().replace("profile: vaccine-2-8", "profile: quick")
    plan = parse(text)
    told = Receiver(name="dispatch", webhook=HOOK)
    plan = replace(plan, receivers=(told,), system_receiver="dispatch")
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

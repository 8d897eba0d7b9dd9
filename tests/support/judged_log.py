"""A small organisation whose log is written by hand and judged by the real consumer on a real database."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import orjson
from sqlalchemy import select

from coldchain.excursions import Excursion, Judged, Until, step
from coldchain.lineprotocol import encode
from coldchain.profiles import Mark, Profile, Rule, Side
from coldchain.seal import GENESIS, Batch, Key, seal
from coldchain.words import Text
from coldchain_backend.alerts import Alert, Transition
from coldchain_backend.fleet import (
    Asset,
    AssetKind,
    Gateway,
    Plan,
    Point,
    Receiver,
    Sensor,
    Webhook,
    Zone,
    ZoneState,
    fleet_record,
)
from coldchain_backend.judging import Answers, Judging, Settings
from coldchain_backend.judging.contracts import StoredExcursion
from coldchain_backend.judging.views import AlertFilter
from coldchain_backend.ledger import (
    BatchMeta,
    Grade,
    Kind,
    MarkName,
    MemoryLedger,
    NewRecord,
    act_record,
    batch_record,
    mark_record,
)
from coldchain_backend.sql import Books, Database, DeliveryQueue, Records, schema
from support.databases import empty_database
from support.still_clock import StillClock

ORGANISATION = "demo"
T0 = 1_795_377_600_000
"""A full hour."""
MEMORY = Path("/dev/shm")
"""Where a database of a test may lie that no test takes the power from."""

SECOND, MINUTE, HOUR = 1000, 60_000, 3_600_000
Point3 = tuple[str, int, float]
"""Sensor, time and temperature of a reading."""


def profile(*, alarm_after_ms: int = 10 * SECOND, gap_floor_ms: int = 15 * MINUTE) -> Profile:
    """Chilled goods: a warning at once, an alarm after a while."""
    high = Rule(
        name="high", side=Side.HIGH, threshold=8.0, inclusive=False, hysteresis=0.5,
        warning_after_ms=0, alarm_after_ms=alarm_after_ms,
    )  # fmt: skip
    low = Rule(
        name="low", side=Side.LOW, threshold=0.0, inclusive=False, hysteresis=0.5,
        warning_after_ms=0, alarm_after_ms=alarm_after_ms,
    )  # fmt: skip
    return Profile(
        name="chilled", version=1, title=Text(en="Chilled", zh="冷藏"), rules=(high, low), citation="none",
        mark=Mark.PROPOSED, gap_floor_ms=gap_floor_ms,
    )  # fmt: skip


def plan(
    sensors: Mapping[str, int],
    *,
    limits: Profile | None = None,
    state: ZoneState = ZoneState.IN_USE,
    receivers: Sequence[str] = ("dispatch",),
    gateways: Sequence[str] = ("gw",),
    offline_after_ms: int = 5 * MINUTE,
) -> Plan:
    """One cold store; every sensor (id → interval in ms) has a point of its own, named like it."""
    limits = limits or profile()
    points = tuple(Point(id=f"p.{one}", name=Text(en=one, zh=one), sensor=one) for one in sensors)
    zone = Zone(id="z", name=Text(en="Chiller", zh="冷藏间"), profile=limits.name, state=state, points=points)
    asset = Asset(
        id="store", kind=AssetKind.COLD_STORE, name=Text(en="Cold store", zh="冷库"),
        time_zone="Asia/Shanghai", offline_after_ms=offline_after_ms, zones=(zone,),
    )  # fmt: skip
    return Plan(
        organisation=ORGANISATION,
        receivers=tuple(
            Receiver(name=name, webhook=Webhook(url=f"http://127.0.0.1:9/{name}", secret="env:WHSEC"))
            for name in receivers
        ),
        system_receiver=receivers[0] if receivers else None,
        profiles=(limits,),
        assets=(asset,),
        sensors=tuple(Sensor(id=one, interval_ms=interval) for one, interval in sensors.items()),
        gateways=tuple(Gateway(name=name, asset="store") for name in gateways),
    )


def fleet_payload(what: Plan, by: str = "admin") -> bytes:
    """The payload of a fleet version's record."""
    return fleet_record(plan=what, text="", by=by, reason=None, base=0)


def fleet_record_of(what: Plan, by: str = "admin") -> NewRecord:
    """The record of a fleet version."""
    return NewRecord(kind=Kind.FLEET, payload=fleet_payload(what, by))


@dataclass(slots=True)
class Voice:
    """A gateway of these tests: seals what it is told to say."""

    name: str = "gw"
    run: str = "run-1"
    key: Key = field(default_factory=lambda: Key.from_seed(bytes(32)))
    seq: int = 0
    prev: str = GENESIS

    def batch(self, readings: Iterable[Point3], lines: Sequence[bytes] = ()) -> Batch:
        """The next batch of its run."""
        said = [encode("reading", {"sensor": one}, {"temperature": v}, t) for one, t, v in readings]
        body = b"".join(line + b"\n" for line in [*said, *lines]) or b"# nothing\n"
        self.seq += 1
        batch = seal(self.key, org=ORGANISATION, run=self.run, seq=self.seq, prev=self.prev, body=body)
        self.prev = batch.hash
        return batch

    def record(self, batch: Batch, grade: Grade = Grade.SEALED) -> NewRecord:
        """The record in which ingest would keep a batch."""
        meta = BatchMeta(gateway=self.name, run=batch.run, seq=batch.seq, grade=grade)
        return batch_record(meta, batch.encode())


class Log:
    """The organisation: a ledger in memory, a clock moved by hand, and judging of it."""

    def __init__(
        self, folder: Path, *, settings: Settings | None = None, database: Database | None = None
    ) -> None:
        self.clock = StillClock(T0)
        self.ledger = MemoryLedger(ORGANISATION, self.clock)
        self.voice = Voice()
        self.settings = settings or Settings(organisation=ORGANISATION, public_url="http://page")
        name = f"coldchain-test-{secrets.token_hex(8)}.sqlite"
        self.path = (MEMORY if os.access(MEMORY, os.W_OK) else folder) / name
        self.database = database or empty_database(self.path)
        self.books = Books(self.database)
        self.judging = Judging(self.books, self.settings, self.ledger)
        self.records = Records(self.database)
        self.answers = Answers(self.records, ORGANISATION, self.ledger)
        self.queue = DeliveryQueue(self.database)
        self.only: str | None = None

    def close(self) -> None:
        """Close the database."""
        self.books.close()
        self.database.close()
        for ending in ("", "-wal", "-shm"):
            self.path.with_name(self.path.name + ending).unlink(missing_ok=True)

    def restart(self) -> None:
        """A new process on the same database."""
        self.books.close()
        self.books = Books(self.database)
        self.judging = Judging(self.books, self.settings, self.ledger)

    def put(self, *records: NewRecord, chunk: int = 1000) -> None:
        """Append records now and judge everything that is new."""
        self.ledger.put(records)
        self.judge(chunk)

    def judge(self, chunk: int = 1000) -> None:
        """Judge what is not yet judged."""
        while records := self.ledger.read(self.judging.offset, chunk):
            self.judging.consume(records)

    def at(self, at_ms: int) -> None:
        """Move the clock to an instant."""
        self.clock.advance(at_ms - self.clock.wall_ms)

    def fleet(self, what: Plan, by: str = "admin") -> None:
        """Apply a fleet version."""
        self.put(fleet_record_of(what, by))

    def say(self, *readings: Point3, lines: Sequence[bytes] = ()) -> None:
        """A batch of readings arrives now."""
        self.put(self.voice.record(self.voice.batch(readings, lines)))

    def mark(self, name: MarkName = MarkName.ALIVE) -> None:
        """A service mark."""
        self.put(mark_record(name))

    def alive_until(self, at_ms: int, every_ms: int = 10 * SECOND) -> None:
        """Alive marks up to an instant."""
        while self.clock.wall_ms < at_ms:
            self.at(min(self.clock.wall_ms + every_ms, at_ms))
            self.mark()

    def acknowledge(self, alert: str, by: str = "Li", reason: str = "seen") -> None:
        """A person takes notice."""
        self.put(act_record("acknowledge", by, {"alert": alert, "reason": reason}))

    def alerts(self) -> list[Alert]:
        """All alerts (of the kind `only`, if that is set), oldest first."""
        found = reversed(self.answers.alerts(AlertFilter()))
        return [alert for alert in found if self.only in {None, alert.cause.kind.value}]

    def steps(self) -> list[str]:
        """What happened to all alerts, as "kind level step", in the order of the log."""
        found: list[tuple[int, str, Transition, Alert]] = []
        for alert in self.alerts():
            story = self.answers.alert(alert.id)
            assert story is not None
            found += [(step.at_ms, alert.id, step, alert) for step in story.steps]
        found.sort(key=lambda one: (one[0], one[1], one[2].sequence))
        return [f"{alert.cause.kind.value} {one.level.value} {one.kind.value}" for _, _, one, alert in found]

    def told(self) -> list[str]:
        """Deliveries as "receiver type", in order of alert and sequence."""
        told = sorted(self._deliveries(), key=lambda d: (d.created_ms, d.alert, d.sequence, d.receiver))
        bodies = [(one.receiver, orjson.loads(one.body)) for one in told]
        return [
            f"{name} {body['type']}" for name, body in bodies if self.only in {None, body["data"]["kind"]}
        ]

    def deliveries(self) -> list[str]:
        """Webhook ids with receivers and bodies, sorted."""
        return sorted(f"{one.id} {one.receiver} {one.body.decode()}" for one in self._deliveries())

    def _deliveries(self) -> list[RowOfDelivery]:
        with self.database.read() as connection:
            return [
                RowOfDelivery(row.id, row.receiver, row.alert, row.sequence, row.created_ms, row.body)
                for row in connection.execute(select(schema.delivery))
            ]

    def conflicts(self) -> list[tuple[str, int]]:
        """Sensor and instant of named conflicts."""
        with self.database.read() as connection:
            wanted = select(schema.reading_conflict.c.sensor, schema.reading_conflict.c.time_ms)
            return [(row[0], row[1]) for row in connection.execute(wanted)]

    def stored(self) -> list[StoredExcursion]:
        """All excursions that are not gone, as stored."""
        return list(self.answers.excursions(None, 0, 2**62, limit=100_000))

    def all_excursions(self, sensor: str) -> list[Excursion]:
        """Excursions of a sensor over all its spells, as of now, by their opening."""
        found = self.answers.excursions(None, 0, 2**62, limit=100_000)
        mine = [one.excursion for one in found if one.key.sensor == sensor]
        return sorted(mine, key=lambda one: (one.opened_ms, one.rule))

    def excursions(self, limits: Profile, interval_ms: int) -> dict[str, list[Excursion]]:
        """Excursions by sensor as they stand now, open ones with time passed up to the log's newest stamp."""
        courses = {course.key: course.state for course in self.books.load().courses}
        found: dict[str, list[Excursion]] = {}
        for one in self.stored():
            now = one.excursion
            if now.closed_ms is None:
                judged = Judged(profile=limits, interval_ms=interval_ms, quantity=one.key.quantity)
                shown, _ = step(courses[one.key], Until(time_ms=self.judging.stamp_ms), judged)
                now = next(place for place in shown.open if place.rule == now.rule)
            found.setdefault(one.key.sensor, []).append(now)
        return {
            sensor: sorted(every, key=lambda one: (one.opened_ms, one.rule))
            for sensor, every in found.items()
        }


@dataclass(frozen=True, slots=True)
class RowOfDelivery:
    """A queued telling, for looking at."""

    id: str
    receiver: str
    alert: str
    sequence: int
    created_ms: int
    body: bytes

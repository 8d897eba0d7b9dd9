"""One follower over a ledger in memory and real ingest, killed and started again as tests please."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from coldchain.lineprotocol import Line, parse
from coldchain.seal import Batch, read_batches
from coldchain_backend.influx import Cell
from coldchain_backend.ingest import Admission
from coldchain_backend.ingest.follow import (
    Follower,
    FollowPorts,
    FollowSection,
    FollowState,
    SeriesEntry,
    Source,
)
from coldchain_backend.ledger import Json, Kind, MarkName, Record, mark_record, read_json, split_batch
from support.doors import Door
from support.foreign_store import ForeignStore

HOUR = 3_600_000
MINUTE = 60_000
NANO = 1_000_000
ENTRY = SeriesEntry(measurement="modbus", field="temperature", sensor="{host}-{sensor}")
Said = tuple[str, str, float | int | bool, int]
"""Sensor, quantity, value, ms UTC."""


class Killed(BaseException):
    """The process is gone."""


class FollowStage:
    """`kill_in`: so many more writes into the ledger go well; behind the next the process is killed."""

    def __init__(
        self, folder: Path, *entries: SeriesEntry, source: Source | None = None, **wish: object
    ) -> None:
        self.door = Door(folder / "ingest")
        self.store = ForeignStore()
        self._source = source or self.store
        self.folder = folder / "follow"
        self.section = FollowSection(
            name="site",
            url="http://127.0.0.1:8086",
            bucket="telegraf",
            series=entries or (ENTRY,),
            **wish,  # type: ignore[arg-type]
        )
        self.kill_in: int | None = None
        self._runner = asyncio.Runner()
        self.start()

    @property
    def now_ms(self) -> int:
        return self.door.clock.now_ms()

    def start(self) -> None:
        """As a new process: nothing is known but what lies on the disk."""
        self.admission: Admission = self.door.open()
        self.state = FollowState(name="site", target="t")
        ports = FollowPorts(
            source=self._source,
            ledger=self.door.ledger,
            keep=self._keep,
            mark=self._mark,
            now_ms=lambda: self.now_ms,
        )
        self.follower = Follower(self.section, ports, self.folder, self.state)

    def close(self) -> None:
        self._runner.close()

    def _keep(self, lines: Sequence[bytes], read_to: int) -> None:
        self._runner.run(self.admission.write_followed(self.section.writer, lines, read_to))
        if self.kill_in is not None:
            self.kill_in -= 1
            if self.kill_in < 0:
                self.kill_in = None
                raise Killed

    def _mark(self, name: MarkName, details: dict[str, Json]) -> None:
        self.door.ledger.put([mark_record(name, details)])

    def put(
        self, at_ms: int, value: Cell = 4.0, sensor: str = "s1", host: str = "a", field: str = "temperature"
    ) -> None:
        """Telegraf writes a point."""
        self.store.put("modbus", field, {"host": host, "sensor": sensor}, at_ms * NANO, value)

    def pass_time(self, by_ms: int) -> None:
        self.door.clock.wall_ms += by_ms

    def settle(self, most: int = 5_000) -> None:
        """Turn until there is nothing to do, a recheck included."""
        self.pass_time(self.section.recheck)
        for _ in range(most):
            if not self.follower.turn():
                return
        raise AssertionError("it never comes to rest")

    def records(self) -> Sequence[Record]:
        return self.door.ledger.read(0, 1 << 30)

    def marks(self) -> list[str]:
        found = [read_json(one.payload) for one in self.records() if one.kind is Kind.MARK]
        return [str(one["mark"]) for one in found]

    def evidence(self) -> Counter[Said]:
        """What stands in the ledger, graded as followed, and how often."""
        found: Counter[Said] = Counter()
        for record in self.records():
            if record.kind is not Kind.BATCH:
                continue
            meta, encoded = split_batch(record.payload)
            assert (meta.gateway, meta.grade.value) == ("follow:site", "followed")
            for batch in read_batches(encoded):
                assert isinstance(batch, Batch)
                for line in parse(batch.body):
                    assert isinstance(line, Line)
                    [(name, value)] = line.fields.items()
                    assert not isinstance(value, str)
                    found[line.tags["sensor"], name, value, line.time or 0] += 1
        return found

    def wanted(self) -> Mapping[Said, int]:
        """What stands in the store, each point once; for stores of one rule with whole ms."""
        return Counter(
            (f"{dict(tags)['host']}-{dict(tags)['sensor']}", name, float(value), time_ns // NANO)
            for (_, name, tags), points in self.store.series.items()
            for time_ns, value in points.items()
            if isinstance(value, (int, float)) and not isinstance(value, bool)
        )

"""A backend's alerts in a process of their own that is killed at a named step, from ledger to courier.

All parts are the real ones; the wire is a file that keeps what a receiver accepted, whatever becomes of the
process. A life goes on where the ledger, the state and that file say that the last one ended.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

import orjson
from sqlalchemy import Connection

from coldchain_backend.delivery import Attempts, Courier, CourierPorts
from coldchain_backend.delivery.queue import Queued
from coldchain_backend.delivery.request import Call, NoResponse, Request, Response
from coldchain_backend.fleet import Plan, Receiver, Webhook
from coldchain_backend.judging import Judging, Settings
from coldchain_backend.judging.contracts import Progress
from coldchain_backend.ledger import NewRecord, open_ledger
from coldchain_backend.sql import Books, Database, DeliveryQueue, Place
from coldchain_backend.sql.pages import Pages
from coldchain_backend.sql.readings import Readings
from coldchain_runtime.secrets import Secret
from support.judged_log import MINUTE, ORGANISATION, T0, Voice, fleet_record_of, plan
from support.ledgers import ModestDisk
from support.postgres import SCHEMA
from support.still_clock import StillClock
from support.webhook_end import Announced, Known

TICK_MS: Final = MINUTE
"""Slow enough that no flood is opened: its digests are another test's."""
SENSORS: Final = ("a", "b", "c")
RECEIVERS: Final = ("dispatch", "quality")
RECEIVED: Final = "received.jsonl"
SECRET: Final = "whsec_" + "bm90IGEgc2VjcmV0LCBtYWRlIGZvciB0ZXN0cyBvbmx5"
POINTS: Final = (
    "append.before", "append.after", "judge.begun", "judge.written", "judge.readings kept", "judge.committed",
    "lease.before", "lease.after", "send.before", "send.after", "outcome.before", "outcome.after",
)  # fmt: skip
"""Steps between which a process may end; "readings kept" lies between the two commits of a server's state."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """One life of the process, told to it as it starts.

    folder   ledger, readings and what was received
    server   address of the state; "" for the file
    ticks    records of the story
    point    where it ends, at the time number `nth`; "" for none: it then goes on until all is delivered
    failing  share of attempts that receivers refuse
    jumps    how far the host's clock is off from a tick on, ms
    seed     of the refusals
    """

    folder: Path
    server: str = ""
    ticks: int = 40
    point: str = ""
    nth: int = 1
    failing: float = 0.2
    jumps: tuple[tuple[int, int], ...] = ()
    seed: int = 0

    @property
    def place(self) -> Place:
        if self.server:
            return Place(data_dir=self.folder, server=Secret(self.server), schema=SCHEMA)
        return Place(data_dir=self.folder)


class Fate:
    """Ends the process where it is said."""

    def __init__(self, point: str, nth: int) -> None:
        self._point, self._left = point, nth

    def at(self, point: str) -> None:
        if point == self._point:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


class _Pages(Pages):
    def __init__(self, connection: Connection, fate: Fate) -> None:
        super().__init__(connection)
        self._fate = fate

    def flush(self, name: str) -> None:
        super().flush(name)
        self._fate.at("judge.written")


class _Books(Books):
    """Books whose process may end within a transaction, and between its two commits."""

    def __init__(self, database: Database, fate: Fate) -> None:
        super().__init__(database)
        self._fate, self._pages = fate, _Pages(self._connection, fate)
        self._readings = _Kept(self._readings, fate)

    def begin(self) -> None:
        super().begin()
        self._fate.at("judge.begun")

    def commit(self, progress: Progress) -> None:
        super().commit(progress)
        self._fate.at("judge.committed")


class _Kept:
    """Readings that were committed while the state was not."""

    def __init__(self, readings: Readings, fate: Fate) -> None:
        self._readings, self._fate = readings, fate
        self.begin, self.rollback, self.settle = readings.begin, readings.rollback, readings.settle
        self.alone = readings.alone

    def commit(self, offset: int) -> None:
        self._readings.commit(offset)
        self._fate.at("judge.readings kept")


class _Queue(DeliveryQueue):
    def __init__(self, database: Database, holder: str, fate: Fate) -> None:
        super().__init__(database, holder)
        self._fate = fate

    def lease(
        self,
        receiver: str,
        now_ms: int,
        until_ms: int,
        limit: int,
        *,
        due_only: bool,
        others: int | None = None,
    ) -> Sequence[Queued]:
        self._fate.at("lease.before")
        found = super().lease(receiver, now_ms, until_ms, limit, due_only=due_only, others=others)
        self._fate.at("lease.after")
        return found

    def delivered(self, delivery_id: str, now_ms: int, detail: str = "") -> None:
        self._fate.at("outcome.before")
        super().delivered(delivery_id, now_ms, detail)
        self._fate.at("outcome.after")

    def postponed(
        self, delivery_id: str, now_ms: int, due_ms: int, reason: str, reached: frozenset[str] = frozenset()
    ) -> None:
        self._fate.at("outcome.before")
        super().postponed(delivery_id, now_ms, due_ms, reason, reached)
        self._fate.at("outcome.after")


class FileWire:
    """Receivers that write down what they accept before they answer, and refuse now and then."""

    def __init__(self, folder: Path, failing: float, random: Random, fate: Fate) -> None:
        self._file = os.open(folder / RECEIVED, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self._failing, self._random, self._fate = failing, random, fate

    async def send(self, request: Call) -> Response | NoResponse:
        assert isinstance(request, Request)
        self._fate.at("send.before")
        if self._random.random() < self._failing:
            return Response(status=503)
        said = orjson.loads(request.body)
        line = {
            "id": request.headers["webhook-id"],
            "receiver": request.url.rsplit("/", 1)[-1],
            "type": said["type"],
            "alert": said["data"]["alert_id"],
            "sequence": said["data"]["sequence"],
        }
        os.write(self._file, orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
        self._fate.at("send.after")
        return Response(status=204)


def story(ticks: int) -> list[NewRecord]:
    """Three sensors of a cold store that run warm in turn, and cool down again."""
    voice = Voice()
    told = [fleet_record_of(plan(dict.fromkeys(SENSORS, TICK_MS), receivers=RECEIVERS, gateways=()))]
    for tick in range(1, ticks):
        warm = [
            (tick + 3 * number) % 12 < 5 and tick < ticks - 6 for number in range(len(SENSORS))
        ]  # the last ones are in order: everything ends
        values = [9.0 if out else 4.0 for out in warm]
        readings = [(name, T0 + tick * TICK_MS, value) for name, value in zip(SENSORS, values, strict=True)]
        told.append(voice.record(voice.batch(readings)))
    return told


def courier_of(
    life: Life, queue: DeliveryQueue, wire: FileWire, clock: StillClock, random: Random
) -> Courier:
    """A courier to the file."""
    (life.folder / "whsec").write_text(SECRET)
    receivers = tuple(
        Receiver(name=name, webhook=Webhook(url=f"https://hooks.example/{name}", secret="file:whsec"))
        for name in RECEIVERS
    )
    ports = CourierPorts(
        queue=queue,
        standings=Known(),
        attempts=Attempts(sender=wire, clock=clock, folder=life.folder),
        clock=clock,
        plan=lambda: Plan(organisation=ORGANISATION, receivers=receivers),
        announce=Announced(),
        random=random,
    )
    return Courier(ports)


def live(life: Life) -> None:
    """What the process does: the whole story, then deliver until nothing waits."""
    asyncio.run(_live(life))


async def _live(life: Life) -> None:
    fate, clock, random = Fate(life.point, life.nth), StillClock(T0), Random(life.seed)
    folder, told = life.folder / "ledger", story(life.ticks)
    with (
        open_ledger(folder, ORGANISATION, clock, disk=ModestDisk()) as ledger,
        life.place.opened() as database,
    ):
        books, queue = _Books(database, fate), _Queue(database, "backend", fate)
        judging = Judging(books, Settings(organisation=ORGANISATION, public_url="http://page"))
        courier = courier_of(life, queue, FileWire(life.folder, life.failing, random, fate), clock, random)
        later = 0
        while ledger.end < len(told) or queue.waiting(clock.now_ms()):
            later += ledger.end >= len(told)
            clock.wall_ms = T0 + ledger.end * TICK_MS + _off(life, ledger.end) + later * MINUTE
            if ledger.end < len(told):
                fate.at("append.before")
                await ledger.append([told[ledger.end]])
                fate.at("append.after")
            while records := ledger.read(judging.offset, 100):
                judging.consume(records)
            await courier.turn()
            await courier.idle()
        books.close()


def _off(life: Life, tick: int) -> int:
    """How far the host's clock is off at a tick."""
    return sum(by_ms for since, by_ms in life.jumps if tick >= since)

"""What runs, in which order it starts, and how it stops: read from top to bottom."""

import asyncio
import fcntl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from coldchain.backoff import Backoff
from coldchain.errors import Refused
from coldchain_gateway.config import Settings
from coldchain_gateway.health import HealthLoop
from coldchain_gateway.outbox import CorruptOutbox, open_outbox
from coldchain_gateway.sources import open_source
from coldchain_gateway.workers import Worker
from coldchain_runtime.clock import Clock
from coldchain_runtime.durable import make_folder
from coldchain_runtime.logs import Log
from coldchain_runtime.supervisor import Supervisor

from .assembly import Parts, assemble
from .stock import Stock

LOCK_FILE: Final = "lock"
# A wire that was plugged in again is open within 5 s.
REOPEN: Final = Backoff(base_ms=200, cap_ms=3_000)
# Together the following stay within the 5 s that a stop may take.
SOURCES_STOP_S: Final = 1.5
COMMIT_STOP_S: Final = 1.0
SEND_STOP_S: Final = 1.5
LANE_STOP_S: Final = 0.2
log = Log("gateway")


@dataclass(slots=True)
class Ending:
    """Why the program stops: told to, or because its outbox broke (then it starts again at once)."""

    asked: asyncio.Event = field(default_factory=asyncio.Event)
    reason: str = "end"
    condemned: str = ""

    def ask(self, reason: str) -> None:
        """Stop in order."""
        self.reason = reason
        self.asked.set()


async def serve(settings: Settings, clock: Clock, ending: Ending, condemned: str = "") -> None:
    """Run until `ending.asked` is set. Raises Refused when another process has the data folder."""
    make_folder(settings.data_dir)
    with only_one(settings):
        parts = open_parts(settings, clock, condemned)
        async with (
            closing_outbox(parts),
            sending(parts, ending),
            sealing(parts, ending),
            committing(parts, ending),
            Supervisor(clock, stop_within=SOURCES_STOP_S) as loops,
        ):
            start_loops(parts, loops)
            log.event("gateway.started", fingerprint=parts.ground.identity.key.fingerprint)
            await ending.asked.wait()
            log.event("gateway.stopping", reason=ending.reason)


def open_parts(settings: Settings, clock: Clock, condemned: str) -> Parts:
    """Everything around the outbox; around a new one if its faults show only when it is read."""
    opened = open_outbox(settings.data_dir, condemned)
    try:
        return assemble(settings, clock, opened)
    except CorruptOutbox as error:
        opened.outbox.close()
        return assemble(settings, clock, open_outbox(settings.data_dir, str(error)))


def start_loops(parts: Parts, loops: Supervisor) -> None:
    """The asynchronous part: health, local alarm, one loop per wire."""
    stock = Stock(parts, loops)
    health = HealthLoop(
        clock=parts.ground.clock,
        data_dir=parts.ground.settings.data_dir,
        take_stock=stock,
        intake=parts.intake,
    )
    loops.start("health", health.run)
    loops.start("local_alarm", parts.alarm.run)
    for config in parts.ground.settings.config.source:
        settings = parts.ground.settings
        source = open_source(
            config,
            clock=parts.ground.clock,
            template_dirs=settings.template_dirs,
            folder=settings.file.absolute().parent,
        )
        loops.start(f"source.{source.name}", partial(source.run, parts.intake), backoff=REOPEN)


@contextmanager
def only_one(settings: Settings) -> Iterator[None]:
    """Two processes on one data folder would give numbers out twice."""
    with (settings.data_dir / LOCK_FILE).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise Refused(f"{settings.data_dir}: another gateway process runs on this data folder") from error
        yield


@asynccontextmanager
async def closing_outbox(parts: Parts) -> AsyncIterator[None]:
    """The file is given back last."""
    try:
        yield
    finally:
        parts.ground.outbox.close()


@asynccontextmanager
async def committing(parts: Parts, ending: Ending) -> AsyncIterator[None]:
    """Sources have stopped when this ends: a last line, a last commit."""
    worker = _worker("intake", parts.intake.run, ending, parts.ground.clock)
    worker.start()
    try:
        yield
    finally:
        parts.intake.note("going_down", {}, {"reason": ending.reason})
        parts.intake.stop()
        await asyncio.to_thread(worker.stop, COMMIT_STOP_S)


@asynccontextmanager
async def sealing(parts: Parts, ending: Ending) -> AsyncIterator[None]:
    """All is committed when this ends: seal it, whatever its age."""
    worker = _worker("sealing", parts.keeper.run, ending, parts.ground.clock)
    worker.start()
    try:
        yield
    finally:
        parts.keeper.stop()
        if await asyncio.to_thread(worker.stop, COMMIT_STOP_S) and not ending.condemned:
            parts.keeper.seal_due(force=True)


@asynccontextmanager
async def sending(parts: Parts, ending: Ending) -> AsyncIterator[None]:
    """All is sealed when this ends: try to send it, briefly."""
    if parts.uplink is None:
        yield
        return
    sender, watch = parts.uplink.sender, parts.uplink.watch
    workers = [
        _worker("uplink.live", sender.run_live, ending, parts.ground.clock),
        _worker("uplink.backlog", sender.run_backlog, ending, parts.ground.clock),
        _worker("uplink.watch", watch.run, ending, parts.ground.clock),
    ]
    for worker in workers:
        worker.start()
    try:
        yield
    finally:
        watch.stop()
        if not ending.condemned:
            await asyncio.to_thread(sender.drain, SEND_STOP_S)
        sender.stop()
        for worker in workers:
            await asyncio.to_thread(worker.stop, LANE_STOP_S)


def _worker(name: str, body: Callable[[], None], ending: Ending, clock: Clock) -> Worker:
    loop = asyncio.get_running_loop()

    def condemn(error: CorruptOutbox) -> None:
        log.error("gateway.outbox_broken", reason=str(error))
        ending.condemned = str(error)
        loop.call_soon_threadsafe(ending.ask, "outbox broken")

    return Worker(name, body, condemn, clock)

"""What runs, in which order it starts, and how it stops: read from top to bottom."""

import asyncio
import fcntl
import gc
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from coldchain.errors import Refused
from coldchain_gateway.config import Settings
from coldchain_gateway.going_down import GoingDownWatch
from coldchain_gateway.health import HealthLoop, disk_free_bytes
from coldchain_gateway.heard import HeardLoop
from coldchain_gateway.identity import came_from
from coldchain_gateway.machine import serial_number
from coldchain_gateway.outbox import CorruptOutbox, open_outbox, room_to_start
from coldchain_gateway.page import Shows
from coldchain_gateway.workers import Crew
from coldchain_runtime.clock import Clock
from coldchain_runtime.durable import make_folder
from coldchain_runtime.logs import Log
from coldchain_runtime.supervisor import Supervisor

from .assembly import Parts, assemble
from .notify import Notifier
from .reload import Reloader
from .sections import GoingDownSection, LinkSection, LocalAlarmSection, OutboxSection, PageSection
from .stock import Stock
from .watchdog import Movement, Pulse, Watchdog
from .wires import Wires, wanted

LOCK_FILE: Final = "lock"
GARBAGE_OBJECTS: Final = 5000
# Together with the link's the following stay within the 5 s that a stop may take.
SOURCES_STOP_S: Final = 1.5
COMMIT_STOP_S: Final = 1.0
log = Log("gateway")


@dataclass(slots=True)
class Ending:
    """Why the program stops: told to, or because its outbox broke (then it starts again at once)."""

    asked: asyncio.Event = field(default_factory=asyncio.Event)
    reload: asyncio.Event = field(default_factory=asyncio.Event)
    reason: str = "end"
    condemned: str = ""

    def ask(self, reason: str) -> None:
        """Stop in order."""
        if not self.asked.is_set():
            self.reason = reason
        self.asked.set()


async def serve(settings: Settings, clock: Clock, ending: Ending, condemned: str = "") -> None:
    """Run until `ending.asked` is set. Raises Refused when another process has the data folder."""
    make_folder(settings.data_dir)
    with only_one(settings):
        room_to_start(settings.data_dir, disk_free_bytes(settings.data_dir))
        crew = _crew(ending, clock)
        notifier = Notifier()
        parts = open_parts(settings, clock, condemned, crew)
        async with (
            closing_outbox(parts),
            sending(parts, ending),
            sealing(parts, ending),
            committing(parts, ending),
            Supervisor(clock, stop_within=SOURCES_STOP_S) as loops,
        ):
            start_loops(parts, loops, ending, notifier)
            _tell_another_machine(settings)
            settle()
            log.event("gateway.started", fingerprint=parts.ground.identity.key.fingerprint)
            notifier.ready()
            await ending.asked.wait()
            notifier.stopping(ending.reason)
            log.event("gateway.stopping", reason=ending.reason)


def open_parts(settings: Settings, clock: Clock, condemned: str, crew: Crew) -> Parts:
    """Everything around the outbox; around a new one if its faults show only when it is read."""
    opened = open_outbox(settings.data_dir, condemned)
    try:
        return assemble(settings, clock, opened, crew)
    except CorruptOutbox as error:
        opened.outbox.close()
        return assemble(settings, clock, open_outbox(settings.data_dir, str(error)), crew)


def start_loops(parts: Parts, loops: Supervisor, ending: Ending, notifier: Notifier) -> None:
    """The asynchronous part: a driver per wire, health, local alarm, what watches and what changes them."""
    ground = parts.ground
    wires = Wires(ground.clock, parts.intake, loops)
    watchdog = Watchdog(ground.clock, notifier, _movement(parts, loops, wires))
    stock = Stock(parts, loops, wires, watchdog)
    page = PageSection(loops, Shows(board=parts.alarm.board, health=stock, hush=parts.alarm.hush))
    inputs = GoingDownSection(
        loops,
        lambda config: GoingDownWatch(config, clock=ground.clock, intake=parts.intake, ask=ending.ask),
    )
    reloader = Reloader(
        ground,
        wires,
        {
            "gateway": OutboxSection(parts.keeper),
            "uplink": LinkSection(parts.link),
            "influxdb": LinkSection(parts.link),
            "local_alarm": LocalAlarmSection(parts.alarm),
            "going_down": inputs,
            "page": page,
        },
    )
    stock.reloaded = lambda: reloader.result
    health = HealthLoop(
        clock=ground.clock,
        data_dir=ground.settings.data_dir,
        take_stock=stock,
        intake=parts.intake,
    )

    for name, want in wanted(ground.settings).items():
        wires.start(name, want, wires.make(want))
    inputs.start(ground.settings)
    page.start(ground.settings)
    loops.start("health", health.run)
    loops.start("heard", HeardLoop(ground.clock, ground.settings.data_dir, parts.alarm.heard).run)
    loops.start("local_alarm", parts.alarm.run)
    loops.start("reload", partial(_reload_on, ending, notifier, reloader, health))
    loops.start("watchdog", watchdog.run)


async def _reload_on(ending: Ending, notifier: Notifier, reloader: Reloader, health: HealthLoop) -> None:
    """Apply the file whenever somebody asks, and show at once what came of it."""
    while True:
        await ending.reload.wait()
        ending.reload.clear()
        notifier.reloading()
        try:
            await reloader.reload()
        finally:
            notifier.ready()
        health.look()


def _movement(parts: Parts, loops: Supervisor, wires: Wires) -> Movement:
    head_file = parts.ground.identity.head_file
    return Movement(
        parts.ground.clock,
        {
            "intake": Pulse(sign=lambda: parts.intake.turned_ns, nudge=parts.intake.begin),
            # Sealing a long backlog is one turn; its head shows that it moves.
            "sealing": Pulse(sign=lambda: (parts.keeper.turned_ms, head_file.head)),
        },
        workers=lambda: parts.crew.status,
        ended_loops=lambda: loops.ended,
        beyond_cure=wires.beyond_cure,
    )


def _tell_another_machine(settings: Settings) -> None:
    """A copied SD card is noticed at its first start, and not only when both speak."""
    try:
        before = came_from(settings.data_dir, serial_number())
    except OSError:
        return
    if before is not None:
        log.warning("gateway.another_machine", before=before, now=serial_number())


def settle() -> None:
    """What is loaded by now stays: the collector need not look at it again, and comes round less often.

    Messages make no cycles, so memory does not grow by it.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_OBJECTS, 10, 10)


@contextmanager
def only_one(settings: Settings) -> Iterator[None]:
    """Two processes on one data folder would give numbers out twice. The file names the one that has it."""
    with (settings.data_dir / LOCK_FILE).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise Refused(f"{settings.data_dir}: another gateway process runs on this data folder") from error
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
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
    parts.crew.start("intake", parts.intake.run)
    try:
        yield
    finally:
        parts.intake.note("going_down", {}, {"reason": ending.reason})
        parts.intake.stop()
        await asyncio.to_thread(parts.crew.stop, "intake", COMMIT_STOP_S)


@asynccontextmanager
async def sealing(parts: Parts, ending: Ending) -> AsyncIterator[None]:
    """All is committed when this ends: seal it, whatever its age."""
    parts.crew.start("sealing", parts.keeper.run)
    try:
        yield
    finally:
        parts.keeper.stop()
        if await asyncio.to_thread(parts.crew.stop, "sealing", COMMIT_STOP_S) and not ending.condemned:
            parts.keeper.seal_due(force=True)


@asynccontextmanager
async def sending(parts: Parts, ending: Ending) -> AsyncIterator[None]:
    """All is sealed when this ends: try to send it, briefly."""
    parts.link.open(parts.ground.settings)
    try:
        yield
    finally:
        await parts.link.close(drain=not ending.condemned)


def _crew(ending: Ending, clock: Clock) -> Crew:
    loop = asyncio.get_running_loop()

    def condemn(error: CorruptOutbox) -> None:
        log.error("gateway.outbox_broken", reason=str(error))
        ending.condemned = str(error)
        loop.call_soon_threadsafe(ending.ask, "outbox broken")

    return Crew(condemn, clock)

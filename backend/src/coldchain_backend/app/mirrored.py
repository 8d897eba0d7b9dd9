"""The thread that mirrors, and what is told of it: nothing else waits for InfluxDB."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

from coldchain_backend import sql
from coldchain_backend.app.conditions import ConditionWatch
from coldchain_backend.app.turner import Turner
from coldchain_backend.config import MirrorSection, Settings
from coldchain_backend.influx import InfluxTrouble, Trouble, influx_of
from coldchain_backend.ledger import Json, Ledger, MarkName
from coldchain_backend.mirror import CONDITIONS, Guard, Mirror, MirrorPorts, MirrorState
from coldchain_runtime.clock import Clock
from coldchain_runtime.logs import Log

FILE: Final = "mirror.json"
_log = Log("mirror")


def target_of(section: MirrorSection) -> str:
    """Names a bucket: a position is true of one only."""
    return f"{section.url.rstrip('/')} {section.org}/{section.bucket}"


def mirror_of(settings: Settings, ledger: Ledger, database: sql.Database, clock: Clock) -> Mirror | None:
    """The mirror, not yet running; None where none is configured."""
    section = settings.config.mirror
    if section is None:
        return None
    influx = influx_of(settings.folder, section)
    state = MirrorState(target=target_of(section))
    days = section.retention_days or 0
    retention_ms = days * 86_400_000 if section.create else None
    ports = MirrorPorts(
        ledger=ledger,
        recall=sql.Records(database),
        book=sql.MirrorRecords(database),
        bucket=influx,
        file=settings.data_dir / FILE,
        now_ms=clock.now_ms,
        organisation=settings.organisation,
    )
    guard = Guard(influx, settings.organisation, state.target, state, retention_ms)
    return Mirror(ports, state, guard)


def _turner(mirror: Mirror, clock: Clock) -> Turner:
    state = mirror.state

    def turn() -> bool:
        busy = mirror.turn()
        state.recover()
        return busy

    def failed(error: Exception) -> float | None:
        trouble, message, asked_s = Trouble.REFUSED, f"{type(error).__name__}: {error}", None
        if isinstance(error, InfluxTrouble):
            trouble, message, asked_s = error.trouble, str(error), error.retry_after_s
        if state.trouble is not trouble:
            _log.warning("mirror.waits", trouble=trouble.value, reason=message, target=state.target)
        state.fail(trouble, message, clock.now_ms())
        mirror.begin_again()
        return asked_s

    return Turner("mirror", turn, failed, mirror.close)


@asynccontextmanager
async def mirroring(mirror: Mirror | None, clock: Clock) -> AsyncIterator[None]:
    """The mirror's thread, where one is configured."""
    if mirror is None:
        yield
        return
    thread = _turner(mirror, clock)
    thread.start()
    try:
        yield
    finally:
        await asyncio.to_thread(thread.stop)


def mirror_watch(
    state: MirrorState, clock: Clock, mark: Callable[[MarkName, dict[str, Json]], Awaitable[None]]
) -> ConditionWatch:
    """Tells that the mirror has been in trouble for long, and when that is over."""
    marks = (MarkName.MIRROR_FAILING, MarkName.MIRROR_RECOVERED)
    return ConditionWatch(state, clock, mark, names=CONDITIONS, marks=marks)

"""The thread that mirrors, and what is told of it: nothing else waits for InfluxDB."""

import asyncio
import random
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

from coldchain.backoff import Backoff, jittered
from coldchain_backend import sql
from coldchain_backend.app.conditions import ConditionWatch
from coldchain_backend.config import MirrorSection, Settings
from coldchain_backend.influx import Influx, InfluxTrouble, Place, Trouble, wires
from coldchain_backend.ledger import Json, Ledger, MarkName
from coldchain_backend.mirror import CONDITIONS, Guard, Mirror, MirrorPorts, MirrorState
from coldchain_runtime.clock import Clock
from coldchain_runtime.logs import Log
from coldchain_runtime.secrets import resolve

FILE: Final = "mirror.json"
IDLE_S: Final = 0.5
STOP_S: Final = 10.0
_BACKOFF: Final = Backoff(base_ms=1_000, cap_ms=60_000)
_log = Log("mirror")


def influx_of(settings: Settings, section: MirrorSection) -> Influx:
    """The bucket that the settings name. Raises InvalidInput for a secret that cannot be read."""
    token = resolve(section.token, settings.folder) if section.token else None
    ca = None if section.ca_file is None else settings.folder / section.ca_file
    place = Place(bucket=section.bucket, org=section.org, user=section.user, token=token)
    return Influx(wires(section.url, ca=ca), place, section.version)


def target_of(section: MirrorSection) -> str:
    """Names a bucket: a position is true of one only."""
    return f"{section.url.rstrip('/')} {section.org}/{section.bucket}"


def mirror_of(settings: Settings, ledger: Ledger, database: sql.Database, clock: Clock) -> Mirror | None:
    """The mirror, not yet running; None where none is configured."""
    section = settings.config.mirror
    if section is None:
        return None
    influx = influx_of(settings, section)
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


class MirrorThread:
    """Turns the mirror until stopped; after a fault it waits, longer each time, and goes on."""

    def __init__(self, mirror: Mirror, clock: Clock) -> None:
        self._mirror, self._clock = mirror, clock
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="mirror", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End after the turn that is under way, or without it: then it is done again at the next start."""
        self._stopping.set()
        self._thread.join(STOP_S)

    def _run(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            try:
                busy = self._mirror.turn()
                self._mirror.state.recover()
                failures, wait_s = 0, 0.0 if busy else IDLE_S
            except InfluxTrouble as trouble:
                wait_s = self._failed(trouble.trouble, str(trouble), failures, trouble.retry_after_s)
                failures += 1
            except Exception as error:  # noqa: BLE001 - supervised: told, and tried again from the last position
                wait_s = self._failed(Trouble.REFUSED, f"{type(error).__name__}: {error}", failures, None)
                failures += 1
            self._stopping.wait(wait_s)
        self._mirror.close()

    def _failed(self, trouble: Trouble, message: str, failures: int, asked_s: float | None) -> float:
        state = self._mirror.state
        if state.trouble is not trouble:
            _log.warning("mirror.waits", trouble=trouble.value, reason=message, target=state.target)
        state.fail(trouble, message, self._clock.now_ms())
        self._mirror.begin_again()
        delay_ms = jittered(_BACKOFF.delay_ms(failures), 0.2, random.random())  # noqa: S311 - jitter
        return max(delay_ms / 1000, min(asked_s or 0.0, _BACKOFF.cap_ms / 1000))


@asynccontextmanager
async def mirroring(mirror: Mirror | None, clock: Clock) -> AsyncIterator[None]:
    """The mirror's thread, where one is configured."""
    if mirror is None:
        yield
        return
    thread = MirrorThread(mirror, clock)
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

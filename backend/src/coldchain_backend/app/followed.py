"""The threads that follow foreign stores, one each, and what is told of them."""

import asyncio
import random
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Final, TypeVar

from coldchain.backoff import Backoff, jittered
from coldchain.errors import Unavailable
from coldchain_backend.app.conditions import ConditionWatch
from coldchain_backend.config import Settings
from coldchain_backend.influx import Influx, InfluxTrouble, Place, Trouble, wires
from coldchain_backend.ingest import Admission
from coldchain_backend.ingest.follow import (
    ALERTED,
    NOT_KEPT,
    Follower,
    FollowPorts,
    FollowSection,
    FollowState,
    InfluxSource,
)
from coldchain_backend.ledger import Json, Ledger, MarkName, mark_record
from coldchain_runtime.clock import Clock
from coldchain_runtime.logs import Log
from coldchain_runtime.secrets import resolve

FOLDER: Final = "follow"
IDLE_S: Final = 0.5
STOP_S: Final = 10.0
_BACKOFF: Final = Backoff(base_ms=1_000, cap_ms=60_000)
_log = Log("follow")
T = TypeVar("T")


def influx_of(settings: Settings, section: FollowSection) -> Influx:
    """The store that the settings name. Raises InvalidInput for a secret that cannot be read."""
    token = resolve(section.token, settings.folder) if section.token else None
    ca = None if section.ca_file is None else settings.folder / section.ca_file
    place = Place(bucket=section.bucket, org=section.org, user=section.user, token=token)
    return Influx(wires(section.url, ca=ca), place, section.version)


def followers_of(
    settings: Settings, ledger: Ledger, admission: Admission, clock: Clock
) -> Mapping[str, Follower]:
    """Those who follow, by name, not yet running; call it in the event loop. Entries without series idle."""
    loop = asyncio.get_running_loop()

    def wait_for(work: Awaitable[T]) -> T:
        async def done() -> T:
            return await work

        return asyncio.run_coroutine_threadsafe(done(), loop).result()

    def follower(section: FollowSection) -> Follower:
        def keep(lines: Sequence[bytes], read_to: int) -> None:
            wait_for(admission.write_followed(section.writer, lines, read_to))

        def mark(name: MarkName, details: dict[str, Json]) -> None:
            wait_for(ledger.append([mark_record(name, details)]))

        source = InfluxSource(influx_of(settings, section), section.policy)
        ports = FollowPorts(source=source, ledger=ledger, keep=keep, mark=mark, now_ms=clock.now_ms)
        state = FollowState(name=section.name, target=f"{section.url} {section.org}/{section.bucket}")
        return Follower(section, ports, settings.data_dir / FOLDER / section.name, state)

    return {one.name: follower(one) for one in settings.config.follow if one.series}


class FollowThread:
    """Turns one follower until stopped; after a fault it waits, longer each time, and goes on."""

    def __init__(self, follower: Follower, clock: Clock) -> None:
        self._follower, self._clock = follower, clock
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=follower.section.writer, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End after the turn that is under way, or without it: then the next start reads it again."""
        self._stopping.set()
        self._thread.join(STOP_S)

    def _run(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            try:
                busy = self._follower.turn()
                self._recovered()
                failures, wait_s = 0, 0.0 if busy else IDLE_S
            except InfluxTrouble as trouble:
                self._follower.import_again()
                wait_s = self._failed(trouble.trouble.value, str(trouble), failures, trouble.retry_after_s)
                failures += 1
            except Unavailable as error:
                self._follower.begin_again()
                wait_s = self._failed(NOT_KEPT, str(error), failures, None)
                failures += 1
            except Exception as error:  # noqa: BLE001 - supervised: told, and begun again from the ledger
                self._follower.begin_again()
                told = f"{type(error).__name__}: {error}"
                wait_s = self._failed(Trouble.REFUSED.value, told, failures, None)
                failures += 1
            self._stopping.wait(wait_s)
        self._follower.close()

    def _recovered(self) -> None:
        state = self._follower.state
        if state.trouble is not None:
            _log.event("follow.goes_on", store=state.name, trouble=state.trouble)
        state.recover()

    def _failed(self, trouble: str, message: str, failures: int, asked_s: float | None) -> float:
        state = self._follower.state
        if state.trouble != trouble:
            _log.warning("follow.waits", store=state.name, trouble=trouble, reason=message)
        state.fail(trouble, message, self._clock.now_ms())
        delay_ms = jittered(_BACKOFF.delay_ms(failures), 0.2, random.random())  # noqa: S311 - jitter
        return max(delay_ms / 1000, min(asked_s or 0.0, _BACKOFF.cap_ms / 1000))


@asynccontextmanager
async def following(followers: Mapping[str, Follower], clock: Clock) -> AsyncIterator[None]:
    """The threads of all followers."""
    threads = [FollowThread(one, clock) for one in followers.values()]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        await asyncio.gather(*(asyncio.to_thread(thread.stop) for thread in threads))


def follow_watch(
    follower: Follower, clock: Clock, mark: Callable[[MarkName, dict[str, Json]], Awaitable[None]]
) -> ConditionWatch:
    """Tells that readings of a store do not come, and that they come again."""
    return ConditionWatch(
        follower.state,
        clock,
        mark,
        names=ALERTED,
        marks=(MarkName.FOLLOW_FAILING, MarkName.FOLLOW_RECOVERED),
        about={"store": follower.section.writer},
    )

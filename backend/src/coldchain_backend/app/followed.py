"""The threads that follow foreign stores, one each, and what is told of them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Final, TypeVar

from coldchain.errors import Unavailable
from coldchain_backend.app.conditions import ConditionWatch
from coldchain_backend.app.turner import Turner
from coldchain_backend.config import Settings
from coldchain_backend.influx import InfluxTrouble, Trouble, influx_of
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

FOLDER: Final = "follow"
_log = Log("follow")
T = TypeVar("T")


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

        source = InfluxSource(influx_of(settings.folder, section), section.policy)
        ports = FollowPorts(source=source, ledger=ledger, keep=keep, mark=mark, now_ms=clock.now_ms)
        state = FollowState(name=section.name, target=f"{section.url} {section.org}/{section.bucket}")
        return Follower(section, ports, settings.data_dir / FOLDER / section.name, state)

    return {one.name: follower(one) for one in settings.config.follow if one.series}


def _turner(follower: Follower, clock: Clock) -> Turner:
    state = follower.state

    def turn() -> bool:
        busy = follower.turn()
        if state.trouble is not None:
            _log.event("follow.goes_on", store=state.name, trouble=state.trouble)
        state.recover()
        return busy

    def failed(error: Exception) -> float | None:
        trouble, message, asked_s = Trouble.REFUSED.value, f"{type(error).__name__}: {error}", None
        if isinstance(error, InfluxTrouble):
            trouble, message, asked_s = error.trouble.value, str(error), error.retry_after_s
            follower.import_again()
        else:
            if isinstance(error, Unavailable):
                trouble, message = NOT_KEPT, str(error)
            follower.begin_again()
        if state.trouble != trouble:
            _log.warning("follow.waits", store=state.name, trouble=trouble, reason=message)
        state.fail(trouble, message, clock.now_ms())
        return asked_s

    return Turner(follower.section.writer, turn, failed, follower.close)


@asynccontextmanager
async def following(followers: Mapping[str, Follower], clock: Clock) -> AsyncIterator[None]:
    """The threads of all followers."""
    threads = [_turner(one, clock) for one in followers.values()]
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

"""The courier: lease → send → outcome, in a lane for each receiver, so that a dead one delays nobody."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from random import Random
from typing import Final, ParamSpec, TypeVar

from coldchain_backend.delivery.attempt import Attempts, Tried
from coldchain_backend.delivery.endpoints import Standing, standing_of_gone
from coldchain_backend.delivery.lanes import Lane, settings_digest
from coldchain_backend.delivery.queue import Queue, Queued, Waiting
from coldchain_backend.delivery.rate import Window
from coldchain_backend.delivery.request import Fate, Outcome
from coldchain_backend.delivery.retry import Again, Done, decide
from coldchain_backend.delivery.standings import Known, Standings
from coldchain_backend.delivery.timekeeping import Timekeeper
from coldchain_backend.delivery.watchman import LEASE_MS, OVERDUE_MS, Announcements, Watchman
from coldchain_backend.fleet import Plan, Rate, Receiver
from coldchain_runtime.clock import Clock
from coldchain_runtime.logs import Log

_LONGEST_WINDOW_MS: Final = 86_400_000
_REMOVED: Final = Rate(count=1000, per_ms=1000)
"""Nothing is sent to a receiver that left the fleet; its letters are closed at this rate."""

P = ParamSpec("P")
R = TypeVar("R")
_log = Log("courier")


@dataclass(frozen=True, slots=True, kw_only=True)
class CourierPorts:
    """What the courier works with; `plan` is the fleet in force."""

    queue: Queue
    standings: Standings
    attempts: Attempts
    clock: Clock
    plan: Callable[[], Plan]
    announce: Announcements
    random: Random


class Courier:
    """`turn` starts all attempts that are due and says when to come again. `overdue_ms`: what is too long."""

    def __init__(self, ports: CourierPorts, *, overdue_ms: int = OVERDUE_MS) -> None:
        self._ports = ports
        self._watchman = Watchman(ports.queue, ports.announce, overdue_ms)
        self._time = Timekeeper(ports.clock)
        self._pool = ThreadPoolExecutor(4, "courier")
        self._lanes: dict[str, Lane] = {}
        self._busy: dict[str, asyncio.Task[None]] = {}
        self._sent: Mapping[str, Sequence[int]] | None = None
        ports.queue.free()

    async def turn(self) -> int | None:
        """Start what is due for every receiver that is not busy; ms until the next is due, or None."""
        await self._watchman.mend(self._time.now_ms(), self._kept)
        waiting = await self._kept(self._ports.queue.waiting, self._time.now_ms())
        for one in waiting:
            self._time.at_least(one.newest_ms)
        now_ms, plan = self._time.now_ms(), self._ports.plan()
        waits: list[int] = []
        for one in waiting:
            receiver = plan.receiver(one.receiver)
            lane = await self._lane(one, receiver, now_ms)
            if one.receiver in self._busy or await self._held(lane):
                continue
            wait_ms = lane.due_ms(one, now_ms, self._steady_ms()) - now_ms
            if wait_ms > 0:
                waits.append(wait_ms)
                continue
            task = asyncio.create_task(self._serve(lane, receiver), name=f"courier {one.receiver}")
            self._busy[one.receiver] = task
        await self._watchman.look(now_ms, self._kept)
        return min(waits, default=None)

    async def idle(self) -> None:
        """Wait until no attempt is under way."""
        while self._busy:
            done, _ = await asyncio.wait(self._busy.values())
            self._forget(done)

    async def any_done(self) -> None:
        """Wait until some receiver's attempts are over; for ever if none is busy."""
        tasks = list(self._busy.values())
        if not tasks:
            await asyncio.Event().wait()
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        self._forget(done)

    def _forget(self, done: set[asyncio.Task[None]]) -> None:
        self._busy = {name: task for name, task in self._busy.items() if task not in done}
        for task in done:
            task.result()

    async def close(self) -> None:
        """Give up the attempts that are under way; their rows are leased again later."""
        for task in self._busy.values():
            task.cancel()
        await asyncio.gather(*self._busy.values(), return_exceptions=True)
        self._busy.clear()
        self._pool.shutdown(wait=True)

    async def _kept(self, ask: Callable[P, R], /, *args: P.args, **how: P.kwargs) -> R:
        """Ask the database, in a thread of the courier's own."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, lambda: ask(*args, **how))

    def _steady_ms(self) -> int:
        return self._ports.clock.monotonic_ns() // 1_000_000

    async def _lane(self, waiting: Waiting, receiver: Receiver | None, now_ms: int) -> Lane:
        """Its lane; a receiver whose queue shows failures is failing, also after a restart."""
        lane = self._lanes.get(waiting.receiver)
        if lane is None:
            lane = self._lanes[waiting.receiver] = await self._new_lane(waiting, receiver, now_ms)
        elif lane.of is receiver and receiver is not None:
            return lane
        settings, lane.of = settings_digest(receiver), receiver
        if lane.settings != settings:
            lane.begin_afresh(settings)
            known = Known(receiver=lane.receiver, settings=settings, since_ms=now_ms)
            await self._kept(self._ports.standings.stands, known)
            if count := await self._kept(self._ports.queue.unhold, lane.receiver, now_ms):
                _log.event("courier.unheld", receiver=lane.receiver, deliveries=count)
        if receiver is not None:
            lane.window = lane.window.with_rate(receiver.allowed_rate, receiver.pace)
        return lane

    async def _new_lane(self, waiting: Waiting, receiver: Receiver | None, now_ms: int) -> Lane:
        known = await self._kept(self._ports.standings.known, waiting.receiver)
        if self._sent is None:
            self._sent = await self._kept(self._ports.queue.attempted, now_ms - _LONGEST_WINDOW_MS)
        steady_ms = self._steady_ms()
        sent = [steady_ms - max(0, now_ms - at_ms) for at_ms in self._sent.get(waiting.receiver, ())]
        rate = _REMOVED if receiver is None else receiver.allowed_rate
        lane = Lane(receiver=waiting.receiver, window=Window(rate, sent), settings=settings_digest(receiver))
        if known is not None and known.settings != lane.settings:
            lane.settings = known.settings
        elif known is not None:
            lane.standing = known.standing
        if waiting.attempts:
            lane.breaker.failing_since_ms, lane.breaker.down = waiting.oldest_ms, True
            lane.breaker.probe_ms = now_ms
        return lane

    async def _held(self, lane: Lane) -> bool:
        """Whether its receiver is switched off; then what waits is held."""
        if lane.standing is not Standing.DISABLED:
            return False
        count = await self._kept(self._ports.queue.hold, lane.receiver, "the receiver said that it is gone")
        if count:
            _log.warning("courier.off", receiver=lane.receiver, deliveries=count)
        return True

    async def _serve(self, lane: Lane, receiver: Receiver | None) -> None:
        """Batch after batch while its receiver takes them."""
        while await self._batch(lane, receiver):
            pass
        tell = lane.breaker.to_tell(self._time.now_ms())
        if tell is not None and not await self._watchman.tell(lane, failing=tell):
            lane.breaker.told = not tell

    async def _batch(self, lane: Lane, receiver: Receiver | None) -> bool:
        """The oldest alone while it fails, else as many as may go; whether to go on at once."""
        probing, ports = lane.breaker.down, self._ports
        queued = await self._leased(lane, probing=probing)
        if receiver is None:
            for one in queued:
                await self._kept(ports.queue.dead, one.id, self._time.now_ms(), "the receiver was removed")
            return bool(queued)
        tries = await asyncio.gather(*(self._try(one, receiver, lane) for one in queued))
        for tried in tries:
            if lane.note(tried.outcome, self._time.now_ms()):
                await self._kept(ports.queue.release, lane.receiver, self._time.now_ms())
                _log.event("courier.back", receiver=lane.receiver)
            if tried.outcome.fate is Fate.GONE:
                await self._gone(lane, tried.outcome)
        return bool(queued) and not lane.breaker.down and lane.standing is not Standing.DISABLED

    async def _leased(self, lane: Lane, *, probing: bool) -> Sequence[Queued]:
        """What may go now by its rate: criticals first, a part of the rate is theirs alone."""
        steady_ms, now_ms = self._steady_ms(), self._time.now_ms()
        limit = min(1 if probing else lane.ramp, lane.window.room(steady_ms, critical=True))
        if limit <= 0:
            return []
        queued = await self._kept(
            self._ports.queue.lease, lane.receiver, now_ms, now_ms + LEASE_MS, limit,
            due_only=not probing, others=lane.window.room(steady_ms, critical=False),
        )  # fmt: skip
        lane.window.note(steady_ms, len(queued))
        return queued

    async def _try(self, queued: Queued, receiver: Receiver, lane: Lane) -> Tried:
        tried = await self._ports.attempts.make(queued, receiver)
        lane.window.note(self._steady_ms(), max(0, tried.calls - 1))
        await self._keep(queued, tried, lane.breaker.failures)
        return tried

    async def _keep(self, queued: Queued, tried: Tried, failures: int) -> None:
        queue, outcome, now_ms = self._ports.queue, tried.outcome, self._time.now_ms()
        said = {"receiver": queued.receiver, "delivery": queued.id, "reason": outcome.reason}
        random01 = self._ports.random.random()
        decision = decide(outcome, queued.attempts + 1, queued.created_ms, now_ms, random01, failures)
        if isinstance(decision, Done):
            await self._kept(queue.delivered, queued.id, now_ms, outcome.reason)
            _log.event("courier.delivered", receiver=queued.receiver, delivery=queued.id)
        elif isinstance(decision, Again):
            due_ms, reached = decision.due_ms, tried.reached
            await self._kept(queue.postponed, queued.id, now_ms, due_ms, outcome.reason, reached)
            _log.warning("courier.postponed", **said, retry_in_ms=due_ms - now_ms)
        else:
            await self._kept(queue.dead, queued.id, now_ms, outcome.reason)
            _log.error("courier.dead_letter", **said)

    async def _gone(self, lane: Lane, outcome: Outcome) -> None:
        """410: switched off and told, unless it is the last way for criticals."""
        if lane.standing is not Standing.OK:
            return
        disabled = [one.receiver for one in self._lanes.values() if one.standing is Standing.DISABLED]
        lane.standing = standing_of_gone(lane.receiver, self._ports.plan(), disabled)
        now_ms = self._time.now_ms()
        known = Known(
            receiver=lane.receiver, settings=lane.settings, standing=lane.standing, since_ms=now_ms,
            reason=outcome.reason,
        )  # fmt: skip
        await self._kept(self._ports.standings.stands, known)
        _log.error(
            "courier.gone", receiver=lane.receiver, standing=lane.standing.value, reason=outcome.reason
        )
        lane.last_reason = f"{outcome.reason}; {lane.standing.value}"
        lane.breaker.told = await self._watchman.tell(lane, failing=True)

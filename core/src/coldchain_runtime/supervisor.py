"""Supervised loops: every one restarts with back-off, and its state can be seen."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Self

from coldchain.backoff import Backoff
from coldchain_runtime.clock import Clock
from coldchain_runtime.logs import Log

Loop = Callable[[], Awaitable[None]]

# A loop that has run so long since its last failure is well again.
LASTED_MS = 10_000
# Faults in a row whose texts are remembered; more are told whenever their count is a power of two.
MOST_TOLD = 20
_log = Log("supervisor")


class LoopState(StrEnum):
    """Where a supervised loop stands."""

    RUNNING = "running"
    BACKING_OFF = "backing_off"
    STOPPED = "stopped"


@dataclass(slots=True, kw_only=True)
class LoopStatus:
    """What can be seen of a loop: `since_ms` is when it came into its state, `error` its last fault."""

    name: str
    state: LoopState = LoopState.RUNNING
    since_ms: int = 0
    restarts: int = 0
    error: str = ""
    failing_since_ms: int | None = None  # wall clock at the first of the failures that go on

    def down_ms(self, now_ms: int) -> int:
        """For how long it has not run as it should; 0 for one that runs and has lasted."""
        if self.failing_since_ms is None:
            return 0
        if self.state is LoopState.RUNNING and now_ms - self.since_ms >= LASTED_MS:
            return 0
        return max(0, now_ms - self.failing_since_ms)


class Supervisor:
    """Runs loops until it is left; an exit or fault of one restarts it and touches no other.

    `async with Supervisor(clock) as supervisor: supervisor.start("uplink", loop)`. On leaving, all loops are
    cancelled and waited for, at most `stop_within` seconds.
    """

    def __init__(self, clock: Clock, *, backoff: Backoff | None = None, stop_within: float = 5.0) -> None:
        self._clock = clock
        self._backoff = backoff or Backoff(base_ms=200, factor=2.0, cap_ms=30_000)
        self._stop_within = stop_within
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._status: dict[str, LoopStatus] = {}

    @property
    def status(self) -> tuple[LoopStatus, ...]:
        """The state of every loop, in the order of their start."""
        return tuple(self._status.values())

    def start(self, name: str, loop: Loop, *, backoff: Backoff | None = None) -> LoopStatus:
        """Start a loop under a name that no other has."""
        if name in self._tasks:
            raise ValueError(f"two loops named {name}")
        status = LoopStatus(name=name, since_ms=self._clock.now_ms())
        self._status[name] = status
        self._tasks[name] = asyncio.create_task(self._keep(status, loop, backoff or self._backoff), name=name)
        return status

    @property
    def ended(self) -> tuple[str, ...]:
        """Loops that are supervised no more, though nobody stopped them."""
        return tuple(name for name, task in self._tasks.items() if task.done())

    async def stop(self, name: str) -> None:
        """Stop one loop and wait for its end; it is no longer listed. An unknown name is no fault."""
        task = self._tasks.pop(name, None)
        self._status.pop(name, None)
        if task is not None:
            task.cancel()
            await asyncio.wait({task}, timeout=self._stop_within)

    async def _keep(self, status: LoopStatus, loop: Loop, backoff: Backoff) -> None:
        failures = 0
        told: set[str] = set()
        try:
            while True:
                self._turn(status, LoopState.RUNNING)
                began = self._clock.monotonic_ns()
                try:
                    await loop()
                    status.error = "ended by itself"
                except Exception as fault:  # noqa: BLE001 - whatever ends a loop, it must come back and be seen
                    status.error = f"{type(fault).__name__}: {fault}"
                lasted_ms = (self._clock.monotonic_ns() - began) // 1_000_000
                if lasted_ms > 2 * backoff.cap_ms:
                    failures, status.failing_since_ms = 0, None
                    told.clear()
                delay_ms = backoff.delay_ms(failures)
                failures += 1
                status.restarts += 1
                self._turn(status, LoopState.BACKING_OFF)
                status.failing_since_ms = status.failing_since_ms or status.since_ms
                if _worth_telling(status.error, failures, told):
                    _log.warning(
                        "loop.restarts",
                        loop=status.name,
                        error=status.error,
                        retry_in_ms=delay_ms,
                        failures=failures,
                    )
                await self._clock.sleep(delay_ms / 1000)
        finally:
            self._turn(status, LoopState.STOPPED)

    def _turn(self, status: LoopStatus, state: LoopState) -> None:
        status.state = state
        status.since_ms = self._clock.now_ms()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        tasks = set(self._tasks.values())
        for task in tasks:
            task.cancel()
        if not tasks:
            return
        _, hanging = await asyncio.wait(tasks, timeout=self._stop_within)
        for task in hanging:
            _log.error("loop.hangs", loop=task.get_name())


def _worth_telling(error: str, failures: int, told: set[str]) -> bool:
    """A new fault always; the same again and again at the 1st, 2nd, 4th, 8th … time, for a port may be
    unplugged for years."""
    if error not in told and len(told) < MOST_TOLD:
        told.add(error)
        return True
    return failures & (failures - 1) == 0

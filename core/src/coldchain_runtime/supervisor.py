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
                failures = 0 if lasted_ms > 2 * backoff.cap_ms else failures
                delay_ms = backoff.delay_ms(failures)
                failures += 1
                status.restarts += 1
                self._turn(status, LoopState.BACKING_OFF)
                _log.warning("loop.restarts", loop=status.name, error=status.error, retry_in_ms=delay_ms)
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

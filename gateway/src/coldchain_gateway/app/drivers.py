"""Each driver in a thread and event loop of its own: one that raises, hangs or exits holds up nobody else."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from coldchain.errors import Unavailable
from coldchain_gateway.contracts import Intake, Remarking, Reporting, Source, SourceReport
from coldchain_runtime.clock import Clock
from coldchain_runtime.logs import Log

from .lively import LivelyIntake

BEAT_S: Final = 1.0
LOOK_S: Final = 0.5
# A loop that has not turned for so long is blocked by its driver.
HANGS_S: Final = 15.0
STOP_S: Final = 1.0
LINGER_S: Final = 0.1
# Threads that were given up and are still there; beyond it no new one is begun.
MOST_ABANDONED: Final = 3
log = Log("gateway.drivers")


class DriverHangs(Unavailable):
    """The driver blocks its thread, or cannot be ended."""


class DriverQuiet(Unavailable):
    """The driver waits, and nothing has come of it for longer than its wire can be quiet."""


class Driver:
    """One configured source; `run` is supervised."""

    def __init__(
        self,
        make: Callable[[], Source],
        intake: Intake,
        clock: Clock,
        *,
        quiet_limit_s: float | None,
        hangs_s: float = HANGS_S,
    ) -> None:
        """Makes the source at once: a mistake shows here. `quiet_limit_s`: None where silence is normal."""
        self._make = make
        self._source: Source | None = make()
        self._clock = clock
        self._quiet_limit_s = quiet_limit_s
        self._hangs_s = hangs_s
        self._lively = LivelyIntake(intake, clock)
        self._intake = intake if quiet_limit_s is None else self._lively
        self._abandoned: list[_Attempt] = []

    async def run(self) -> None:
        """Until the driver ends or this is cancelled. Raises its fault, DriverHangs or DriverQuiet."""
        if self.abandoned >= MOST_ABANDONED:
            raise DriverHangs(f"{MOST_ABANDONED} of its threads hang; no more are begun")
        if self._source is None:
            self._source = self._make()
        self._lively.alive()
        attempt = _Attempt(self._source, self._intake, self._clock)
        attempt.start()
        try:
            await self._watch(attempt)
        finally:
            if not await attempt.stop(STOP_S):
                log.error("driver.abandoned", source=attempt.name)
                self._abandoned.append(attempt)
                self._source = None

    def report(self) -> SourceReport | None:
        """What the source says of itself, where it can."""
        source = self._source
        return source.report() if isinstance(source, Reporting) else None

    @property
    def abandoned(self) -> int:
        """How many of its threads hang now."""
        self._abandoned = [attempt for attempt in self._abandoned if not attempt.ended.is_set()]
        return len(self._abandoned)

    @property
    def remark(self) -> str:
        """Why its wire is not read although it runs; "" while it is."""
        return self._source.remark if isinstance(self._source, Remarking) else ""

    @property
    def beyond_cure(self) -> bool:
        """Nothing within this process can bring it back."""
        return self.abandoned >= MOST_ABANDONED

    async def _watch(self, attempt: "_Attempt") -> None:
        while not attempt.ended.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(attempt.ended.wait(), LOOK_S)
            now_ns = self._clock.monotonic_ns()
            if now_ns - attempt.beat_ns > self._hangs_s * 1e9:
                raise DriverHangs(f"its thread has not turned for {self._hangs_s:.0f} s")
            if self._quiet_limit_s is not None and now_ns - self._lively.alive_ns > self._quiet_limit_s * 1e9:
                raise DriverQuiet(f"nothing has come of it for {self._quiet_limit_s:.0f} s")
        attempt.tell()


class _Attempt:
    """One life of a source in a thread; `ended` is set in the loop that began it."""

    def __init__(self, source: Source, intake: Intake, clock: Clock) -> None:
        self.name = source.name
        self.ended = asyncio.Event()
        self.beat_ns = clock.monotonic_ns()
        self._source = source
        self._intake = intake
        self._clock = clock
        self._fate: Exception | None = None
        self._outer = asyncio.get_running_loop()
        self._inner: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name=f"source.{source.name}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    async def stop(self, within_s: float) -> bool:
        """Cancel it and wait; whether its thread has ended. What has reached its wire is still taken."""
        self._stopping = True
        if self._inner is not None and self._task is not None:
            with suppress(RuntimeError):  # its loop may have ended just now
                self._inner.call_soon_threadsafe(self._linger)
        with suppress(TimeoutError):
            await asyncio.wait_for(self.ended.wait(), within_s)
        return self.ended.is_set()

    def _linger(self) -> None:
        if self._inner is not None and self._task is not None:
            self._inner.call_later(LINGER_S, self._task.cancel)

    def tell(self) -> None:
        """Raises how it ended, if not by itself."""
        if self._fate is not None:
            raise self._fate

    def _run(self) -> None:
        try:
            asyncio.run(self._main())
        except Exception as fault:  # noqa: BLE001 - top of the driver's thread: told to its supervisor
            self._fate = fault
        except BaseException as fault:  # noqa: BLE001 - a driver that exits must not take the others along
            self._fate = Unavailable(f"the driver ended with {type(fault).__name__}: {fault}")
        finally:
            with suppress(RuntimeError):  # the program's loop may have ended before
                self._outer.call_soon_threadsafe(self.ended.set)

    async def _main(self) -> None:
        self._inner, self._task = asyncio.get_running_loop(), asyncio.current_task()
        if self._stopping:
            return
        self._beat()
        await self._source.run(self._intake)

    def _beat(self) -> None:
        self.beat_ns = self._clock.monotonic_ns()
        if self._inner is not None:
            self._inner.call_later(BEAT_S, self._beat)

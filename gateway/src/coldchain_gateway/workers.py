"""Threads that are supervised: a body that fails comes back with back-off; its state can be seen."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from coldchain.backoff import Backoff
from coldchain_gateway.outbox import CorruptOutbox
from coldchain_runtime.clock import Clock
from coldchain_runtime.logs import Log

BACKOFF: Final = Backoff(base_ms=500, cap_ms=30_000)
# A body that lasted this long had recovered from its last failure.
LASTED_NS: Final = 60_000_000_000
log = Log("gateway.workers")


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerStatus:
    """What can be seen of a worker; `alive` is false once its thread has ended."""

    name: str
    alive: bool
    restarts: int
    error: str  # of its last fault


class Worker:
    """One thread around `body`, which returns when it was told to stop."""

    def __init__(
        self, name: str, body: Callable[[], None], condemned: Callable[[CorruptOutbox], None], clock: Clock
    ) -> None:
        """`condemned` is called from the thread when the outbox's file turns out to be broken."""
        self.name = name
        self.error = ""
        self.restarts = 0
        self._body = body
        self._condemned = condemned
        self._clock = clock
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    @property
    def status(self) -> WorkerStatus:
        return WorkerStatus(
            name=self.name, alive=self._thread.is_alive(), restarts=self.restarts, error=self.error
        )

    def stop(self, within_s: float) -> bool:
        """Wait for the body's end, having told it; whether it ended."""
        self._stopping.set()
        self._thread.join(within_s)
        if self._thread.is_alive():
            log.error("worker.hangs", worker=self.name)
        return not self._thread.is_alive()

    def _run(self) -> None:
        failures = 0
        while True:
            began_ns = self._clock.monotonic_ns()
            try:
                self._body()
            except CorruptOutbox as error:
                self._condemned(error)
                return
            except Exception as error:  # noqa: BLE001 - whatever ends it, sending and keeping must come back
                self.error = f"{type(error).__name__}: {error}"
                if self._clock.monotonic_ns() - began_ns > LASTED_NS:
                    failures = 0
                delay_ms = BACKOFF.delay_ms(failures)
                log.error("worker.restarts", worker=self.name, error=self.error, retry_in_ms=delay_ms)
                failures += 1
                self.restarts += 1
                if not self._stopping.wait(delay_ms / 1000):
                    continue
            return


class Crew:
    """Every worker of the program, by name, so that health and watchdog see them all."""

    def __init__(self, condemned: Callable[[CorruptOutbox], None], clock: Clock) -> None:
        self._condemned = condemned
        self._clock = clock
        self._workers: dict[str, Worker] = {}

    def start(self, name: str, body: Callable[[], None]) -> None:
        """Start a worker; one of the same name must have been stopped."""
        worker = Worker(name, body, self._condemned, self._clock)
        self._workers[name] = worker
        worker.start()

    def stop(self, name: str, within_s: float) -> bool:
        """Wait for the end of a worker that was told to end; whether it did."""
        return self._workers.pop(name).stop(within_s)

    @property
    def status(self) -> tuple[WorkerStatus, ...]:
        """The state of every worker, in the order of their start."""
        return tuple(worker.status for worker in self._workers.values())

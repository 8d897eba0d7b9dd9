"""Threads that are supervised: a body that fails comes back with back-off; its state can be seen."""

import threading
from collections.abc import Callable
from typing import Final

from coldchain.backoff import Backoff
from coldchain_gateway.outbox import CorruptOutbox
from coldchain_runtime.clock import Clock
from coldchain_runtime.logs import Log

BACKOFF: Final = Backoff(base_ms=500, cap_ms=30_000)
# A body that lasted this long had recovered from its last failure.
LASTED_NS: Final = 60_000_000_000
log = Log("gateway.workers")


class Worker:
    """One thread around `body`, which returns when it was told to stop."""

    def __init__(
        self, name: str, body: Callable[[], None], condemned: Callable[[CorruptOutbox], None], clock: Clock
    ) -> None:
        """`condemned` is called from the thread when the outbox's file turns out to be broken."""
        self.name = name
        self.error = ""
        self._body = body
        self._condemned = condemned
        self._clock = clock
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

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
                if not self._stopping.wait(delay_ms / 1000):
                    continue
            return

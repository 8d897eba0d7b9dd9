"""A thread that turns something which works with an InfluxDB, whatever fails."""

import random
import threading
from collections.abc import Callable
from typing import Final

from coldchain.backoff import Backoff, jittered

IDLE_S: Final = 0.5
STOP_S: Final = 10.0
_BACKOFF: Final = Backoff(base_ms=1_000, cap_ms=60_000)


class Turner:
    """Turns until stopped; after a fault it waits, longer each time, and goes on.

    turn    does a piece, and says whether there is more
    failed  tells a fault and makes the next turn begin again; so many seconds were asked for, or none
    close   ends what was turned, in its thread
    """

    def __init__(
        self,
        name: str,
        turn: Callable[[], bool],
        failed: Callable[[Exception], float | None],
        close: Callable[[], None],
    ) -> None:
        self._turn, self._failed, self._close = turn, failed, close
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End after the turn that is under way, or without it: then the next start does it again."""
        self._stopping.set()
        self._thread.join(STOP_S)

    def _run(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            try:
                busy = self._turn()
                failures, wait_s = 0, 0.0 if busy else IDLE_S
            except Exception as error:  # noqa: BLE001 - supervised: told, and begun again
                wait_s = _wait_s(failures, self._failed(error))
                failures += 1
            self._stopping.wait(wait_s)
        self._close()


def _wait_s(failures: int, asked_s: float | None) -> float:
    delay_ms = jittered(_BACKOFF.delay_ms(failures), 0.2, random.random())  # noqa: S311 - jitter
    return max(delay_ms / 1000, min(asked_s or 0.0, _BACKOFF.cap_ms / 1000))

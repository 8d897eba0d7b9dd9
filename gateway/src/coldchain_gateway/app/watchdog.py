"""Whether everything that must move does, and the watchdog that is fed only then."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from coldchain_gateway.workers import WorkerStatus
from coldchain_runtime.clock import Clock
from coldchain_runtime.logs import Log

from .notify import Notifier

# A commit may wait for an SD card that collects its garbage; one that waits longer than this does not end.
STUCK_S: Final = 45.0
# How long a driver beyond cure is endured before the whole process is given up for it.
DRIVER_STUCK_S: Final = 600.0
LOOK_S: Final = 5.0
log = Log("gateway.watchdog")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """A thread that waits for work: `nudge` wakes it, `sign` changes whenever it comes round."""

    sign: Callable[[], object]
    nudge: Callable[[], None] = lambda: None


@dataclass(slots=True, kw_only=True)
class _Seen:
    sign: object
    since_ns: int


class Movement:
    """Looks at every part; asked again and again by the watchdog, in the event loop that it also proves."""

    def __init__(
        self,
        clock: Clock,
        threads: Mapping[str, Pulse],
        workers: Callable[[], Sequence[WorkerStatus]],
        ended_loops: Callable[[], Sequence[str]],
        beyond_cure: Callable[[], Sequence[str]],
    ) -> None:
        """`ended_loops` are no longer supervised; drivers `beyond_cure` are mended by a new process only."""
        self._clock = clock
        self._threads = threads
        self._workers = workers
        self._ended_loops = ended_loops
        self._beyond_cure = beyond_cure
        self._seen: dict[str, _Seen] = {}
        self._cureless_since_ns: int | None = None

    def stuck(self) -> str:
        """What does not move, in words; empty while everything does."""
        now_ns = self._clock.monotonic_ns()
        for name, pulse in self._threads.items():
            if self._still_ns(name, pulse.sign(), now_ns) > STUCK_S * 1e9:
                return f"{name} has not come round for {STUCK_S:.0f} s"
            pulse.nudge()
        ended = [worker.name for worker in self._workers() if not worker.alive]
        if ended or (ended := list(self._ended_loops())):
            return f"{ended[0]} has ended"
        cureless = self._beyond_cure()
        if not cureless:
            self._cureless_since_ns = None
        elif self._cureless_since_ns is None:
            self._cureless_since_ns = now_ns
        elif now_ns - self._cureless_since_ns > DRIVER_STUCK_S * 1e9:
            return f"source {cureless[0]} hangs beyond cure"
        return ""

    def _still_ns(self, name: str, sign: object, now_ns: int) -> int:
        seen = self._seen.get(name)
        if seen is None or seen.sign != sign:
            self._seen[name] = _Seen(sign=sign, since_ns=now_ns)
            return 0
        return now_ns - seen.since_ns


class Watchdog:
    """Feeds the service manager's watchdog while everything moves; `run` is supervised."""

    def __init__(self, clock: Clock, notifier: Notifier, movement: Movement) -> None:
        self._clock = clock
        self._notifier = notifier
        self._movement = movement
        self.withheld = ""  # why it is not fed; empty while it is

    async def run(self) -> None:
        """Until cancelled."""
        wanted_s = self._notifier.watchdog_s
        every_s = LOOK_S if wanted_s is None else min(LOOK_S, wanted_s / 3)
        while True:
            stuck = self._movement.stuck()
            if stuck and stuck != self.withheld:
                log.error("watchdog.withheld", reason=stuck)
            if not stuck:
                self._notifier.alive()
            self.withheld = stuck
            await self._clock.sleep(every_s)

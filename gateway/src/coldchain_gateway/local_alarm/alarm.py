"""The running local alarm: judges on intake's thread, tells in its own loop."""

import asyncio
import threading
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Final

from coldchain.errors import IntegrityError, InvalidInput
from coldchain.watch import WatchBundle, open_envelope
from coldchain_gateway.contracts import Intake, Sample
from coldchain_runtime.clock import Clock
from coldchain_runtime.logs import Log

from .annunciators import CommandTeller, LogTeller, Teller
from .config import LocalAlarmConfig
from .judge import Courses, Decision, courses_of, observe, passed
from .sentences import notice_of

TICK_S: Final = 0.5
UNTOLD_NOTICES: Final = 1_000
log = Log("gateway.local_alarm")


class LocalAlarm:
    """Implements `contracts.Watcher`; `run` is supervised."""

    def __init__(self, config: LocalAlarmConfig, *, clock: Clock, intake: Intake) -> None:
        self._config = config
        self._clock = clock
        self._intake = intake
        self._courses: Courses = {}
        self._lock = threading.Lock()
        self._untold: deque[Decision] = deque()
        self._tellers: list[Teller] = [LogTeller()] if config.log else []
        if config.command:
            self._tellers.append(CommandTeller(config.command))
        if config.watch_file is not None:
            self._load_file()

    def observe(self, samples: Sequence[Sample], boottime_ns: int) -> None:
        """See the contract."""
        with self._lock:
            self._decide(observe(self._courses, samples, boottime_ns // 1_000_000))

    def load(self, bundle: WatchBundle) -> None:
        """See the contract."""
        with self._lock:
            self._courses, ended = courses_of(bundle, self._courses)
            self._decide(ended)
        log.event("local_alarm.watches", version=bundle.version, courses=len(self._courses))

    async def run(self) -> None:
        """Let time pass and tell what was decided, until cancelled."""
        while True:
            with self._lock:
                self._decide(passed(self._courses, self._clock.boottime_ns() // 1_000_000))
            while self._untold:
                notice = notice_of(self._untold.popleft())
                await asyncio.gather(*(teller.tell(notice) for teller in self._tellers))
            await self._clock.sleep(TICK_S)

    def _decide(self, decisions: Iterable[Decision]) -> None:
        """Keep a sealed line of each, and leave the telling to the loop."""
        for decision in decisions:
            tags = {"point": decision.watched.point, "rule": decision.rule.name}
            fields: dict[str, float | str] = {
                "state": "alarm" if decision.alarm else "end",
                "sensor": decision.watched.sensor,
            }
            if decision.value is not None:
                fields["value"] = decision.value
            self._intake.note("local_alarm", tags, fields, urgent=True)
            if len(self._untold) < UNTOLD_NOTICES:
                self._untold.append(decision)
            else:
                log.error("local_alarm.untold", point=decision.watched.point, rule=decision.rule.name)

    def _load_file(self) -> None:
        """A gateway without backend watches by a file; a bad one is told and watches nothing."""
        file = self._config.watch_file
        if file is None:
            return
        try:
            self.load(open_envelope(file.read_bytes(), None))
        except (OSError, InvalidInput, IntegrityError) as error:
            log.error("local_alarm.watch_file", file=str(file), reason=str(error))

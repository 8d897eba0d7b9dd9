"""The running local alarm: judges on intake's thread, tells in its own loop."""

import asyncio
import threading
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from coldchain.errors import IntegrityError, InvalidInput
from coldchain.watch import WatchBundle, open_envelope
from coldchain_gateway.contracts import Intake, Notice, Sample
from coldchain_runtime.clock import Clock
from coldchain_runtime.logs import Log

from .annunciators import CommandTeller, LogTeller, Teller
from .config import LocalAlarmConfig
from .judge import Courses, Decision, broken, courses_of, observe, passed
from .sentences import notice_of, notice_of_silence
from .silence import RULE, Hearings, Silence, heard, hearings_of, missed

TICK_S: Final = 0.5
UNTOLD_NOTICES: Final = 1_000
log = Log("gateway.local_alarm")


@dataclass(frozen=True, slots=True)
class Queue:
    """What one annunciator has still to tell; a slow one delays no other."""

    teller: Teller
    untold: deque[Notice] = field(default_factory=deque)

    def put(self, notice: Notice) -> None:
        """Bounded: what does not fit is logged instead of told."""
        if len(self.untold) < UNTOLD_NOTICES:
            self.untold.append(notice)
        else:
            log.error("local_alarm.untold", point=notice.point, rule=notice.rule, state=notice.state)


class LocalAlarm:
    """Implements `contracts.Watcher`; `run` is supervised."""

    def __init__(self, config: LocalAlarmConfig, *, clock: Clock, intake: Intake) -> None:
        self._config = config
        self._clock = clock
        self._intake = intake
        self._courses: Courses = {}
        self._hearings: Hearings = {}
        self._lock = threading.Lock()
        self._queues = _queues(config)
        self._changed = asyncio.Event()
        if config.watch_file is not None:
            self._load_file()

    def observe(self, samples: Sequence[Sample], boottime_ns: int) -> None:
        """See the contract."""
        now_ms = boottime_ns // 1_000_000
        with self._lock:
            if not self._courses and not self._hearings:
                return
            before = broken(self._courses, samples)
            self._decide(observe(self._courses, samples, now_ms))
            self._hear(heard(self._hearings, (sample.sensor for sample in samples), now_ms))
            for point, rule in broken(self._courses, samples) - before:
                # Whatever its delay: the reading that broke a limit is sealed and sent at once.
                self._intake.note(
                    "limit_crossed", {"point": point, "rule": rule}, {"open": True}, urgent=True
                )

    def load(self, bundle: WatchBundle) -> None:
        """See the contract."""
        with self._lock:
            self._courses, ended = courses_of(bundle, self._courses)
            self._decide(ended)
            self._hearings, over = hearings_of(bundle, self._hearings, self._boot_ms())
            self._hear(over)
        log.event("local_alarm.watches", version=bundle.version, courses=len(self._courses))

    async def reconfigure(self, config: LocalAlarmConfig) -> None:
        """Tell others from now on; what stands goes on standing."""
        same_file = config.watch_file == self._config.watch_file
        with self._lock:
            self._config, self._queues = config, _queues(config)
        self._changed.set()
        if config.watch_file is not None and not same_file:
            self._load_file()

    async def run(self) -> None:
        """Let time pass and tell what was decided, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._judge_on())
            while True:
                self._changed.clear()
                telling = [tasks.create_task(self._tell_on(queue)) for queue in self._queues]
                await self._changed.wait()
                for task in telling:
                    task.cancel()

    async def _judge_on(self) -> None:
        while True:
            now_ms = self._boot_ms()
            with self._lock:
                self._decide(passed(self._courses, now_ms))
                self._hear(missed(self._hearings, now_ms))
            await self._clock.sleep(TICK_S)

    async def _tell_on(self, queue: Queue) -> None:
        while True:
            while queue.untold:
                await queue.teller.tell(queue.untold.popleft())
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
            self._put(notice_of(decision))

    def _hear(self, silences: Iterable[Silence]) -> None:
        """Likewise for silences."""
        for silence in silences:
            tags = {"point": silence.watched.point, "rule": RULE}
            state = "alarm" if silence.silent else "end"
            self._intake.note(
                "local_alarm", tags, {"state": state, "sensor": silence.watched.sensor}, urgent=True
            )
            self._put(notice_of_silence(silence))

    def _put(self, notice: Notice) -> None:
        for queue in self._queues:
            queue.put(notice)

    def _boot_ms(self) -> int:
        return self._clock.boottime_ns() // 1_000_000

    def _load_file(self) -> None:
        """A gateway without backend watches by a file; a bad one is told and watches nothing."""
        file = self._config.watch_file
        if file is None:
            return
        try:
            self.load(open_envelope(file.read_bytes(), None))
        except (OSError, InvalidInput, IntegrityError) as error:
            log.error("local_alarm.watch_file", file=str(file), reason=str(error))


def _queues(config: LocalAlarmConfig) -> list[Queue]:
    """One for each annunciator of the configuration."""
    queues = [Queue(LogTeller())] if config.log else []
    if config.command:
        queues.append(Queue(CommandTeller(config.command)))
    return queues

"""The running local alarm: judges on intake's thread, tells in its own loops."""

import asyncio
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from coldchain.errors import IntegrityError, InvalidInput
from coldchain.watch import WatchBundle
from coldchain_gateway.contracts import Intake, Notice, Sample
from coldchain_runtime.clock import Clock
from coldchain_runtime.logs import Log

from .board import Board, Scene, unwatched, zones_of
from .config import LocalAlarmConfig
from .judge import Courses, Decision, broken, courses_of, observe, passed
from .latest import Heard, LatestValues, remember
from .outputs import Situation, keep, output_of
from .queues import Queue, queues_of
from .sentences import notice_of, notice_of_silence, notice_of_upstream
from .silence import RULE as SILENCE
from .silence import Hearings, Silence, heard, hearings_of, missed
from .standing import MAX_HUSH_MINUTES, NO_HUSH, Hush, Key, signals, standing
from .upstream import RULE as UPSTREAM
from .upstream import Upstream
from .watch_file import read_watch_file

TICK_S: Final = 0.5
MOST_UNWATCHED: Final = 50
log = Log("gateway.local_alarm")


class LocalAlarm:
    """Implements `contracts.Watcher`; `run` is supervised."""

    def __init__(self, config: LocalAlarmConfig, *, clock: Clock, intake: Intake) -> None:
        self._config = config
        self._clock = clock
        self._intake = intake
        self._bundle: WatchBundle | None = None
        self._courses: Courses = {}
        self._hearings: Hearings = {}
        self._latest: LatestValues = {}
        self._upstream = Upstream(mark=None, since_ms=self._boot_ms())
        self._hush = NO_HUSH
        self._texts: dict[Key, Notice] = {}
        self._situation = Situation()
        self._lock = threading.Lock()
        self._queues = queues_of(config)
        self._changed = asyncio.Event()
        # Changes whenever the backend has accepted something; None where there is no backend.
        self.accepted: Callable[[], object] = lambda: None
        if config.watch_file is not None:
            self._load_file()

    # --- what intake, uplink, page and reload call --------------------------------------------------

    def observe(self, samples: Sequence[Sample], boottime_ns: int) -> None:
        """See the contract."""
        now_ms = boottime_ns // 1_000_000
        with self._lock:
            remember(self._latest, samples, now_ms)
            if not self._courses and not self._hearings:
                return
            for sample in samples:
                self._judge((sample,), now_ms)

    def _judge(self, samples: Sequence[Sample], now_ms: int) -> None:
        before = broken(self._courses, samples)
        self._decide(observe(self._courses, samples, now_ms))
        self._hear(heard(self._hearings, (sample.sensor for sample in samples), now_ms))
        for point, rule in broken(self._courses, samples) - before:
            # Whatever its delay: the reading that broke a limit is sealed and sent at once.
            self._intake.note("limit_crossed", {"point": point, "rule": rule}, {"open": True}, urgent=True)

    def load(self, bundle: WatchBundle) -> None:
        """See the contract."""
        with self._lock:
            self._bundle = bundle
            self._courses, ended = courses_of(bundle, self._courses)
            self._decide(ended)
            self._hearings, over = hearings_of(bundle, self._hearings, self._boot_ms())
            self._hear(over)
        log.event("local_alarm.watches", version=bundle.version, courses=len(self._courses))

    def hush(self, minutes: int, by: str) -> int:
        """Quieten the buzzer about what stands now, which is sealed; how many alarms that covers."""
        now_ms = self._boot_ms()
        with self._lock:
            covers = standing(self._courses, self._hearings, self._upstream)
            held_ms = min(max(minutes, 0), MAX_HUSH_MINUTES) * 60_000
            self._hush = Hush(until_ms=now_ms + held_ms, covers=covers)
        self._intake.note("hush", {}, {"minutes": held_ms // 60_000, "alarms": len(covers), "by": by})
        log.event("local_alarm.hushed", minutes=held_ms // 60_000, alarms=len(covers), by=by)
        return len(covers)

    def board(self) -> Board:
        """What the page shows now."""
        now_ms = self._boot_ms()
        with self._lock:
            stands = standing(self._courses, self._hearings, self._upstream)
            latest = dict(self._latest)
            bundle = self._bundle
            scene = Scene(courses=self._courses, hearings=self._hearings, latest=latest, now_ms=now_ms)
            return Board(
                zones=() if bundle is None else zones_of(bundle, scene),
                unwatched=unwatched(bundle, scene, MOST_UNWATCHED),
                standing=len(stands),
                sounding=signals(stands, self._hush, now_ms).buzzer,
                hush_left_ms=self._hush.left_ms(now_ms),
                upstream_ms=now_ms - self._upstream.since_ms if self._upstream.silent else None,
            )

    def heard(self) -> dict[str, Heard]:
        """What each sensor said last."""
        with self._lock:
            return dict(self._latest)

    def situation(self) -> Situation:
        """What outputs are told; brought up to date with every tick."""
        return self._situation

    async def reconfigure(self, config: LocalAlarmConfig) -> None:
        """Tell others from now on; what stands goes on standing."""
        same_file = config.watch_file == self._config.watch_file
        with self._lock:
            self._config, self._queues = config, queues_of(config)
        self._changed.set()
        if config.watch_file is not None and not same_file:
            self._load_file()

    # --- its own loops ------------------------------------------------------------------------------

    async def run(self) -> None:
        """Let time pass and tell what was decided, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._judge_on())
            while True:
                self._changed.clear()
                telling = [tasks.create_task(self._tell_on(queue)) for queue in self._queues]
                telling += [
                    tasks.create_task(
                        keep(output_of(one), f"{one.kind}-{number}", self.situation, self._clock)
                    )
                    for number, one in enumerate(self._config.output, start=1)
                ]
                await self._changed.wait()
                for task in telling:
                    task.cancel()
                await asyncio.wait(telling or {asyncio.create_task(asyncio.sleep(0))})

    async def _judge_on(self) -> None:
        while True:
            now_ms = self._boot_ms()
            with self._lock:
                self._decide(passed(self._courses, now_ms))
                self._hear(missed(self._hearings, now_ms))
                self._look_upstream(now_ms)
                self._situation = self._current_situation(now_ms)
            await self._clock.sleep(TICK_S)

    async def _tell_on(self, queue: Queue) -> None:
        while True:
            while queue.untold:
                await queue.teller.tell(queue.untold.popleft())
            await self._clock.sleep(TICK_S)

    # --- deciding, under the lock -------------------------------------------------------------------

    def _look_upstream(self, now_ms: int) -> None:
        before = self._upstream
        looked = before.heard(self.accepted(), now_ms)
        self._upstream = looked.judged(self._config.upstream_silent_after, now_ms)
        if before.silent != self._upstream.silent:
            silent, for_ms = self._upstream.silent, now_ms - before.since_ms
            self._tell(UPSTREAM, notice_of_upstream(silent=silent, for_ms=for_ms))

    def _current_situation(self, now_ms: int) -> Situation:
        stands = standing(self._courses, self._hearings, self._upstream)
        self._hush = self._hush.still(stands, now_ms)
        known = [(key, self._texts.get(key)) for key in sorted(stands)]
        return Situation(
            signals=signals(stands, self._hush, now_ms),
            hushed=self._hush.left_ms(now_ms) > 0,
            alarms=tuple(
                (*key, "" if notice is None else notice.text_en, "" if notice is None else notice.text_zh)
                for key, notice in known
            ),
        )

    def _decide(self, decisions: Iterable[Decision]) -> None:
        for decision in decisions:
            self._tell(decision.rule.name, notice_of(decision), decision.watched.sensor)

    def _hear(self, silences: Iterable[Silence]) -> None:
        for silence in silences:
            self._tell(SILENCE, notice_of_silence(silence), silence.watched.sensor)

    def _tell(self, rule: str, notice: Notice, sensor: str = "") -> None:
        """Keep a sealed line of it, and leave the telling to the loops."""
        tags = {"rule": rule} | ({"point": notice.point} if notice.point else {})
        fields: dict[str, float | str] = {"state": "end" if notice.state == "end" else "alarm"}
        if sensor:
            fields["sensor"] = sensor
        if notice.value is not None:
            fields["value"] = notice.value
        self._intake.note("local_alarm", tags, fields, urgent=True)
        if notice.state == "end":
            self._texts.pop((notice.point, rule), None)
        else:
            self._texts[notice.point, rule] = notice
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
            self.load(read_watch_file(file))
        except (OSError, InvalidInput, IntegrityError) as error:
            log.error("local_alarm.watch_file", file=str(file), reason=str(error))

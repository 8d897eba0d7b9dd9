"""Says a recording again, at its own pace or faster; for support cases and trials."""

import asyncio
from pathlib import Path

from coldchain.errors import Unavailable
from coldchain.readings import Refusal, RefusalReason
from coldchain_gateway.contracts import Acquired, Decoded, Intake, NotKept, Sample
from coldchain_runtime.clock import Clock
from coldchain_runtime.logs import Log

from .config import ReplayConfig
from .recording import Recorded, read_recording

log = Log("gateway.replay")


class RecordingMissing(Unavailable):
    """The file cannot be read."""


class ReplaySource:
    """Implements `contracts.Source`. Said once; when all is said it waits to be stopped."""

    def __init__(self, config: ReplayConfig, clock: Clock, folder: Path) -> None:
        """`folder`: what the file's path is relative to."""
        self.name = config.name
        self._path = folder / config.file
        self._speed = config.speed
        self._recorded_times = config.times == "recorded"
        self._format = config.language()
        self._clock = clock
        self._said_all = False

    async def run(self, intake: Intake) -> None:
        """Until cancelled. Raises RecordingMissing."""
        if not self._said_all:
            await self._say(intake)
            self._said_all = True
            log.event("replay.ended", source=self.name, file=str(self._path))
        await asyncio.Event().wait()

    async def _say(self, intake: Intake) -> None:
        first_ms: int | None = None
        began_ns = self._clock.monotonic_ns()
        try:
            with self._path.open("rb") as file:
                for one in read_recording(file):
                    if isinstance(one, Refusal):
                        intake.refuse(self.name, one)
                        continue
                    first_ms = one.at_ms if first_ms is None else first_ms
                    await self._await(one.at_ms - first_ms, began_ns)
                    await self._take(intake, one)
        except OSError as error:
            raise RecordingMissing(f"{self._path}: {error.strerror}") from error

    async def _await(self, recorded_ms: int, began_ns: int) -> None:
        due_ns = began_ns + round(recorded_ms * 1e6 / self._speed) if self._speed else 0
        left_ns = due_ns - self._clock.monotonic_ns()
        if left_ns > 0:
            await self._clock.sleep(left_ns / 1e9)

    async def _take(self, intake: Intake, one: Recorded) -> None:
        decoded: Decoded = self._format.decode(one.line, one.at_ms)
        if self._recorded_times:
            decoded = [_timed(part, one.at_ms) for part in decoded]
        acquired = Acquired(
            source=self.name,
            decoded=decoded,
            boottime_ns=self._clock.boottime_ns(),
            wall_ms=self._clock.now_ms(),
            raw=one.line,
        )
        try:
            await intake.take(acquired)
        except NotKept as error:
            intake.refuse(self.name, Refusal(reason=RefusalReason.NOT_KEPT, detail=str(error)))


def _timed(part: Sample | Refusal, at_ms: int) -> Sample | Refusal:
    if isinstance(part, Refusal) or part.source_time_ms is not None:
        return part
    return part._replace(source_time_ms=at_ms)

"""Looks at configured sources as `run` would read them, and keeps nothing."""

import asyncio
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final

from coldchain.backoff import Backoff
from coldchain.readings import Refusal, Value
from coldchain_gateway.config import Settings
from coldchain_gateway.contracts import Acquired, Sample
from coldchain_gateway.sources import ModbusConfig, MqttConfig, SerialLineConfig, SourceConfig, open_source
from coldchain_gateway.sources.replay.recording import recorded_line
from coldchain_runtime.clock import Clock, SystemClock
from coldchain_runtime.supervisor import Supervisor

from .findings import shown_bytes
from .ports import holders

REOPEN: Final = Backoff(base_ms=500, cap_ms=3_000)
CLIENT: Final = "coldchain-probe"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One thing that came from a wire: a reading, or why there is none."""

    source: str
    sensor: str
    at_ms: int
    values: Mapping[str, Value] = field(default_factory=dict)
    own_time_ms: int | None = None
    refused: str = ""
    raw: str = ""

    @property
    def quality(self) -> str:
        """`good` with the device's own time, `arrival` without, else the reason of the refusal."""
        if self.refused:
            return self.refused
        return "arrival" if self.own_time_ms is None else "good"

    def document(self) -> dict[str, object]:
        """For programs."""
        return {
            "source": self.source,
            "sensor": self.sensor,
            "time": iso(self.own_time_ms or self.at_ms),
            "quality": self.quality,
            "values": dict(self.values),
            "raw": self.raw,
        }

    def lines(self) -> Iterator[str]:
        """For people."""
        told = ", ".join(f"{name} {value}" for name, value in self.values.items()) or "-"
        when = iso(self.own_time_ms or self.at_ms)
        yield f"{when}  {self.source}/{self.sensor or '?'}  {self.quality}  {told}"
        if self.raw:
            yield f"    raw {self.raw}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LookPlan:
    """Which sources, for how long, and where lines are recorded."""

    settings: Settings
    sources: tuple[str, ...]
    for_s: float
    record: Path | None = None


class LookingIntake:
    """Implements `contracts.Intake`: shows what comes, acknowledges it, keeps nothing."""

    def __init__(self, show: Callable[[Look], None], clock: Clock, record: BinaryIO | None) -> None:
        self._show = show
        self._clock = clock
        self._record = record
        self.heard: dict[str, int] = {}
        self._loop = asyncio.get_running_loop()

    async def take(self, acquired: Acquired) -> None:
        self._look(acquired)

    def offer(self, *acquired: Acquired, more: bool = False) -> None:
        for one in acquired:
            with suppress(RuntimeError):  # the loop may have ended
                self._loop.call_soon_threadsafe(self._look, one)
            if one.delivery is not None:
                one.delivery.acknowledge([one.delivery.packet_id])

    def begin(self) -> None:
        """Nothing waits here."""

    def refuse(self, source: str, refusal: Refusal) -> None:
        with suppress(RuntimeError):  # likewise
            self._loop.call_soon_threadsafe(self._refused, source, refusal, refusal.raw)

    def forget(self, session: str, done: Callable[[], None]) -> None:
        done()

    def note(
        self,
        measurement: str,
        tags: Mapping[str, str],
        fields: Mapping[str, Value | str],
        *,
        urgent: bool = False,
    ) -> None:
        """Lines of the gateway's own are not shown."""

    def _look(self, acquired: Acquired) -> None:
        if self._record is not None and acquired.raw:
            self._record.write(recorded_line(acquired.wall_ms, acquired.raw))
            self._record.flush()
        raw = shown_bytes(acquired.raw)
        for one in acquired.decoded:
            if isinstance(one, Refusal):
                self._refused(acquired.source, one, acquired.raw or one.raw)
                continue
            self.heard[acquired.source] = self.heard.get(acquired.source, 0) + 1
            self._show(_look_of(acquired, one, raw))

    def _refused(self, source: str, refusal: Refusal, raw: bytes) -> None:
        self._show(
            Look(
                source=source,
                sensor=refusal.sensor or "",
                at_ms=self._clock.now_ms(),
                refused=f"{refusal.reason.value} ({refusal.detail})",
                raw=shown_bytes(raw),
            )
        )


def look_at(plan: LookPlan, show: Callable[[Look], None]) -> Mapping[str, str]:
    """Look for as long as is asked, Ctrl-C ends it earlier; sources that said nothing, with what is wrong.

    Raises ConfigError.
    """
    with suppress(KeyboardInterrupt):
        return asyncio.run(_look_at(plan, show, SystemClock()))
    return {}


async def _look_at(plan: LookPlan, show: Callable[[Look], None], clock: Clock) -> Mapping[str, str]:
    settings = plan.settings
    record = None if plan.record is None else plan.record.open("xb")
    intake = LookingIntake(show, clock, record)
    sources = [
        open_source(
            _unobtrusive(config),
            clock=clock,
            template_dirs=settings.template_dirs,
            folder=settings.file.absolute().parent,
        )
        for config in settings.config.source
        if config.name in plan.sources
    ]
    try:
        async with Supervisor(clock, backoff=REOPEN, stop_within=2.0) as loops:
            states = {
                source.name: loops.start(source.name, partial(source.run, intake)) for source in sources
            }
            await clock.sleep(plan.for_s)
            remarks = {source.name: str(getattr(source, "remark", "")) for source in sources}
            return {
                name: remarks[name] or state.error + _held(settings, name)
                for name, state in states.items()
                if not intake.heard.get(name)
            }
    finally:
        if record is not None:
            record.close()


def _held(settings: Settings, name: str) -> str:
    """Who has the source's port, if anybody else does."""
    for config in settings.config.source:
        if config.name == name and isinstance(config, SerialLineConfig | ModbusConfig):
            found = holders(config.port)
            return f" (open in {', '.join(found)})" if found else ""
    return ""


def _unobtrusive(config: SourceConfig) -> SourceConfig:
    """A broker's session belongs to `run`: looking on takes another, which ends with it."""
    if isinstance(config, MqttConfig):
        return replace(config, client_id=f"{CLIENT}-{os.getpid()}", session="clean", session_expiry=0)
    return config


def _look_of(acquired: Acquired, sample: Sample, raw: str) -> Look:
    return Look(
        source=acquired.source,
        sensor=sample.sensor,
        at_ms=acquired.wall_ms,
        values=sample.values,
        own_time_ms=sample.source_time_ms,
        raw=raw,
    )


def iso(at_ms: int) -> str:
    """UTC, to the millisecond."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

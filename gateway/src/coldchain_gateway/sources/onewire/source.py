"""Reads every probe on the 1-Wire buses in a thread, so that a conversion holds up nobody."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from coldchain.errors import ColdchainError, Unavailable
from coldchain.readings import Refusal, RefusalReason
from coldchain_gateway.contracts import Acquired, Decoded, Intake, NotKept
from coldchain_gateway.formats.ds18b20 import decode_scratchpad
from coldchain_gateway.formats.values import refused
from coldchain_runtime.clock import Clock
from coldchain_runtime.logs import Log

from .config import OnewireConfig
from .tree import convert_all, look, read_probe

T = TypeVar("T")
# A read that takes longer hangs in the kernel.
READ_S: Final = 10.0
log = Log("gateway.onewire")


class KernelHangs(Unavailable):
    """A read of the bus does not come back."""


class OnewireSource:
    """Implements `contracts.Source`. A probe that is unplugged is a counted refusal each round."""

    def __init__(self, config: OnewireConfig, clock: Clock, folder: Path) -> None:
        self.name = config.name
        self._config = config
        self._root = folder / config.root
        self._names = {probe.id: probe.sensor for probe in config.probe}
        self._clock = clock
        self._known: dict[str, None] = dict.fromkeys(self._names)
        self._phantoms: set[str] = set()
        self._hanging: threading.Thread | None = None  # reads, or did when it was last waited for

    async def run(self, intake: Intake) -> None:
        """Read until cancelled. Raises BusMissing and KernelHangs."""
        every_ns = self._config.interval * 1_000_000
        due_ns = self._clock.monotonic_ns()
        while True:
            await self._round(intake)
            due_ns = max(due_ns + every_ns, self._clock.monotonic_ns())
            await self._clock.sleep((due_ns - self._clock.monotonic_ns()) / 1e9)

    async def _round(self, intake: Intake) -> None:
        found = await self._in_thread(partial(look, self._root))
        for phantom in set(found.phantoms) - self._phantoms:
            refusal = refused(RefusalReason.BAD_SENSOR, f"{phantom}: invented by noise on the bus", b"")
            intake.refuse(self.name, refusal)
        self._phantoms = set(found.phantoms)
        self._note_new(found.probes)
        if self._config.bulk == "auto" and found.probes:
            await self._in_thread(partial(convert_all, self._root))
        for probe in self._known:
            text = await self._in_thread(partial(read_probe, self._root, probe))
            await self._take(intake, self._decoded(probe, text), text or b"")

    def _note_new(self, probes: tuple[str, ...]) -> None:
        for probe in probes:
            if probe not in self._known and self._config.others == "read":
                self._known[probe] = None
                log.event("onewire.probe_found", source=self.name, probe=probe)

    def _decoded(self, probe: str, text: bytes | None) -> Decoded:
        sensor = self._names.get(probe, probe)
        if text is None:
            return (refused(RefusalReason.PORT_LOST, f"{probe}: not on the bus", b"", sensor),)
        return decode_scratchpad(text, probe[:2], sensor)

    async def _take(self, intake: Intake, decoded: Decoded, raw: bytes) -> None:
        acquired = Acquired(
            source=self.name,
            decoded=decoded,
            boottime_ns=self._clock.boottime_ns(),
            wall_ms=self._clock.now_ms(),
            raw=raw,
        )
        try:
            await intake.take(acquired)
        except NotKept as error:
            intake.refuse(self.name, Refusal(reason=RefusalReason.NOT_KEPT, detail=str(error)))

    async def _in_thread(self, work: Callable[[], T]) -> T:
        """A read that the kernel holds for ever holds up neither the program nor its end."""
        if self._hanging is not None and self._hanging.is_alive():
            raise KernelHangs(f"{self._root}: the kernel still has not answered")
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()

        def read() -> None:
            try:
                told = partial(_end, done, work())
            except ColdchainError as error:
                told = partial(_fail, done, error)
            with suppress(RuntimeError):  # the loop may have ended meanwhile
                loop.call_soon_threadsafe(told)

        self._hanging = threading.Thread(target=read, name=f"onewire-{self.name}", daemon=True)
        self._hanging.start()
        try:
            async with asyncio.timeout(READ_S):
                result = await done
        except TimeoutError as error:
            raise KernelHangs(f"{self._root}: the kernel has not answered for {READ_S:.0f} s") from error
        self._hanging = None
        return result


def _end(done: "asyncio.Future[T]", result: T) -> None:
    if not done.done():
        done.set_result(result)


def _fail(done: "asyncio.Future[T]", error: Exception) -> None:
    if not done.done():
        done.set_exception(error)

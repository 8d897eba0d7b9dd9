"""The one loop that asks the units of a bus, each in its turn.

What a unit said is given to intake beside the loop, so the bus does not wait for the disk; at most
`MOST_UNDER_WAY` answers are on their way to it.
"""

import asyncio
from collections.abc import Mapping
from typing import Final

from coldchain.errors import Unavailable
from coldchain.readings import Refusal, RefusalReason
from coldchain_gateway.contracts import Acquired, Decoded, Intake, NotKept
from coldchain_gateway.formats import decode_registers, words_of
from coldchain_runtime.clock import Clock
from coldchain_runtime.logs import Log

from .config import BusConfig
from .link import Link
from .schedule import Patience, Turn, next_turn
from .units import Unit, raw_text

MOST_UNDER_WAY: Final = 32
log = Log("gateway.modbus")


class Poller:
    """Which units are silent is remembered when the wire is lost and comes back."""

    def __init__(self, config: BusConfig, units: Mapping[int, Unit], clock: Clock) -> None:
        self._name = config.name
        self._gap_s = config.gap_ms / 1000
        self._patience = Patience(failures=config.failures, retry_ms=config.retry)
        self._units = units
        self._clock = clock
        self._turns: dict[int, Turn] = {}
        self._under_way: set[asyncio.Task[None]] = set()
        self._last_end_ns = 0
        self._broke: set[int] = set()

    async def run(self, link: Link, intake: Intake) -> None:
        """Poll until cancelled or the wire is lost (Unavailable)."""
        for address, unit in self._units.items():
            if address not in self._turns:
                self._turns[address] = Turn(
                    address=address, interval_ms=unit.interval_ms, due_ms=self._boot_ms()
                )
        try:
            while True:
                turn = next_turn(self._turns.values())
                await self._clock.sleep(max(0.0, (turn.due_ms - self._boot_ms()) / 1000))
                answered = await self._asked(link, turn, intake)
                self._note(turn, turn.after(self._boot_ms(), self._patience, answered=answered))
        finally:
            if self._under_way:
                await asyncio.wait(set(self._under_way))

    async def _asked(self, link: Link, turn: Turn, intake: Intake) -> bool:
        """Whether a unit answered.

        Where asking it breaks the wire it is asked once more on the next one. Where that breaks, too, it is
        the unit that does it, and it counts as silent, so that the others get their turn.
        """
        try:
            answered = await self._poll(link, self._units[turn.address], intake)
        except Unavailable:
            if turn.address in self._broke:
                self._note(turn, turn.after(self._boot_ms(), self._patience, answered=False))
            self._broke.add(turn.address)
            raise
        self._broke.discard(turn.address)
        return answered

    def _note(self, before: Turn, after: Turn) -> None:
        self._turns[before.address] = after
        was, now = before.silent(self._patience), after.silent(self._patience)
        if now and not was:
            log.warning("modbus.unit_silent", source=self._name, unit=before.address, failures=after.failures)
        elif was and not now:
            log.event("modbus.unit_back", source=self._name, unit=before.address)

    async def _poll(self, link: Link, unit: Unit, intake: Intake) -> bool:
        """Read all blocks of a unit and give what they say to intake; whether the unit answered at all."""
        words: dict[tuple[int, int], int] = {}
        refusals: list[Refusal] = []
        answered = False
        for block in unit.blocks:
            await self._rest(unit.template.guard / 1000)
            found = await link.ask(
                block.request(unit.config.address),
                wait_s=unit.timeout_s,
                frame_s=unit.template.frame_timeout / 1000,
            )
            self._last_end_ns = self._clock.monotonic_ns()
            if not isinstance(found, Refusal):
                answered = True
                words |= words_of(unit.template, block, found)
                continue
            refusals.append(found)
            if found.reason is RefusalReason.EXCEPTION_FRAME:
                answered = True
                continue
            # What comes late now could be taken for the answer to the next block.
            await link.settle()
            break
        decoded = [*decode_registers(unit.template, unit.config.sensor, words), *refusals]
        await self._give(intake, decoded, raw_text(words))
        return answered

    async def _rest(self, guard_s: float) -> None:
        """Since the last answer the bus has been quiet for the gap, or the guard time of the unit."""
        quiet_s = (self._clock.monotonic_ns() - self._last_end_ns) / 1e9
        left_s = max(self._gap_s, guard_s) - quiet_s
        if left_s > 0:
            await self._clock.sleep(left_s)

    async def _give(self, intake: Intake, decoded: Decoded, raw: bytes) -> None:
        acquired = Acquired(
            source=self._name,
            decoded=decoded,
            boottime_ns=self._clock.boottime_ns(),
            wall_ms=self._clock.now_ms(),
            raw=raw,
        )
        while len(self._under_way) >= MOST_UNDER_WAY:
            await asyncio.wait(set(self._under_way), return_when=asyncio.FIRST_COMPLETED)
        task = asyncio.create_task(self._take(intake, acquired))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _take(self, intake: Intake, acquired: Acquired) -> None:
        try:
            await intake.take(acquired)
        except NotKept as error:
            intake.refuse(self._name, Refusal(reason=RefusalReason.NOT_KEPT, detail=str(error)))

    def _boot_ms(self) -> int:
        return self._clock.boottime_ns() // 1_000_000

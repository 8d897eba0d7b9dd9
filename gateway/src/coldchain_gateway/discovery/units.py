"""Which Modbus units answer, and what each known register map would make of them. Reads only."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from coldchain.readings import Refusal, RefusalReason, Value
from coldchain_gateway.contracts import Sample
from coldchain_gateway.formats import Block, Template, blocks_of, decode_registers, words_of
from coldchain_gateway.sources.bus.link import Link
from coldchain_gateway.sources.bus.units import raw_text
from coldchain_gateway.templates import known_templates, load_template
from coldchain_runtime.clock import Clock

from .findings import Candidate, UnitFound

WAIT_S: Final = 0.2
FRAME_S: Final = 0.05
GAP_S: Final = 0.02
# To find out whether anybody is there; an exception is an answer too.
KNOCKS: Final = (Block(function=4, address=1, count=1), Block(function=3, address=0, count=1))
UNIT: Final = "unit"
Answer = Sequence[int] | Refusal


@dataclass(slots=True)
class Scan:
    """Asks over one link; every question is put once."""

    link: Link
    clock: Clock
    wait_s: float = WAIT_S
    _answers: dict[tuple[int, Block], Answer] = field(default_factory=dict)

    async def units(
        self, addresses: Iterable[int], templates: Sequence[Template], tell: Callable[[str], None]
    ) -> tuple[UnitFound, ...]:
        """Every unit that answers. Raises Unavailable when the wire is gone or somebody else speaks."""
        found = []
        for address in addresses:
            tell(f"asking unit {address}")
            if await self._is_there(address):
                found.append(
                    UnitFound(address=address, candidates=await self._candidates(address, templates))
                )
        return tuple(found)

    async def _is_there(self, address: int) -> bool:
        for knock in KNOCKS:
            answer = await self._ask(address, knock)
            if not isinstance(answer, Refusal) or answer.reason is RefusalReason.EXCEPTION_FRAME:
                return True
        return False

    async def _candidates(self, address: int, templates: Sequence[Template]) -> tuple[Candidate, ...]:
        made = [await self._candidate(address, template) for template in templates]
        return tuple(candidate for candidate in made if candidate is not None)

    async def _candidate(self, address: int, template: Template) -> Candidate | None:
        words: dict[tuple[int, int], int] = {}
        for block in blocks_of(template):
            answer = await self._ask(address, block)
            if not isinstance(answer, Refusal):
                words |= words_of(template, block, answer)
        decoded = decode_registers(template, UNIT, words)
        sensors: dict[str, dict[str, Value]] = {
            one.sensor.removeprefix(UNIT).removeprefix("."): dict(one.values)
            for one in decoded
            if isinstance(one, Sample)
        }
        if not sensors:
            return None
        return Candidate(
            template=template.name,
            title=template.title,
            confidence=template.confidence,
            raw=raw_text(words).decode(),
            sensors=sensors,
            refused=tuple(f"{one.reason.value}: {one.detail}" for one in decoded if isinstance(one, Refusal)),
        )

    async def _ask(self, address: int, block: Block) -> Answer:
        known = self._answers.get((address, block))
        if known is not None:
            return known
        await self.clock.sleep(GAP_S)
        answer = await self.link.ask(block.request(address), wait_s=self.wait_s, frame_s=FRAME_S)
        if isinstance(answer, Refusal) and answer.reason is not RefusalReason.EXCEPTION_FRAME:
            await self.link.settle()
        self._answers[address, block] = answer
        return answer


def all_templates(folders: Sequence[Path]) -> list[Template]:
    """Every register map there is. Raises ConfigError for a wrong one of the user's."""
    return [load_template(name, folders) for name in known_templates(folders)]

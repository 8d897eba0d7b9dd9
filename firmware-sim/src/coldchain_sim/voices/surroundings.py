"""What every device needs around it: the world it measures, the truth it tells, and a beat."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from coldchain_runtime.clock import Clock
from coldchain_sim.truth import TruthLog
from coldchain_sim.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Shared by all devices of one run."""

    world: World
    truth: TruthLog
    clock: Clock

    async def beat(self, every_s: float, phase: float) -> AsyncIterator[None]:
        """Yields every `every_s` real seconds without drift, first after `phase` of one interval."""
        every_ns = round(every_s * 1e9)
        due_ns = self.clock.monotonic_ns() + round(every_ns * phase)
        while True:
            await self.clock.sleep(max(0.0, (due_ns - self.clock.monotonic_ns()) / 1e9))
            yield
            due_ns += every_ns
            behind = self.clock.monotonic_ns() - due_ns
            if behind > every_ns:
                due_ns += behind // every_ns * every_ns

"""Probes on a 1-Wire bus: what each would convert to now stands in its file.

A reading counts as given out when it stands there; nobody can tell whether a file was read.
"""

import asyncio
from dataclasses import dataclass, field

from coldchain_sim.devices.onewire import slave_text
from coldchain_sim.scenario import OnewireSpec
from coldchain_sim.transports.onewire_tree import OnewireTree
from coldchain_sim.truth import Given, Transport
from coldchain_sim.voices.surroundings import Surroundings

CONVERT_EVERY_S = 0.1


@dataclass(slots=True, kw_only=True)
class OnewireVoice:
    """All probes of the machine's bus."""

    probes: tuple[OnewireSpec, ...]
    tree: OnewireTree
    around: Surroundings
    _gone: set[str] = field(default_factory=set, init=False)

    async def run(self) -> None:
        """Convert until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._keep_converting())
            for probe in self.probes:
                tasks.create_task(self._probe(probe))

    def plug(self) -> None:
        """The bus with all its probes."""
        self.tree.plug()

    def unplug(self) -> None:
        """The bus goes."""
        self.tree.unplug()

    def kill(self, sensor: str) -> bool:
        """Pull a probe off; whether it is one of this bus."""
        if sensor not in {probe.sensor for probe in self.probes}:
            return False
        self._gone.add(sensor)
        self.tree.remove(sensor)
        return True

    def revive(self, sensor: str) -> None:
        """Put it back."""
        self._gone.discard(sensor)

    async def _keep_converting(self) -> None:
        async for _ in self.around.beat(CONVERT_EVERY_S, 1.0):
            self.tree.converted()

    async def _probe(self, probe: OnewireSpec) -> None:
        counter = 0
        async for _ in self.around.beat(probe.every_s, 0.0):
            if probe.sensor in self._gone:
                continue
            temperature = round(self.around.world.read(probe.sensor) * 16) / 16
            counter += 1
            self.tree.say(probe.sensor, slave_text(temperature))
            self.around.truth.given(
                Given(
                    transport=Transport.ONEWIRE,
                    sensor=probe.sensor,
                    counter=counter,
                    temperature=temperature,
                    time_ms=self.around.clock.now_ms(),
                )
            )

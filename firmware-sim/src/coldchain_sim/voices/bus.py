"""Modbus units on one serial port: they speak when asked.

An answer counts as given out when it was put on the wire whole. Of several requests that have piled up only
the last is answered: its asker has given up on the others.
"""

import asyncio
from collections import Counter
from dataclasses import dataclass, field

from coldchain_sim.devices import modbus, modbus_maps
from coldchain_sim.scenario import BusSpec, UnitSpec
from coldchain_sim.transports.pty import PtyLine
from coldchain_sim.truth import Given, Transport
from coldchain_sim.voices.surroundings import Surroundings

MASTER_EVERY_S = 0.3


@dataclass(slots=True, kw_only=True)
class BusVoice:
    """All units of one port."""

    spec: BusSpec
    line: PtyLine
    around: Surroundings
    _units: dict[int, UnitSpec] = field(init=False)
    _told: Counter[int] = field(default_factory=Counter, init=False)
    _rest: bytes = field(default=b"", init=False)
    _dead: set[str] = field(default_factory=set, init=False)
    _second_master: bool = field(init=False)

    def __post_init__(self) -> None:
        self._units = {unit.address: unit for unit in self.spec.units}
        self._second_master = self.spec.second_master

    async def run(self) -> None:
        """Let the second master ask, while there is one, until cancelled."""
        async for _ in self.around.beat(MASTER_EVERY_S, 1.0):
            if self._second_master:
                self._ask_as_another()

    def company(self, *, comes: bool) -> None:
        """A second master comes to the bus, or goes."""
        self._second_master = comes

    def kill(self, sensor: str) -> bool:
        """A unit loses its power; whether it is one of this bus."""
        if sensor not in {unit.sensor for unit in self.spec.units}:
            return False
        self._dead.add(sensor)
        return True

    def revive(self, sensor: str) -> None:
        """It has power again."""
        self._dead.discard(sensor)

    def plug(self) -> None:
        """Connect the bus and listen on it."""
        if not self.line.plugged:
            self.line.plug()
            asyncio.get_running_loop().add_reader(self.line.handle, self._hear)

    def unplug(self) -> None:
        """Pull the bus away."""
        if self.line.plugged:
            asyncio.get_running_loop().remove_reader(self.line.handle)
            self.line.unplug()
            self._rest = b""

    def settle(self) -> bool:
        """True when every answer has been read."""
        return self.line.unread() == 0

    def _hear(self) -> None:
        requests, self._rest = modbus.split(self._rest + self.line.receive())
        unit = self._units.get(requests[-1].unit) if requests else None
        if unit is not None and unit.sensor not in self._dead:
            self._answer(requests[-1], unit)

    def _ask_as_another(self) -> None:
        """What a listener hears of another master: its request and the unit's answer."""
        unit = next(iter(self._units.values()), None)
        if unit is None:
            return
        request = modbus.Request(unit=unit.address, function=4, first=1, count=1)
        self.line.write(modbus.frame(request))
        if unit.sensor not in self._dead:
            self.line.write(modbus_maps.answer_from(unit.kind, request, self._map(unit, 0)))

    def _map(self, unit: UnitSpec, counter: int) -> modbus_maps.Map:
        celsius = round(self.around.world.read(unit.sensor), 1)
        return modbus_maps.UNIT_KINDS[unit.kind](celsius, unit.humidity, counter)

    def _answer(self, request: modbus.Request, unit: UnitSpec) -> None:
        reading = modbus_maps.tells_temperature(unit.kind, request)
        counter = self._told[unit.address] + (1 if reading else 0)
        temperature = round(self.around.world.read(unit.sensor), 1)
        words = modbus_maps.UNIT_KINDS[unit.kind](temperature, unit.humidity, counter)
        if not self.line.write(modbus_maps.answer_from(unit.kind, request, words)) or not reading:
            return
        self._told[unit.address] = counter
        self.around.truth.given(
            Given(
                transport=Transport.MODBUS,
                sensor=unit.sensor,
                counter=counter,
                temperature=temperature,
                time_ms=self.around.clock.now_ms(),
            )
        )

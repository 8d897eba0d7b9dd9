"""Modbus units on one serial port: they speak when asked.

An answer counts as given out when it was put on the wire whole. Of several requests that have piled up only
the last is answered: its asker has given up on the others.
"""

import asyncio
from collections import Counter
from dataclasses import dataclass, field

from coldchain_sim.devices import modbus
from coldchain_sim.scenario import BusSpec, UnitSpec
from coldchain_sim.transports.pty import PtyLine
from coldchain_sim.truth import Given, Transport
from coldchain_sim.voices.surroundings import Surroundings


@dataclass(slots=True, kw_only=True)
class BusVoice:
    """All units of one port."""

    spec: BusSpec
    line: PtyLine
    around: Surroundings
    _units: dict[int, UnitSpec] = field(init=False)
    _told: Counter[int] = field(default_factory=Counter, init=False)
    _rest: bytes = field(default=b"", init=False)

    def __post_init__(self) -> None:
        self._units = {unit.address: unit for unit in self.spec.units}

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
        if requests and requests[-1].unit in self._units:
            self._answer(requests[-1], self._units[requests[-1].unit])

    def _answer(self, request: modbus.Request, unit: UnitSpec) -> None:
        reading = modbus.tells_temperature(request)
        counter = self._told[unit.address] + (1 if reading else 0)
        temperature = round(self.around.world.read(unit.sensor), 1)
        words = modbus.registers(temperature_c=temperature, humidity=unit.humidity, counter=counter)
        if not self.line.write(modbus.answer(request, words)) or not reading:
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

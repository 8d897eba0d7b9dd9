"""Boards that print JSON lines on one serial port.

A line counts as given out when a program has read it. One line at a time is on the wire, so that "nothing
waits to be read" means this one was read. What nobody reads is lost, as on a real wire: lines that wait
too long, or that the reader threw away, are forgotten.
"""

import asyncio
from collections import deque
from dataclasses import dataclass, field

from coldchain_sim.devices import serial_lines
from coldchain_sim.scenario import LineSpec, SensorSpec
from coldchain_sim.transports.pty import PtyLine
from coldchain_sim.truth import Given, Transport
from coldchain_sim.voices.surroundings import Surroundings

SETTLE_EVERY_S = 0.05
LISTENED_WITHIN_MS = 5_000
MOST_WAITING = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class _Printed:
    text: bytes
    at_ms: int
    given: Given | None


@dataclass(slots=True, kw_only=True)
class LineVoice:
    """All boards of one port, and the account of what was read."""

    spec: LineSpec
    line: PtyLine
    around: Surroundings
    _on_wire: _Printed | None = field(default=None, init=False)
    _waiting: deque[_Printed] = field(default_factory=deque, init=False)

    async def run(self) -> None:
        """Print until cancelled."""
        async with asyncio.TaskGroup() as boards:
            boards.create_task(self._keep_settling())
            for sensor in self.spec.sensors:
                for name in sensor.names():
                    boards.create_task(self._board(name, sensor))

    def plug(self) -> None:
        """Give the boards power and a port; they greet."""
        if not self.line.plugged:
            self.line.plug()
            self._print(serial_lines.greeting(self.spec.name), None)

    def unplug(self) -> None:
        """Pull the port away with everything unread on it."""
        self.line.unplug()
        self._forget()

    def settle(self) -> bool:
        """Note what was read, forget what never will be, print what waits; True when nothing does."""
        self.line.receive()
        if self.line.thrown_away():
            self._on_wire = None
        if self._on_wire is not None and self.line.unread() == 0:
            if self._on_wire.given is not None:
                self.around.truth.given(self._on_wire.given)
            self._on_wire = None
        if self._on_wire is not None and self._nobody_listens(self._on_wire):
            self.line.discard()
            self.line.receive()
            self.line.thrown_away()
            self._forget()
        if self._on_wire is None and self._waiting:
            following = self._waiting.popleft()
            self._on_wire = following if self.line.write(following.text) else None
        return self._on_wire is None

    def _nobody_listens(self, printed: _Printed) -> bool:
        return self.around.clock.now_ms() - printed.at_ms > LISTENED_WITHIN_MS

    def _forget(self) -> None:
        self._on_wire = None
        self._waiting.clear()

    async def _keep_settling(self) -> None:
        async for _ in self.around.beat(SETTLE_EVERY_S, 1.0):
            self.settle()

    async def _board(self, name: str, sensor: SensorSpec) -> None:
        counter = 0
        async for _ in self.around.beat(
            sensor.every_s, self.around.world.random_of(f"phase {name}").random()
        ):
            temperature = self.around.world.read(name)
            if not self.line.plugged or len(self._waiting) >= MOST_WAITING:
                continue
            now = self.around.clock.now_ms()
            counter += 1
            given = Given(
                transport=Transport.SERIAL, sensor=name, counter=counter, temperature=temperature, time_ms=now
            )
            self._print(serial_lines.LINE_KINDS[sensor.prints](name, temperature, counter), given)

    def _print(self, text: bytes, given: Given | None) -> None:
        self._waiting.append(_Printed(text=text, at_ms=self.around.clock.now_ms(), given=given))
        self.settle()

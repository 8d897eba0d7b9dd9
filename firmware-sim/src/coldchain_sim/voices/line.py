"""Boards that print JSON lines on one serial port.

A line counts as given out when a program has read it. What nobody reads is lost, as on a real wire: nothing
is printed while too much waits, and what has waited for long or was thrown away by the reader is forgotten.
"""

import asyncio
from collections import deque
from dataclasses import dataclass, field

from coldchain_sim.devices import serial_lines
from coldchain_sim.scenario import LineSpec, SensorSpec
from coldchain_sim.transports.pty import PtyLine
from coldchain_sim.truth import Given, Transport
from coldchain_sim.voices.surroundings import Surroundings

SETTLE_EVERY_S = 0.1
SURELY_QUEUED_MS = 20
LISTENED_WITHIN_MS = 5_000
MOST_UNREAD = 1_024


@dataclass(frozen=True, slots=True, kw_only=True)
class _Printed:
    size: int
    at_ms: int
    given: Given | None


@dataclass(slots=True, kw_only=True)
class LineVoice:
    """All boards of one port, and the account of what was read."""

    spec: LineSpec
    line: PtyLine
    around: Surroundings
    _pending: deque[_Printed] = field(default_factory=deque, init=False)

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
        self._pending.clear()

    def settle(self) -> bool:
        """Write down what has been read, forget what never will be; True when nothing waits."""
        self.line.receive()
        if self.line.thrown_away():
            self._pending.clear()
        now = self.around.clock.now_ms()
        while self._pending and now - self._pending[0].at_ms >= SURELY_QUEUED_MS:
            printed = sum(one.size for one in self._pending)
            if printed - self._pending[0].size < self.line.unread():
                break
            given = self._pending.popleft().given
            if given is not None:
                self.around.truth.given(given)
        if self._pending and now - self._pending[0].at_ms > LISTENED_WITHIN_MS:
            self.line.discard()
            self._pending.clear()
        return not self._pending

    async def _keep_settling(self) -> None:
        async for _ in self.around.beat(SETTLE_EVERY_S, 1.0):
            self.settle()

    async def _board(self, name: str, sensor: SensorSpec) -> None:
        counter = 0
        async for _ in self.around.beat(
            sensor.every_s, self.around.world.random_of(f"phase {name}").random()
        ):
            temperature = self.around.world.read(name)
            if not self.line.plugged or self.line.unread() > MOST_UNREAD:
                continue
            now = self.around.clock.now_ms()
            counter += 1
            given = Given(
                transport=Transport.SERIAL, sensor=name, counter=counter, temperature=temperature, time_ms=now
            )
            self._print(serial_lines.line(name, temperature, counter), given)

    def _print(self, text: bytes, given: Given | None) -> None:
        if self.line.write(text):
            self._pending.append(_Printed(size=len(text), at_ms=self.around.clock.now_ms(), given=given))

"""Devices that speak on MQTT, each in the words of its family.

A measurement counts as given out when the broker has acknowledged the message with its temperature.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from coldchain_sim.devices import MQTT_DEVICES, Measured, Spoken
from coldchain_sim.scenario import SensorSpec
from coldchain_sim.transports.mqtt import MqttOutlet
from coldchain_sim.truth import Given, Transport
from coldchain_sim.voices.surroundings import Surroundings

FULL_BATTERY = 100
MESSAGES_PER_PERCENT = 20_000


@dataclass(slots=True, kw_only=True)
class BridgeVoice:
    """All devices on one broker."""

    sensors: Sequence[SensorSpec]
    outlet: MqttOutlet
    around: Surroundings

    async def run(self) -> None:
        """Publish until cancelled."""
        loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as devices:
            for sensor in self.sensors:
                for name in sensor.names():
                    devices.create_task(self._device(name, sensor, loop))

    def settle(self) -> bool:
        """True when the broker has acknowledged everything."""
        return self.outlet.waiting() == 0

    async def _device(self, name: str, sensor: SensorSpec, loop: asyncio.AbstractEventLoop) -> None:
        chance = self.around.world.random_of(f"radio {name}")
        counter = 0
        async for _ in self.around.beat(sensor.every_s, chance.random()):
            counter += 1
            measured = Measured(
                name=name,
                temperature_c=self.around.world.read(name),
                humidity=sensor.humidity + chance.uniform(-1.5, 1.5),
                battery=max(1, FULL_BATTERY - counter // MESSAGES_PER_PERCENT),
                signal=chance.randint(60, 180),
                counter=counter,
                time_ms=self.around.clock.now_ms(),
            )
            self._publish(MQTT_DEVICES[sensor.family](measured), measured, loop)

    def _publish(self, spoken: Spoken, measured: Measured, loop: asyncio.AbstractEventLoop) -> None:
        given = Given(
            transport=Transport.MQTT,
            sensor=spoken.sensor,
            counter=measured.counter,
            temperature=spoken.temperature_c,
            time_ms=measured.time_ms,
        )
        first, *others = spoken.publications
        self.outlet.publish(first, partial(self._taken, loop, given))
        for other in others:
            self.outlet.publish(other, _nothing)

    def _taken(self, loop: asyncio.AbstractEventLoop, given: Given) -> None:
        """Runs in the outlet's thread; truth is written in the loop's."""
        loop.call_soon_threadsafe(self.around.truth.given, given)


def _nothing() -> None:
    """Messages beside the temperature are no readings of their own."""

"""Zigbee sensors behind a zigbee2mqtt bridge.

A message counts as given out when the broker has acknowledged it.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from coldchain_sim.devices import zigbee2mqtt
from coldchain_sim.scenario import SensorSpec
from coldchain_sim.transports.mqtt import MqttOutlet
from coldchain_sim.truth import Given, Transport
from coldchain_sim.voices.surroundings import Surroundings

FULL_BATTERY = 100
MESSAGES_PER_PERCENT = 20_000


@dataclass(slots=True, kw_only=True)
class BridgeVoice:
    """All sensors of the bridge."""

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
            temperature = self.around.world.read(name)
            counter += 1
            given = Given(
                transport=Transport.MQTT,
                sensor=name,
                counter=counter,
                temperature=temperature,
                time_ms=self.around.clock.now_ms(),
            )
            payload = zigbee2mqtt.payload(
                temperature_c=temperature,
                humidity=sensor.humidity + chance.uniform(-1.5, 1.5),
                battery=max(1, FULL_BATTERY - counter // MESSAGES_PER_PERCENT),
                linkquality=chance.randint(60, 180),
                counter=counter,
            )
            self.outlet.publish(zigbee2mqtt.topic(name), payload, partial(self._taken, loop, given))

    def _taken(self, loop: asyncio.AbstractEventLoop, given: Given) -> None:
        """Runs in the outlet's thread; truth is written in the loop's."""
        loop.call_soon_threadsafe(self.around.truth.given, given)

"""One run of a scenario: spaces advance, devices speak, the timeline acts, truth is written."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from coldchain_runtime.clock import Clock
from coldchain_sim.clock import SimulatedClock
from coldchain_sim.scenario import ABOUT_BUSES, ABOUT_DEVICES, Event, Moment, Scenario, Site
from coldchain_sim.transports.mqtt import Broker, MqttOutlet
from coldchain_sim.transports.onewire_tree import OnewireTree
from coldchain_sim.transports.pty import PtyLine
from coldchain_sim.truth import Happened, TruthLog
from coldchain_sim.voices import BridgeVoice, BusVoice, LineVoice, OnewireVoice, Surroundings
from coldchain_sim.world import World

ONEWIRE_FOLDER = "w1"
STATUS_EVERY_S = 10.0
SETTLE_WITHIN_S = 2.0
SETTLE_LOOK_S = 0.05
SENTENCES: Mapping[Event, str] = {
    Event.DOOR_OPENS: "the door of {} is opened",
    Event.DOOR_CLOSES: "the door of {} is closed",
    Event.COMPRESSOR_FAILS: "the compressor of {} fails",
    Event.COMPRESSOR_REPAIRED: "the compressor of {} is repaired",
    Event.LINE_UNPLUGGED: "{} is unplugged",
    Event.LINE_PLUGGED: "{} is plugged in again",
    Event.DEVICE_DIES: "{} dies",
    Event.DEVICE_REVIVES: "{} works again",
    Event.SECOND_MASTER_COMES: "a second master asks on {}",
    Event.SECOND_MASTER_GOES: "the second master on {} is gone",
    Event.UPLINK_LOST: "the uplink is lost (whoever holds the network acts)",
    Event.UPLINK_BACK: "the uplink is back (whoever holds the network acts)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSettings:
    """What one run needs to know; `mqtt` None leaves the bridge out, `for_s` None runs until cancelled."""

    scenario: Scenario
    site: Site
    directory: Path
    mqtt: Broker | None
    speed: float
    seed: int
    for_s: float | None
    tell: Callable[[str], None]


@dataclass(slots=True, kw_only=True)
class Simulation:
    """A site that runs; made by `running`."""

    settings: RunSettings
    around: Surroundings
    time: SimulatedClock
    lines: dict[str, LineVoice | BusVoice] = field(default_factory=dict)
    bridge: BridgeVoice | None = None
    onewire: OnewireVoice | None = None

    async def play(self) -> None:
        """Let the timeline happen, then go on for as long as was asked."""
        async with asyncio.TaskGroup() as tasks:
            playing = [tasks.create_task(self._timeline()), tasks.create_task(self._status())]
            playing += [tasks.create_task(voice.run()) for voice in self.lines.values()]
            if self.onewire is not None:
                playing.append(tasks.create_task(self.onewire.run()))
            if self.bridge is not None:
                playing.append(tasks.create_task(self.bridge.run()))
            if self.settings.for_s is not None:
                await self.around.clock.sleep(self.settings.for_s)
                for task in playing:
                    task.cancel()

    async def settle(self) -> None:
        """After the last word: give readers and broker a moment to take what is on the way."""
        voices = [*self.lines.values(), *([self.bridge] if self.bridge else [])]
        for _ in range(round(SETTLE_WITHIN_S / SETTLE_LOOK_S)):
            await self.around.clock.sleep(SETTLE_LOOK_S)
            settled = [voice.settle() for voice in voices]
            if all(settled):
                return

    def act(self, moment: Moment) -> None:
        """Let one event happen, and tell people and programs."""
        voice = self.lines.get(moment.where)
        if moment.event is Event.LINE_UNPLUGGED and voice is not None:
            voice.unplug()
        elif moment.event is Event.LINE_PLUGGED and voice is not None:
            voice.plug()
        elif isinstance(voice, BusVoice) and moment.event in ABOUT_BUSES:
            voice.company(comes=moment.event is Event.SECOND_MASTER_COMES)
        elif moment.event in ABOUT_DEVICES:
            self._turn_device(moment)
        self.around.world.act(moment)
        event = Happened(time_ms=self.around.clock.now_ms(), event=moment.event, where=moment.where)
        self.around.truth.happened(event)
        self._tell(SENTENCES[moment.event].format(moment.where))

    def _turn_device(self, moment: Moment) -> None:
        wires: list[BusVoice | OnewireVoice] = [v for v in self.lines.values() if isinstance(v, BusVoice)]
        if self.onewire is not None:
            wires.append(self.onewire)
        for wire in wires:
            if moment.event is Event.DEVICE_DIES:
                wire.kill(moment.where)
            else:
                wire.revive(moment.where)

    async def _timeline(self) -> None:
        for moment in sorted(self.settings.scenario.timeline, key=lambda moment: moment.at_min):
            ahead_s = (moment.at_min * 60.0 - self.time.simulated_s()) / self.settings.speed
            await self.around.clock.sleep(max(0.0, ahead_s))
            self.act(moment)

    async def _status(self) -> None:
        async for _ in self.around.beat(STATUS_EVERY_S, 1.0):
            air = ", ".join(f"{name} {celsius:.1f} °C" for name, celsius in self.around.world.air().items())
            given = ", ".join(f"{number} {wire}" for wire, number in self.around.truth.counts.items())
            self._tell(f"{air}; readings given out: {given}")

    def _tell(self, sentence: str) -> None:
        minutes = round(self.time.simulated_s() / 60.0)
        self.settings.tell(f"[{minutes // 60:02d}:{minutes % 60:02d} into the scenario] {sentence}")


@asynccontextmanager
async def running(settings: RunSettings, clock: Clock) -> AsyncIterator[Simulation]:
    """Truth is open first and closed last; wires come before the devices that speak on them."""
    async with AsyncExitStack() as stack:
        truth = stack.enter_context(TruthLog(settings.directory))
        time = SimulatedClock(real=clock, speed=settings.speed)
        world = World(settings.site, time, settings.seed)
        around = Surroundings(world=world, truth=truth, clock=clock)
        simulation = Simulation(settings=settings, around=around, time=time)
        for voice in _lines(settings, around):
            simulation.lines[voice.spec.name] = voice
            voice.plug()
            stack.callback(voice.unplug)
        if settings.site.onewire:
            tree = OnewireTree(settings.directory / ONEWIRE_FOLDER)
            simulation.onewire = OnewireVoice(probes=settings.site.onewire, tree=tree, around=around)
            simulation.onewire.plug()
            stack.callback(simulation.onewire.unplug)
        if settings.mqtt is not None:
            outlet = MqttOutlet(settings.mqtt, client_id="coldchain-sim-bridge")
            outlet.start()
            stack.callback(outlet.stop)
            simulation.bridge = BridgeVoice(sensors=settings.site.bridge, outlet=outlet, around=around)
        yield simulation
        await simulation.settle()


def _lines(settings: RunSettings, around: Surroundings) -> list[LineVoice | BusVoice]:
    lines: list[LineVoice | BusVoice] = []
    for line in settings.site.lines:
        lines.append(
            LineVoice(spec=line, line=PtyLine(settings.directory / f"tty-{line.name}"), around=around)
        )
    for bus in settings.site.buses:
        lines.append(BusVoice(spec=bus, line=PtyLine(settings.directory / f"tty-{bus.name}"), around=around))
    return lines

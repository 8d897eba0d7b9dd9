"""The spaces of a site and the probes in them, at the simulated now."""

import random
from dataclasses import dataclass, field

from coldchain_sim.clock import SimulatedClock
from coldchain_sim.physics import Chamber, Probe, ProbeSpec
from coldchain_sim.scenario import Event, Moment, Site

HOUR_S = 3_600.0


@dataclass(slots=True)
class World:
    """Advances a space when somebody looks at it; the same seed and times give the same readings."""

    site: Site
    clock: SimulatedClock
    seed: int
    _chambers: dict[str, Chamber] = field(init=False)
    _probes: dict[str, tuple[str, Probe]] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        start = self.site.starts_at_hour * HOUR_S
        self._chambers = {
            chamber.name: Chamber(spec=chamber.made_of, start_of_day_s=start)
            for chamber in self.site.chambers
        }
        for device in (*(s for line in self.site.lines for s in line.sensors), *self.site.bridge):
            for name in device.names():
                self._hang(name, device.chamber, device.probe)
        for unit in (unit for bus in self.site.buses for unit in bus.units):
            self._hang(unit.sensor, unit.chamber, unit.probe)
        for probe in self.site.onewire:
            self._hang(probe.sensor, probe.chamber, probe.probe)

    def random_of(self, what: str) -> random.Random:
        """Chance that belongs to one thing only, so that another device more changes nothing."""
        return random.Random(f"{self.seed}/{what}")

    def read(self, sensor: str) -> float:
        """What this sensor's probe says now, in °C."""
        chamber_name, probe = self._probes[sensor]
        now = self.clock.simulated_s()
        state = self._chambers[chamber_name].advance(now)
        return probe.read(at_s=now, air_c=state.air_c, draught_k=state.draught_k, goods_c=state.goods_c)

    def act(self, moment: Moment) -> None:
        """Let an event of the scenario happen to a space; others are not its business."""
        chamber = self._chambers.get(moment.where)
        if chamber is None:
            return
        chamber.advance(self.clock.simulated_s())
        match moment.event:
            case Event.DOOR_OPENS | Event.DOOR_CLOSES:
                chamber.set_door(is_open=moment.event is Event.DOOR_OPENS)
            case Event.COMPRESSOR_FAILS | Event.COMPRESSOR_REPAIRED:
                chamber.set_failed(failed=moment.event is Event.COMPRESSOR_FAILS)
            case _:
                return

    def air(self) -> dict[str, float]:
        """The air of each space now, in °C."""
        now = self.clock.simulated_s()
        return {name: chamber.advance(now).air_c for name, chamber in self._chambers.items()}

    def _hang(self, sensor: str, chamber: str, spec: ProbeSpec) -> None:
        self._probes[sensor] = (chamber, Probe(spec=spec, rng=self.random_of(sensor)))

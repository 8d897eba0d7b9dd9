"""A cold room or a truck's compartment: heat through walls and door, cooling, goods, defrost.

Air is solved exactly over one step with everything else held, so it stays between the temperatures
that act on it whatever the step; the holder advances on a fixed grid, so the result does not depend
on how often it is asked.
"""

import math
from dataclasses import dataclass, field, replace

from coldchain_sim.physics.ambient import Ambient
from coldchain_sim.physics.compressor import Thermostat
from coldchain_sim.physics.defrost import Defrost
from coldchain_sim.physics.door import Door
from coldchain_sim.physics.goods import Goods

STEP_S = 2.0
COIL_BELOW_AIR_C = 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ChamberSpec:
    """What the space is made of; `air_kj_per_k` includes what follows the air at once (shelves, lining)."""

    air_kj_per_k: float = 150.0
    wall_kw_per_k: float = 0.02
    thermostat: Thermostat = field(default_factory=Thermostat)
    door: Door = field(default_factory=Door)
    defrost: Defrost = field(default_factory=Defrost)
    goods: Goods = field(default_factory=Goods)
    ambient: Ambient = field(default_factory=Ambient)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChamberState:
    """Everything that changes; switches of the scenario (door, failure) stand here too."""

    air_c: float
    goods_c: float
    coil_c: float
    draught_k: float = 0.0
    frost_kg: float = 0.0
    running: bool = False
    off_s: float = 1e9
    defrosting_s: float | None = None
    since_defrost_s: float = 0.0
    door_open: bool = False
    failed: bool = False


def initial(spec: ChamberSpec) -> ChamberState:
    """A space that has been at its set point for long."""
    start = spec.thermostat.set_point_c
    return ChamberState(air_c=start, goods_c=start, coil_c=start)


def step(spec: ChamberSpec, state: ChamberState, *, outside_c: float, dt_s: float) -> ChamberState:
    """The state `dt_s` later, with the outside and the switches held."""
    state = _switched(spec, state, dt_s)
    defrosting = state.defrosting_s is not None
    goods_kw_k = spec.goods.exchange(fans=not defrosting)
    air_c, mean_c = _air(spec, state, outside_c, goods_kw_k, dt_s)
    frost, coil = _coil(spec, state, air_c, dt_s)
    return replace(
        state,
        air_c=air_c,
        goods_c=spec.goods.follow(state.goods_c, mean_c, exchange=goods_kw_k, dt_s=dt_s),
        coil_c=coil,
        frost_kg=frost,
        draught_k=spec.door.draught(
            state.draught_k, is_open=state.door_open, air_c=air_c, outside_c=outside_c, dt_s=dt_s
        ),
    )


def _switched(spec: ChamberSpec, state: ChamberState, dt_s: float) -> ChamberState:
    """Decide defrost and compressor for the coming step and let their timers run."""
    defrosting_s, since_s = state.defrosting_s, state.since_defrost_s + dt_s
    if defrosting_s is not None:
        ended = spec.defrost.ended(state.coil_c, defrosting_s)
        defrosting_s, since_s = (None, 0.0) if ended else (defrosting_s + dt_s, 0.0)
    elif spec.defrost.due(state.since_defrost_s):
        defrosting_s = 0.0
    may_run = defrosting_s is None and not state.failed
    wants = spec.thermostat.wants(running=state.running, air_c=state.air_c, off_s=state.off_s)
    running = may_run and wants
    off_s = 0.0 if running else state.off_s + dt_s
    return replace(state, defrosting_s=defrosting_s, since_defrost_s=since_s, running=running, off_s=off_s)


def _air(
    spec: ChamberSpec, state: ChamberState, outside_c: float, goods_kw_k: float, dt_s: float
) -> tuple[float, float]:
    """Air after the step and its mean over it: C dT/dt = sum of exchange x difference + power."""
    outside_kw_k = spec.wall_kw_per_k + (spec.door.exchange_kw_per_k if state.door_open else 0.0)
    power_kw = -spec.thermostat.cooling_kw if state.running else 0.0
    if state.defrosting_s is not None:
        power_kw += spec.defrost.heater_kw * spec.defrost.leak_share
    total = outside_kw_k + goods_kw_k
    rest_c = (outside_kw_k * outside_c + goods_kw_k * state.goods_c + power_kw) / total
    decay = math.exp(-total * dt_s / spec.air_kj_per_k)
    away = state.air_c - rest_c
    mean_c = rest_c + away * (1.0 - decay) * spec.air_kj_per_k / (total * dt_s)
    return rest_c + away * decay, mean_c


def _coil(spec: ChamberSpec, state: ChamberState, air_c: float, dt_s: float) -> tuple[float, float]:
    """Frost and coil temperature after the step."""
    if state.defrosting_s is not None:
        return spec.defrost.melted(state.frost_kg, state.coil_c, dt_s)
    if state.running:
        gathered = spec.defrost.gathered(state.frost_kg, is_open=state.door_open, dt_s=dt_s)
        return gathered, air_c - COIL_BELOW_AIR_C
    return state.frost_kg, air_c


@dataclass(slots=True, kw_only=True)
class Chamber:
    """Holds the state of one space and advances it on a grid of `step_s`."""

    spec: ChamberSpec
    start_of_day_s: float = 0.0
    step_s: float = STEP_S
    state: ChamberState = field(init=False)
    _at_s: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        self.state = initial(self.spec)

    def advance(self, to_s: float) -> ChamberState:
        """The state at the last grid instant not after this simulated second."""
        while self._at_s + self.step_s <= to_s:
            outside = self.spec.ambient.at(self.start_of_day_s + self._at_s)
            self.state = step(self.spec, self.state, outside_c=outside, dt_s=self.step_s)
            self._at_s += self.step_s
        return self.state

    def set_door(self, *, is_open: bool) -> None:
        """Open or close the door from now on."""
        self.state = replace(self.state, door_open=is_open)

    def set_failed(self, *, failed: bool) -> None:
        """Break or repair the compressor from now on."""
        self.state = replace(self.state, failed=failed)

"""A cold store for trials: one chiller, three probes, two switches, as fast as it computes."""

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from coldchain_sim.physics import Ambient, Chamber, ChamberSpec, Defrost, Goods, Probe, ProbeSpec, Thermostat

MINUTE_S = 60.0
HOUR_S = 3_600.0
STEP_S = 15.0
PROBES: Mapping[str, ProbeSpec] = {
    "front": ProbeSpec(door_share=1.0, lag_s=60.0, resolution_c=0.1, noise_c=0.05),
    "back": ProbeSpec(lag_s=60.0, resolution_c=0.1, noise_c=0.05),
    "goods": ProbeSpec(goods_share=0.9, lag_s=300.0, resolution_c=0.1, noise_c=0.05),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """What happens to the store at a second of the trial."""

    at_s: float
    act: Callable[[Chamber], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """The store at one instant: what probes say, what they would say without noise, and the switches."""

    at_s: float
    said: Mapping[str, float]
    felt: Mapping[str, float]
    door_open: bool
    defrosting: bool


@dataclass(slots=True, kw_only=True)
class Store:
    """Runs a chiller with everything that chance decides taken from one seed."""

    seed: str
    every_s: float
    moments: list[Moment] = field(default_factory=list)
    rng: random.Random = field(init=False)
    spec: ChamberSpec = field(init=False)

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)
        self.spec = ChamberSpec(
            thermostat=Thermostat(set_point_c=self.rng.uniform(3.8, 4.6), band_c=1.6, cooling_kw=3.2),
            defrost=Defrost(every_s=self.rng.choice([3.0, 6.0, 8.0]) * HOUR_S),
            goods=Goods(capacity_kj_per_k=self.rng.uniform(3_000.0, 8_000.0)),
            ambient=Ambient(mean_c=self.rng.uniform(18.0, 30.0), swing_c=5.0),
        )

    def open_door(self, at_s: float, lasts_s: float) -> None:
        """The door stands open for a while."""
        self.moments.append(Moment(at_s=at_s, act=lambda chamber: chamber.set_door(is_open=True)))
        self.moments.append(Moment(at_s=at_s + lasts_s, act=lambda chamber: chamber.set_door(is_open=False)))

    def fail(self, at_s: float, lasts_s: float) -> None:
        """The compressor stands still for a while."""
        self.moments.append(Moment(at_s=at_s, act=lambda chamber: chamber.set_failed(failed=True)))
        self.moments.append(Moment(at_s=at_s + lasts_s, act=lambda chamber: chamber.set_failed(failed=False)))

    def looks(self, lasts_s: float) -> Iterator[Look]:
        """The store every `every_s`, from its beginning."""
        chamber = Chamber(spec=self.spec, start_of_day_s=self.rng.uniform(0.0, 24.0) * HOUR_S, step_s=STEP_S)
        probes = {
            name: Probe(spec=spec, rng=random.Random(f"{self.seed}/{name}")) for name, spec in PROBES.items()
        }
        quiet = {
            name: Probe(spec=replace(spec, noise_c=0.0, resolution_c=0.001), rng=self.rng)
            for name, spec in PROBES.items()
        }
        waiting = sorted(self.moments, key=lambda moment: moment.at_s)
        for number in range(int(lasts_s / self.every_s)):
            at_s = number * self.every_s
            while waiting and waiting[0].at_s <= at_s:
                moment = waiting.pop(0)
                chamber.advance(moment.at_s)
                moment.act(chamber)
            state = chamber.advance(at_s)
            around = {
                "at_s": at_s,
                "air_c": state.air_c,
                "draught_k": state.draught_k,
                "goods_c": state.goods_c,
            }
            yield Look(
                at_s=at_s,
                said={name: probe.read(**around) for name, probe in probes.items()},
                felt={name: probe.read(**around) for name, probe in quiet.items()},
                door_open=state.door_open,
                defrosting=state.defrosting_s is not None,
            )


def defrosts(store: Store, lasts_s: float) -> list[tuple[float, float]]:
    """When the store defrosts if nothing is done to it: (from, to) in seconds of the trial."""
    plain = Store(seed=store.seed, every_s=MINUTE_S)
    found: list[tuple[float, float]] = []
    begun: float | None = None
    for look in plain.looks(lasts_s):
        if look.defrosting and begun is None:
            begun = look.at_s
        elif not look.defrosting and begun is not None:
            found.append((begun, look.at_s))
            begun = None
    return found

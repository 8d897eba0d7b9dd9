"""One trial: a store, a fault, what its gateway sealed and when that arrived, and the labels of the truth."""

import json
import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from coldchain_sim.score.labels import Fault, Label
from coldchain_sim.score.store import HOUR_S, MINUTE_S, PROBES, Look, Store, defrosts

T0_MS = 1_795_305_600_000
EVERY_S = 240.0
LASTS_S = 24 * HOUR_S
LIMIT_C = 8.0
LOW_C = 2.0
ALARM_AFTER_S = 30 * MINUTE_S
GATEWAY = "gw"
EXCURSION = frozenset({"excursion"})
UNKNOWN = frozenset({"gateway_offline", "silence"})

FLEET = """\
organisation: score
assets:
  - id: store
    kind: cold_store
    name: {en: Store, zh: 冷库}
    time_zone: Asia/Shanghai
    zones:
      - id: chiller
        name: {en: Chiller, zh: 冷藏间}
        profile: vaccine-2-8
        points:
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A recording in the backend's form (one JSON object a line) and what is true of it."""

    fault: Fault
    seed: int
    wired: bool
    recording: str
    labels: tuple[Label, ...]

    @property
    def name(self) -> str:
        """The name of its file."""
        return f"{self.fault.value}-{self.seed}.jsonl"


@dataclass(slots=True)
class _Plan:
    """What is done beside the physics, in seconds of the trial; from `down_s` on the gateway has no power."""

    from_s: float
    to_s: float
    down_s: float = math.inf
    labels: list[Label] = field(default_factory=list)


def fleet(*, wired: bool) -> str:
    """The fleet file that all trials are judged by; `wired`: door, defrost and mains are told by switches."""
    names = [*PROBES, *(("door", "defrost", "mains") if wired else ())]
    points = "".join(
        f"          - {{id: chiller.{name}, name: {{en: {name}, zh: {name}}}, sensor: {name}}}\n"
        for name in names
    )
    sensors = "".join(f"  - {{id: {name}, interval: {EVERY_S:.0f}s}}\n" for name in names)
    return f"{FLEET}{points}sensors:\n{sensors}gateways: [{{name: {GATEWAY}, asset: store}}]\n"


def trial(fault: Fault, seed: int) -> Trial:
    """Make a trial; the same fault and seed give the same one. Every second one has switches."""
    rng = random.Random(f"trial/{fault.value}/{seed}")
    store = Store(seed=f"store/{fault.value}/{seed}", every_s=EVERY_S)
    wired = seed % 2 == 0
    for _ in range(rng.randint(2, 5)):
        store.open_door(rng.uniform(1.0, LASTS_S / HOUR_S - 1.0) * HOUR_S, rng.uniform(1.0, 4.0) * MINUTE_S)
    plan = _injected(fault, store, rng, wired=wired)
    looks = list(store.looks(LASTS_S))
    labels = [*(_seen(one, plan) for one in _excursions(looks)), *plan.labels]
    batches = _batches(fault, plan, looks, wired=wired, rng=rng)
    recording = "".join(json.dumps(batch) + "\n" for batch in batches)
    return Trial(fault=fault, seed=seed, wired=wired, recording=recording, labels=tuple(labels))


def _injected(fault: Fault, store: Store, rng: random.Random, *, wired: bool) -> _Plan:
    from_s = rng.uniform(4.0, 12.0) * HOUR_S
    plan = _Plan(from_s=from_s, to_s=from_s + rng.uniform(2.5, 6.0) * HOUR_S)
    match fault:
        case Fault.DOOR:
            plan.to_s = from_s + rng.uniform(50.0, 90.0) * MINUTE_S
            store.open_door(from_s, plan.to_s - from_s)
            plan.labels.append(_label({"door"}, plan, wanted=wired))
        case Fault.COMPRESSOR:
            store.fail(from_s, rng.uniform(3.0, 7.0) * HOUR_S)
        case Fault.COMPRESSOR_IN_DEFROST:
            begun, _ = rng.choice([one for one in defrosts(store, LASTS_S) if one[0] < 16.0 * HOUR_S])
            store.fail(begun + rng.uniform(0.0, 5.0) * MINUTE_S, rng.uniform(3.0, 7.0) * HOUR_S)
        case Fault.DRIFT:
            plan.to_s = LASTS_S
            plan.labels.append(_label({"drift"}, plan, sensors={"back"}))
            plan.labels.append(_label(EXCURSION, plan, sensors={"back"}, wanted=False))
        case Fault.STUCK:
            plan.to_s = from_s + rng.uniform(8.0, 11.0) * HOUR_S
            plan.labels.append(_label({"flat_line"}, plan, sensors={"back"}))
        case Fault.CLOCK_SKEW:
            plan.labels.append(_label({"clock"}, plan))
            plan.labels.append(_label(UNKNOWN, plan, wanted=False))
        case Fault.OUTAGE:
            plan.labels.append(_label({"gateway_offline"}, plan))
            plan.labels.append(_label(UNKNOWN, plan, wanted=False))
        case Fault.POWER_CUT:
            store.fail(from_s, plan.to_s - from_s)
            plan.down_s = from_s + rng.uniform(10.0, 30.0) * MINUTE_S
            plan.labels.append(_label({"mains", "gateway_offline"}, plan))
            plan.labels.append(_label(UNKNOWN, plan, wanted=False))
        case Fault.DEFROST:
            pass
    return plan


def _label(
    kinds: set[str] | frozenset[str], plan: _Plan, *, sensors: set[str] | None = None, wanted: bool = True
) -> Label:
    return Label(
        kinds=frozenset(kinds), from_ms=_ms(plan.from_s), to_ms=_ms(plan.to_s),
        sensors=frozenset(sensors or ()), wanted=wanted,
    )  # fmt: skip


def _excursions(looks: Sequence[Look]) -> Iterator[Label]:
    """What is really out of limits for longer than the delay, by what probes feel without noise."""
    for name in PROBES:
        begun: float | None = None
        for look in looks:
            out = not LOW_C <= look.felt[name] <= LIMIT_C
            if out and begun is None:
                begun = look.at_s
            elif not out and begun is not None:
                yield from _excursion(name, begun, look.at_s)
                begun = None
        if begun is not None:
            yield from _excursion(name, begun, looks[-1].at_s)


def _excursion(name: str, begun_s: float, ended_s: float) -> Iterator[Label]:
    """Wanted where it lasts clearly longer than the delay; near it either answer is right."""
    lasted_s = ended_s - begun_s
    if lasted_s >= ALARM_AFTER_S / 2:
        yield Label(
            kinds=EXCURSION, from_ms=_ms(begun_s), to_ms=_ms(ended_s), sensors=frozenset({name}),
            wanted=lasted_s >= ALARM_AFTER_S * 4 / 3,
        )  # fmt: skip


def _seen(label: Label, plan: _Plan) -> Label:
    """Nobody is expected to tell of what happened while the gateway had no power."""
    hidden = label.to_ms > T0_MS + plan.down_s * 1000 and label.from_ms < _ms(plan.to_s)
    return replace(label, wanted=False) if hidden else label


def _batches(
    fault: Fault, plan: _Plan, looks: Sequence[Look], *, wired: bool, rng: random.Random
) -> Iterator[Mapping[str, object]]:
    skew_ms = rng.choice([-3, -2, 2, 3]) * 3_600_000
    drift_c_per_h = rng.choice([-1.0, 1.0]) * rng.uniform(0.15, 0.4)
    stuck_at: float | None = None
    for look in looks:
        within = plan.from_s <= look.at_s < plan.to_s
        if plan.down_s <= look.at_s < plan.to_s:
            continue
        said = dict(look.said)
        if fault is Fault.DRIFT and within:
            said["back"] = round(said["back"] + drift_c_per_h * (look.at_s - plan.from_s) / HOUR_S, 1)
        if fault is Fault.STUCK and within:
            stuck_at = said["back"] if stuck_at is None else stuck_at
            said["back"] = stuck_at
        dated_ms = _ms(look.at_s) + (skew_ms if fault is Fault.CLOCK_SKEW and within else 0)
        arrives_ms = _ms(look.at_s) + 1_500
        if fault is Fault.OUTAGE and within:
            arrives_ms = _ms(plan.to_s) + round((plan.to_s - look.at_s) / EVERY_S)
        lines = [f"reading,sensor={name} temperature={value} {dated_ms}" for name, value in said.items()]
        if wired:
            mains = not (fault is Fault.POWER_CUT and within)
            lines += _switches(look, dated_ms, mains=mains)
        lines.append(f"gateway outbox_batches=0i,clock_trusted=true {dated_ms}")
        yield {"gateway": GATEWAY, "sealed": _ms(look.at_s), "arrives": arrives_ms, "lines": lines}


def _switches(look: Look, dated_ms: int, *, mains: bool) -> Iterator[str]:
    switches = {"door_open": look.door_open, "defrost": look.defrosting, "mains": mains}
    for name, state in zip(("door", "defrost", "mains"), switches.items(), strict=True):
        yield f"reading,sensor={name} {state[0]}={str(state[1]).lower()} {dated_ms}"


def _ms(at_s: float) -> int:
    return T0_MS + round(at_s * 1_000)

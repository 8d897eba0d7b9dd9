"""Kill -9 on a stage, again and again, and what must still be true afterwards."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from demo.evidence import Name, Truth
from demo.receiver import SYSTEM, Received
from demo.stage import Name as Program
from demo.stage import Stage

VICTIMS: tuple[Program, ...] = ("gateway", "backend")
ENDS = frozenset({"alert.resolved", "alert.closed", "alert.withdrawn", "alert.merged"})
WIRE_SLACK_MS = 3_000
"""A wire that is polled loses what is said while nobody listens, and what was read and not yet kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """A program was away from `from_ms` to `to_ms` of the wall clock."""

    program: Program
    from_ms: int
    to_ms: int


@dataclass(slots=True)
class Killer:
    """Kills one of `VICTIMS` at a random moment and starts it again."""

    stage: Stage
    random: random.Random
    outages: list[Outage] = field(default_factory=list)

    def strike(self, within_s: float) -> Outage:
        time.sleep(self.random.uniform(0.0, within_s))
        program = self.random.choice(VICTIMS)
        began = time.time_ns() // 1_000_000
        self.stage.kill(program)
        self.stage.start(program)
        outage = Outage(program=program, from_ms=began, to_ms=time.time_ns() // 1_000_000)
        self.outages.append(outage)
        return outage


def lost(truth: Iterable[Truth], held: Iterable[Name], outages: Sequence[Outage]) -> list[Truth]:
    """Readings that were acknowledged and are not held.

    Over MQTT the broker keeps what the gateway has not acknowledged, so all must be held. A serial line or a
    bus keeps nothing: there the readings near a kill of the gateway were never acknowledged.
    """
    there = frozenset(held)
    away = [one for one in outages if one.program == "gateway"]
    return [
        one for one in truth if one.name not in there and not (one.transport != "mqtt" and _near(one, away))
    ]


def _near(one: Truth, outages: Sequence[Outage]) -> bool:
    return any(
        outage.from_ms - WIRE_SLACK_MS <= one.time_ms <= outage.to_ms + WIRE_SLACK_MS for outage in outages
    )


def doubled(held: Iterable[Name]) -> list[Name]:
    """Readings that stand in evidence more than once."""
    return [name for name, count in Counter(held).items() if count > 1]


def untold(received: Iterable[Received]) -> list[str]:
    """What is wrong with what the receiver got, repeats removed: each alert fired once and ended once.

    What is told about the machine, such as a disk that fills up, goes on as long as it is so.
    """
    told: dict[str, Counter[str]] = {}
    for one in received:
        if one.kind == SYSTEM:
            continue
        kind = "end" if one.type in ENDS else one.type
        told.setdefault(one.alert_id, Counter())[kind] += 1
    wrong = []
    for alert_id, kinds in told.items():
        if kinds["alert.fired"] != 1 or kinds["end"] != 1:
            wrong.append(f"{alert_id}: {dict(kinds)}")
    return wrong


def evidence(stage: Stage, organisation: str = "demo") -> list[Name]:
    """Every reading in the ledger's files, read by the demonstration's own reader."""
    from demo.evidence import from_ledger

    return list(from_ledger(stage.backend_data / "ledger", organisation))


def busy_fleet(demo_fleet: Path, target: Path) -> Path:
    """The fleet of the demonstration with the twenty sensors of the kill tests."""
    text = demo_fleet.read_text("utf-8")
    more = "".join(f"  - {{id: load-{number}, interval: 1s}}\n" for number in range(1, 21))
    target.write_text(text.replace("sensors:\n", f"sensors:\n{more}", 1), "utf-8")
    return target

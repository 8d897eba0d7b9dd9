"""What receivers accepted, line by line, and what no receiver may ever see."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson

from support.alert_life import RECEIVED

ENDS = frozenset({"alert.resolved", "alert.closed", "alert.withdrawn", "alert.merged"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a receiver accepted."""

    id: str
    receiver: str
    type: str
    alert: str
    sequence: int


def received(folder: Path) -> list[Told]:
    lines = (folder / RECEIVED).read_bytes().splitlines()
    return [Told(**orjson.loads(line)) for line in lines]


def faults(told: Sequence[Told], still_open: Collection[str] = ()) -> list[str]:
    """What no receiver may see, one line each; `still_open`: alerts that have no end yet."""
    found = []
    ids: dict[tuple[str, str, int], set[str]] = {}
    first: dict[tuple[str, str], list[Told]] = {}
    for one in told:
        known = ids.setdefault((one.receiver, one.alert, one.sequence), set())
        if one.id not in known:
            first.setdefault((one.receiver, one.alert), []).append(one)
        known.add(one.id)
    found += [f"two ids for one step: {key}" for key, known in ids.items() if len(known) > 1]
    for (receiver, alert), steps in first.items():
        numbers = [one.sequence for one in steps]
        kinds = Counter("end" if one.type in ENDS else one.type for one in steps)
        if numbers != sorted(numbers):
            found.append(f"{receiver} {alert}: out of order {numbers}")
        if kinds["alert.fired"] != 1 or kinds["end"] != int(alert not in still_open):
            found.append(f"{receiver} {alert}: {dict(kinds)}")
    return found

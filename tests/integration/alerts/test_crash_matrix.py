"""Kill -9 between any two steps from record to outcome: everything is told, in order, under one id each."""

from __future__ import annotations

import itertools
import multiprocessing
import signal
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from multiprocessing.context import ForkServerContext
from pathlib import Path
from random import Random

import orjson
import pytest

from support.acceptance import Figures
from support.alert_life import POINTS, RECEIVED, Life, live
from support.postgres import Postgres
from support.soak import rounds

KILLS = rounds(26, 500)
ENDS = frozenset({"alert.resolved", "alert.closed", "alert.withdrawn", "alert.merged"})
LIFE_S = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a receiver accepted."""

    id: str
    receiver: str
    type: str
    alert: str
    sequence: int


@pytest.fixture(scope="module")
def processes() -> ForkServerContext:
    """Processes that begin with everything imported."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["support.alert_life"])
    return context


@pytest.fixture(params=["file", "server"])
def life(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Life]:
    """A life with its state in a file, or on a server."""
    if request.param == "file":
        yield Life(folder=tmp_path)
        return
    postgres: Postgres = request.getfixturevalue("postgres")
    name = postgres.ready(tmp_path)
    yield Life(folder=tmp_path, server=postgres.url(name))
    postgres.drop(name)


def lived(processes: ForkServerContext, life: Life) -> bool:
    """Let the process live; whether it was killed where it should be."""
    process = processes.Process(target=live, args=(life,))
    process.start()
    process.join(LIFE_S)
    assert process.exitcode in {0, -signal.SIGKILL}, process.exitcode
    return process.exitcode != 0


def received(folder: Path) -> list[Told]:
    lines = (folder / RECEIVED).read_bytes().splitlines()
    return [Told(**orjson.loads(line)) for line in lines]


def undisturbed(processes: ForkServerContext, tmp_path: Path, life: Life) -> set[tuple[str, str]]:
    """What one life without any fault tells: id and receiver."""
    (tmp_path / "whole").mkdir()
    whole = Life(folder=tmp_path / "whole", ticks=life.ticks, failing=0.0)
    assert not lived(processes, whole)
    return {(one.id, one.receiver) for one in received(whole.folder)}


def faults(told: Sequence[Told]) -> list[str]:
    """What no receiver may see, one line each."""
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
        if kinds["alert.fired"] != 1 or kinds["end"] != 1:
            found.append(f"{receiver} {alert}: {dict(kinds)}")
    return found


def schedule(random: Random) -> Iterator[tuple[str, int]]:
    """Every point at its first and second time, then any."""
    yield from itertools.product(POINTS, (1, 2))
    while True:
        yield random.choice(POINTS), random.randint(1, 6)


@pytest.mark.budget(60)
@pytest.mark.soak
@pytest.mark.acceptance("T2")
def test_killed_between_any_two_steps_everything_is_told_once_in_order(
    processes: ForkServerContext, life: Life, tmp_path: Path, figures: Figures
) -> None:
    life = replace(life, ticks=30 + KILLS // 2)
    expected = undisturbed(processes, tmp_path, life)
    kills, when = 0, schedule(Random(KILLS))
    for seed in itertools.count():
        point, nth = next(when) if kills < KILLS else ("", 1)
        if not lived(processes, replace(life, point=point, nth=nth, seed=seed)):
            break
        kills += 1
    told = received(life.folder)
    figures.add(kills=kills, told=len(told), again=len(told) - len({(one.id, one.receiver) for one in told}))
    assert kills >= min(KILLS, 20)
    assert {(one.id, one.receiver) for one in told} == expected
    assert faults(told) == []

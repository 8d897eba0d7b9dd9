"""Kill -9 between any two steps from record to outcome: everything is told, in order, under one id each."""

from __future__ import annotations

import itertools
import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from multiprocessing.context import ForkServerContext
from pathlib import Path
from random import Random

import pytest

from support.acceptance import Figures
from support.alert_couriers import rows, still_open
from support.alert_life import POINTS, Life, live
from support.judged_log import HOUR, MINUTE, SECOND
from support.postgres import Postgres
from support.soak import rounds
from support.told import faults, received

KILLS = int(os.environ.get("COLDCHAIN_ALERT_KILLS", rounds(26, 500)))
LIFE_S = 120.0


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


def undisturbed(processes: ForkServerContext, tmp_path: Path, life: Life) -> set[tuple[str, str]]:
    """What one life without any fault tells: id and receiver."""
    (tmp_path / "whole").mkdir()
    whole = Life(folder=tmp_path / "whole", ticks=life.ticks, failing=0.0)
    assert not lived(processes, whole)
    return {(one.id, one.receiver) for one in received(whole.folder)}


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
    assert faults(told, still_open(life)) == []


@pytest.mark.acceptance("T2")
def test_a_host_whose_clock_steps_back_and_forth_tells_everything_once_in_order(
    processes: ForkServerContext, tmp_path: Path, figures: Figures
) -> None:
    steps = ((8, 3 * MINUTE), (14, -2 * HOUR), (22, 5 * SECOND), (26, 2 * HOUR))
    life = Life(folder=tmp_path, ticks=40, jumps=steps)
    points = [("judge.committed", 9), ("send.after", 2), ("append.after", 3), ("outcome.before", 3)]
    kills = sum(lived(processes, replace(life, point=point, nth=nth)) for point, nth in points)
    assert not lived(processes, life)
    told = received(tmp_path)
    figures.add(kills=kills, told=len(told), steps=len(steps))
    assert kills == len(points)
    assert {state for _, state in rows(life)} == {"delivered"}
    assert {one.id for one in told} == {one for one, _ in rows(life)}
    assert faults(told, still_open(life)) == []

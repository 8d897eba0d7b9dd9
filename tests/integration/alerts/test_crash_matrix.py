"""Kill -9 between any two steps from record to outcome: everything is told, in order, under one id each."""

from __future__ import annotations

import itertools
import os
import signal
from collections.abc import Iterable, Iterator
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
TICKS = rounds(43, 160)
"""Of one story; the next one begins in a place of its own until there were enough kills."""
LIFE_S = rounds(120, 900)
"""A life that lasts longer hangs; the long test may share its machine with others for an hour."""
Lives = Iterator[Life]


@pytest.fixture(params=["file", "server"])
def lives(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Lives]:
    """Places for one story after the other, with their state in a file, or on a server."""
    names: list[str] = []

    def places() -> Lives:
        for number in itertools.count():
            folder = tmp_path / str(number)
            folder.mkdir()
            server = ""
            if request.param == "server":
                names.append(postgres.ready(folder))
                server = postgres.url(names[-1])
            yield Life(folder=folder, server=server, ticks=TICKS)

    if request.param == "server":
        postgres: Postgres = request.getfixturevalue("postgres")
    yield places()
    for name in names:
        postgres.drop(name)


def lived(processes: ForkServerContext, life: Life) -> bool:
    """Let the process live; whether it was killed where it should be."""
    process = processes.Process(target=live, args=(life,))
    process.start()
    process.join(LIFE_S)
    assert process.exitcode in {0, -signal.SIGKILL}, process.exitcode
    return process.exitcode != 0


def undisturbed(processes: ForkServerContext, tmp_path: Path) -> set[tuple[str, str]]:
    """What one life without any fault tells: id and receiver."""
    (tmp_path / "whole").mkdir()
    whole = Life(folder=tmp_path / "whole", ticks=TICKS, failing=0.0)
    assert not lived(processes, whole)
    return {(one.id, one.receiver) for one in received(whole.folder)}


def schedule(random: Random) -> Iterator[tuple[str, int]]:
    """Every point at its first and second time, then any."""
    yield from itertools.product(POINTS, (1, 2))
    while True:
        yield random.choice(POINTS), random.randint(1, 3)


def killed(processes: ForkServerContext, life: Life, when: Iterable[tuple[str, int]]) -> int:
    """Live a story to its end, killed where it is said, then no more; how often it was killed."""
    kills, fates = 0, itertools.chain(when, itertools.repeat(("", 1)))
    while True:
        point, nth = next(fates)
        if not lived(processes, replace(life, point=point, nth=nth, seed=kills)):
            return kills
        kills += 1


@pytest.mark.budget(60)
@pytest.mark.soak
@pytest.mark.acceptance("T2")
def test_killed_between_any_two_steps_everything_is_told_once_in_order(
    processes: ForkServerContext, lives: Lives, tmp_path: Path, figures: Figures
) -> None:
    expected, kills, when = undisturbed(processes, tmp_path), 0, schedule(Random(KILLS))
    while kills < KILLS:
        life = next(lives)
        more = killed(processes, life, itertools.islice(when, max(10, KILLS - kills)))
        kills += more
        told = received(life.folder)
        again = len(told) - len({(one.id, one.receiver) for one in told})
        figures.add(stories=1, kills=more, told=len(told), again=again)
        assert more >= 10
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

"""Several couriers on one queue, killed while receivers refuse every fifth attempt: nothing is lost."""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from random import Random

import pytest

from support.acceptance import Figures
from support.alert_couriers import deliver, queue_up, rows, still_open
from support.alert_life import Life
from support.postgres import Postgres
from support.soak import rounds
from support.told import faults, received

WORKERS = 4
KILLS = rounds(12, 400)
TICKS = rounds(60, 600)
WITHIN_S = 120.0


@pytest.fixture
def life(postgres: Postgres, tmp_path: Path) -> Iterator[Life]:
    name = postgres.ready(tmp_path)
    yield Life(folder=tmp_path, server=postgres.url(name), ticks=TICKS)
    postgres.drop(name)


class Crew:
    """Couriers, each with a name of its own, started again when they were killed."""

    def __init__(self, processes: ForkServerContext, life: Life) -> None:
        self._processes, self._life, self._began_s = processes, life, time.monotonic()
        self._started = 0
        self.couriers = [self._start(number) for number in range(WORKERS)]

    def _start(self, number: int) -> ForkServerProcess:
        self._started += 1
        life = replace(self._life, seed=self._started)
        process = self._processes.Process(target=deliver, args=(life, f"courier {number}", self._began_s))
        process.start()
        return process

    def kill(self, number: int) -> bool:
        """Kill -9 one of them if it still works, and start it again."""
        old = self.couriers[number]
        if not old.is_alive():
            return False
        old.kill()
        old.join(WITHIN_S)
        self.couriers[number] = self._start(number)
        return old.exitcode == -signal.SIGKILL

    def ended(self) -> bool:
        return not any(one.is_alive() for one in self.couriers)


@pytest.mark.budget(60)
@pytest.mark.soak
@pytest.mark.acceptance("T12")
def test_several_couriers_that_are_killed_lose_nothing(
    processes: ForkServerContext, life: Life, figures: Figures
) -> None:
    queued, random = queue_up(life), Random(KILLS)
    crew, kills = Crew(processes, life), 0
    until = time.monotonic() + WITHIN_S + KILLS
    while not crew.ended():
        assert time.monotonic() < until, Counter(state for _, state in rows(life))
        time.sleep(random.uniform(0.02, 0.2))
        if kills < KILLS:
            kills += crew.kill(random.randrange(WORKERS))
    told = received(life.folder)
    figures.add(couriers=WORKERS, kills=kills, told=len(queued), again=len(told) - len(queued))
    assert kills > 0
    assert {one.id for one in told} == queued
    assert {state for _, state in rows(life)} == {"delivered"}
    assert faults(told, still_open(life)) == []


def test_couriers_that_live_send_nothing_twice(processes: ForkServerContext, life: Life) -> None:
    life = replace(life, ticks=30, failing=0.0)
    queued = queue_up(life)
    crew = Crew(processes, life)
    for one in crew.couriers:
        one.join(WITHIN_S)
    assert Counter(one.id for one in received(life.folder)) == dict.fromkeys(queued, 1)

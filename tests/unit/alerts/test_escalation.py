"""Chains of escalation: due times, standing still, going on, beginning anew, late steps, restarts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest
from cattrs import Converter
from hypothesis import given, settings
from hypothesis import strategies as st

from coldchain_backend.alerts.escalation import Chain, after, follow_chain, next_rungs
from coldchain_backend.alerts.routing import Rung, rungs_of
from coldchain_backend.fleet import Escalation, EscalationStep
from support.soak import rounds

if TYPE_CHECKING:
    from support.acceptance import Figures

STEPS = Escalation(
    name="e",
    steps=(EscalationStep(wait_ms=10), EscalationStep(wait_ms=15, times=2), EscalationStep(wait_ms=5)),
)
RUNGS = rungs_of(STEPS)  # after 10, 25, 40, 45


def running(at_ms: int = 100) -> Chain:
    chain = follow_chain(None, RUNGS, at_ms, runs=True)
    assert chain is not None
    return chain


def due(chain: Chain) -> int | None:
    found = next_rungs(chain, RUNGS)
    return None if found is None else found[0]


def told(chain: Chain, at_ms: int) -> Chain:
    found = next_rungs(chain, RUNGS)
    assert found is not None
    return after(chain, found[1], at_ms)


def test_steps_come_one_after_another_and_end() -> None:
    chain, instants = running(), []
    while (at_ms := due(chain)) is not None:
        instants.append(at_ms)
        chain = told(chain, at_ms)
    assert instants == [110, 125, 140, 145]
    assert chain.told == 4


def test_nothing_begins_before_people_are_called() -> None:
    assert follow_chain(None, RUNGS, 100, runs=False) is None


def test_taking_notice_stops_it_and_a_time_out_lets_it_go_on_where_it_stood() -> None:
    chain = told(running(), 110)
    stopped = follow_chain(chain, RUNGS, 113, runs=False)
    assert stopped is not None
    assert due(stopped) is None
    assert follow_chain(stopped, RUNGS, 150, runs=False) == stopped
    on = follow_chain(stopped, RUNGS, 1000, runs=True)
    assert on is not None
    assert due(on) == 1000 + 12


def test_one_that_had_come_to_its_end_begins_anew() -> None:
    chain = running()
    while (at_ms := due(chain)) is not None:
        chain = told(chain, at_ms)
    stopped = follow_chain(chain, RUNGS, 200, runs=False)
    again = follow_chain(stopped, RUNGS, 500, runs=True)
    assert again is not None
    assert (due(again), again.told) == (510, 4)


def test_one_that_was_stopped_before_its_first_step_goes_on() -> None:
    stopped = follow_chain(running(), RUNGS, 104, runs=False)
    on = follow_chain(stopped, RUNGS, 204, runs=True)
    assert on is not None
    assert due(on) == 210


def test_a_late_step_moves_those_behind_it() -> None:
    """We were down from 105 to 300: the second person is not called in the same breath as the first."""
    chain = told(running(), 300)
    assert due(chain) == 315


def test_steps_of_one_instant_are_told_together() -> None:
    two = (*RUNGS, Rung(number=9, after_ms=10, calls=()))
    found = next_rungs(running(), two)
    assert found is not None
    assert len(found[1]) == 2
    chain = after(running(), found[1], 110)
    assert next_rungs(chain, two) == (125, (RUNGS[1],))


def test_a_changed_fleet_file_goes_on_from_the_wait_that_was_reached() -> None:
    chain = told(running(), 110)
    changed = rungs_of(replace(STEPS, steps=(EscalationStep(wait_ms=5), EscalationStep(wait_ms=40))))
    found = next_rungs(chain, changed)
    assert found is not None
    assert found[0] == 145
    assert next_rungs(chain, ()) is None


@dataclass
class Story:
    """Tells by a chain on a clock of its own; a restart keeps what was stored and nothing else."""

    chain: Chain | None = None
    runs: bool = True

    def __post_init__(self) -> None:
        self.told: list[tuple[int, int]] = []

    def look(self, now_ms: int) -> None:
        while self.chain is not None and (found := next_rungs(self.chain, RUNGS)) and found[0] <= now_ms:
            self.told.append((found[0], found[1][0].number))
            self.chain = after(self.chain, found[1], found[0])
        self.chain = follow_chain(self.chain, RUNGS, now_ms, runs=self.runs)

    def restart(self) -> None:
        converter = Converter(omit_if_default=True)
        stored = converter.unstructure(self.chain)
        self.chain = None if stored is None else converter.structure(stored, Chain)


@pytest.mark.acceptance("T5")
@settings(max_examples=rounds(25, 5000), deadline=None)
@given(
    happens=st.lists(
        st.tuples(st.integers(1, 30), st.sampled_from(["acknowledge", "time_out", "nothing"]), st.booleans()),
        max_size=25,
    )
)
def test_a_run_with_restarts_tells_what_a_run_without_tells(
    happens: list[tuple[int, str, bool]],
) -> None:
    plain, restarted, now_ms = Story(), Story(), 0
    for wait_ms, what, restart in happens:
        now_ms += wait_ms
        if restart:
            restarted.restart()
        for story in (plain, restarted):
            story.look(now_ms)
            if what != "nothing":
                story.runs = what == "time_out"
            story.look(now_ms)
    assert restarted.told == plain.told
    assert restarted.chain == plain.chain


@pytest.mark.acceptance("T5")
@settings(max_examples=rounds(25, 5000), deadline=None)
@given(
    stops=st.lists(st.tuples(st.integers(0, 60), st.integers(1, 60)), max_size=4),
)
def test_time_in_which_it_stands_still_is_not_waited(stops: list[tuple[int, int]]) -> None:
    """What is told in a run with pauses is told in a run without them, so much earlier as it stood still."""
    story, clock, ran = Story(), 0, 0
    story.look(0)
    for run_ms, pause_ms in stops:
        if ran + run_ms >= 45:
            break
        clock, ran = clock + run_ms, ran + run_ms
        story.look(clock)
        story.runs = False
        story.look(clock)
        clock += pause_ms
        story.runs = True
        story.look(clock)
    for at_ms in range(clock, clock + 46 - ran):
        story.look(at_ms)
    assert [number for _, number in story.told] == [1, 2, 3, 4]
    assert story.told[-1][0] == clock - ran + 45


@pytest.mark.acceptance("T5")
def test_every_step_is_told_once_whatever_the_ticks(figures: Figures) -> None:
    for tick in range(1, 60):
        story = Story()
        for now_ms in range(0, 200, tick):
            story.look(now_ms)
        assert [number for _, number in story.told] == [1, 2, 3, 4]
        figures.add(escalations=1)

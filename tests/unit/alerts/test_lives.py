"""From an alert's steps to its life for the figures: when it was on, who was called, when it was shelved."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldchain.profiles import Level
from coldchain_backend.alerts import (
    AlertKind,
    AlertState,
    Head,
    Life,
    Priority,
    Stage,
    TransitionKind,
    life_of,
    rules_of,
)
from coldchain_backend.alerts.states import ENDS
from coldchain_backend.fleet import Alerting


def head(
    state: AlertState = AlertState.FIRING, level: Level = Level.ALARM, kind: AlertKind = AlertKind.EXCURSION
) -> Head:
    return Head(
        alert="al_1",
        source="s",
        kind=kind,
        level=level,
        state=state,
        told=("dispatch",),
        acknowledged_ms=None,
    )


def lived(state: AlertState, *steps: tuple[TransitionKind, int, bool]) -> Life:
    return life_of(head(state), [Stage(kind=kind, at_ms=at, pages=pages) for kind, at, pages in steps])


FIRED, RESOLVED, RAISED = TransitionKind.FIRED, TransitionKind.RESOLVED, TransitionKind.LEVEL_CHANGED
SHELVED, UNSHELVED = TransitionKind.SHELVED, TransitionKind.UNSHELVED


def test_from_the_fire_to_the_end() -> None:
    life = lived(AlertState.RESOLVED, (FIRED, 10, True), (RAISED, 20, False), (RESOLVED, 30, False))
    assert (life.on, life.calls) == (((10, 30),), (10,))


def test_one_that_goes_on_has_no_end() -> None:
    assert lived(AlertState.FIRING, (FIRED, 10, True)).on == ((10, None),)


def test_a_warning_that_becomes_an_alarm_is_called_then() -> None:
    life = lived(AlertState.FIRING, (FIRED, 10, False), (RAISED, 20, True))
    assert (life.on, life.calls) == (((10, None),), (20,))


def test_one_that_fires_again_is_on_twice() -> None:
    life = lived(AlertState.FIRING, (FIRED, 10, True), (RESOLVED, 30, False), (FIRED, 50, True))
    assert (life.on, life.calls) == (((10, 30), (50, None)), (10, 50))


def test_an_end_that_late_data_took_back_is_none() -> None:
    life = lived(
        AlertState.FIRING, (FIRED, 10, True), (RESOLVED, 30, False), (TransitionKind.AMENDED, 40, False)
    )
    assert life.on == ((10, None),)


def test_shelved_until_taken_off_or_over() -> None:
    steps = ((FIRED, 10, True), (SHELVED, 15, False), (UNSHELVED, 20, True), (SHELVED, 25, False))
    assert lived(AlertState.FIRING, *steps).shelved == ((15, 20), (25, None))
    assert lived(AlertState.RESOLVED, *steps, (RESOLVED, 40, False)).shelved == ((15, 20), (25, 40))


@pytest.mark.parametrize(
    ("level", "kind", "priority"),
    [
        (Level.WARNING, AlertKind.EXCURSION, Priority.WARNING),
        (Level.ALARM, AlertKind.EXCURSION, Priority.CRITICAL),
        (Level.ALARM, AlertKind.SYSTEM, Priority.ALARM),
        (Level.WARNING, AlertKind.SYSTEM, Priority.WARNING),
    ],
)
def test_what_is_critical_is_of_level_alarm_and_about_goods(
    level: Level, kind: AlertKind, priority: Priority
) -> None:
    assert life_of(head(level=level, kind=kind), []).priority is priority


@given(
    st.sampled_from(AlertState),
    st.lists(st.tuples(st.sampled_from(TransitionKind), st.integers(0, 9), st.booleans()), max_size=20),
)
def test_stretches_follow_one_another(
    state: AlertState, steps: list[tuple[TransitionKind, int, bool]]
) -> None:
    at, timed = 0, list[tuple[TransitionKind, int, bool]]()
    for kind, later, pages in steps:
        at += later
        timed.append((kind, at, pages))
    life = lived(state, *timed)
    assert len(life.calls) == sum(pages for _, _, pages in steps)
    for spans in (life.on, life.shelved):
        assert all(ended is None or began <= ended for began, ended in spans)
        assert all(ended is not None for _, ended in spans[:-1])
        assert all(one[1] <= other[0] for one, other in itertools.pairwise(spans) if one[1] is not None)
    if life.on and not state.open:
        last = [kind for kind, _, _ in timed if kind in ENDS or kind in {FIRED, RAISED}][-1]
        assert (life.on[-1][1] is None) == (last not in ENDS)


def test_the_fleet_file_says_what_a_flood_is() -> None:
    rules = rules_of(Alerting(flood_count=5, flood_within_ms=60_000, chatter_count=3, chatter_within_ms=1000))
    assert (rules.flood_count, rules.flood_within_ms) == (5, 60_000)
    assert (rules.chatter_count, rules.chatter_within_ms) == (3, 1000)

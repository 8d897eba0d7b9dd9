"""What is said of a zone, in any order, gives its states over time; schedules follow the local clock."""

from __future__ import annotations

import random
from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldchain_backend.fleet import (
    Schedule,
    ScheduledTime,
    StateEntry,
    StateSource,
    ZoneState,
    entry_of_act,
    next_boundary_ms,
    scheduled_state,
)
from coldchain_backend.fleet.zone_states import stretches

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
NIGHT = ScheduledTime(days=tuple(range(7)), from_minute=22 * 60, to_minute=5 * 60)
OFFICE = ScheduledTime(days=(0, 1, 2, 3, 4), from_minute=150, to_minute=18 * 60)


def entries() -> st.SearchStrategy[list[StateEntry]]:
    """A first declaration at 0, then anything."""
    one = st.builds(
        lambda source, state, from_ms, length: (source, state, from_ms, length),
        st.sampled_from([StateSource.ACT, StateSource.INPUT, StateSource.FILE]),
        st.sampled_from(list(ZoneState)),
        st.integers(1, 60),
        st.one_of(st.none(), st.integers(1, 30)),
    )
    return st.lists(one, max_size=8).map(
        lambda said: [
            StateEntry(
                zone="z", state=ZoneState.PLANNED, from_ms=0, source=StateSource.FILE, number=1, by="a"
            ),
            *(
                StateEntry(
                    zone="z",
                    state=state,
                    from_ms=from_ms,
                    to_ms=from_ms + length if length and source is StateSource.ACT else None,
                    source=source,
                    number=number + 2,
                    by="b",
                )
                for number, (source, state, from_ms, length) in enumerate(said)
            ),
        ]
    )


def plain_state(said: list[StateEntry], at_ms: int) -> ZoneState:
    """The same rule, asked for one instant."""
    base = [one for one in said if one.source is not StateSource.ACT and one.from_ms <= at_ms]
    last = max(base, key=lambda one: (one.from_ms, one.number))
    acts = [
        one
        for one in said
        if one.source is StateSource.ACT
        and one.from_ms <= at_ms
        and (one.to_ms is None or at_ms < one.to_ms)
        and not (one.to_ms is None and _declared_since(said, one, at_ms))
    ]
    return max(acts, key=lambda one: one.number).state if acts else last.state


def _declared_since(said: list[StateEntry], act: StateEntry, at_ms: int) -> bool:
    return any(
        one.source is StateSource.FILE and one.number > act.number and act.from_ms < one.from_ms <= at_ms
        for one in said
    )


@given(said=entries(), seed=st.integers(0, 99))
def test_states_over_time_are_what_the_rule_says_of_each_instant(said: list[StateEntry], seed: int) -> None:
    shuffled = said[:]
    random.Random(seed).shuffle(shuffled)
    found = stretches(shuffled)
    assert found == stretches(said)
    assert all(before.to_ms == after.from_ms for before, after in pairwise(found))
    assert found[-1].to_ms is None
    files = sum(one.source is StateSource.FILE for one in said)
    acts = sum(one.source is StateSource.ACT for one in said)
    if files > 1 and acts > 1:
        return  # an act may cover the declaration that would end an earlier one; told in the module
    for at_ms in range(95):
        [state] = [one.state for one in found if one.holds(at_ms)]
        assert state is plain_state(said, at_ms), at_ms


def test_an_act_that_makes_no_sense_is_none() -> None:
    good = {"zone": "z", "state": "empty", "by": "Li"}
    assert entry_of_act(good, 7, 99) is not None
    for wrong in (
        {"state": "sold"},
        {"zone": ""},
        {"from": "now"},
        {"from": -5},
        {"from": 50, "to": 50},
        {"to": "later"},
    ):
        assert entry_of_act({**good, **wrong}, 7, 99) is None, wrong


@pytest.mark.parametrize(
    "zone", ["Asia/Shanghai", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"]
)
@pytest.mark.parametrize("times", [NIGHT, OFFICE])
def test_boundaries_are_where_the_state_changes_also_when_the_clock_jumps(
    zone: str, times: ScheduledTime
) -> None:
    schedule = Schedule(times=(times,), otherwise=ZoneState.EMPTY)
    for start in ("2026-03-06", "2026-03-27", "2026-04-03", "2026-10-02", "2026-10-23", "2026-10-30"):
        begin = int(datetime.fromisoformat(start).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)
        found, at_ms = [], next_boundary_ms(schedule, zone, begin)
        while at_ms is not None and at_ms < begin + 4 * DAY:
            found.append(at_ms)
            at_ms = next_boundary_ms(schedule, zone, at_ms)
        states = [scheduled_state(schedule, zone, at) for at in range(begin, begin + 4 * DAY, 10 * MINUTE)]
        wanted = [
            begin + 10 * MINUTE * index
            for index in range(1, len(states))
            if states[index] is not states[index - 1]
        ]
        assert found == wanted, start


def test_a_schedule_that_never_rests_has_no_boundary() -> None:
    always = ScheduledTime(days=tuple(range(7)), from_minute=0, to_minute=24 * 60)
    schedule = Schedule(times=(always,), otherwise=ZoneState.EMPTY)
    assert next_boundary_ms(schedule, "UTC", 0) is None

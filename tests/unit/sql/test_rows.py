"""Whatever judging keeps comes back from its row as it was."""

import random
from dataclasses import replace
from typing import cast

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import RowMapping

from coldchain.errors import IntegrityError
from coldchain.excursions import Excursion, Judged, State
from coldchain.exposure import Account, accounts
from coldchain.profiles import Level
from coldchain.readings import Quality
from coldchain_backend.alerts import (
    Alert,
    AlertKind,
    AlertState,
    Cause,
    End,
    EndKind,
    Subject,
    Transition,
    TransitionKind,
)
from coldchain_backend.alerts.states import Acknowledgement
from coldchain_backend.judging.contracts import (
    CourseKey,
    GatewayState,
    Gone,
    RunState,
    SensorState,
    StoredCourse,
    StoredExcursion,
)
from coldchain_backend.sql import alert_rows, rows
from support.judged_log import MINUTE, profile

MS = st.integers(0, 2**45)
MAYBE_MS = st.none() | MS
NAMES = st.sampled_from(["s", "配送车/前", "a b", "x\ny"])
VALUE = st.floats(-200, 850).map(lambda value: round(value, 3))
KEYS = st.builds(CourseKey, NAMES, MS, st.sampled_from(["temperature", "humidity"]))
EXCURSIONS = st.builds(
    Excursion,
    rule=NAMES,
    opened_ms=MS,
    closed_ms=MAYBE_MS,
    warning_ms=MAYBE_MS,
    alarm_ms=MAYBE_MS,
    peak=VALUE,
    peak_ms=MS,
    out_ms=MS,
    data_gap=st.booleans(),
)
OPEN = EXCURSIONS.map(lambda one: replace(one, closed_ms=None))
STATES = st.builds(
    State,
    last_ms=MAYBE_MS,
    last_value=VALUE,
    accounted_ms=MS,
    places=st.lists(st.none() | OPEN, max_size=3).map(tuple),
)
ENDS = st.builds(
    End,
    kind=st.sampled_from(EndKind),
    event_ms=MS,
    value=st.none() | VALUE,
    incomplete=st.booleans(),
    by=st.none() | NAMES,
)
CAUSES = st.builds(
    Cause,
    id=NAMES,
    kind=st.sampled_from(AlertKind),
    subject=st.builds(Subject, asset=st.none() | NAMES, point=st.none() | NAMES, gateway=st.none() | NAMES),
    opened_ms=MS,
    level=st.none() | st.sampled_from(Level),
    reached_ms=MAYBE_MS,
    known_ms=MS,
    rule=st.none() | NAMES,
    value=st.none() | VALUE,
    peak=st.none() | VALUE,
    peak_ms=MAYBE_MS,
    out_ms=MS,
    data_gap=st.booleans(),
    sensors=st.lists(NAMES, max_size=3).map(tuple),
    end=st.none() | ENDS,
)


def as_read(row: rows.Row) -> RowMapping:
    """A row as the database gives it: read by name."""
    return cast(RowMapping, row)


@given(STATES)
def test_states(state: State) -> None:
    assert rows.state_of(rows.state_blob(state)) == state


@given(
    st.builds(
        StoredCourse,
        key=KEYS,
        point=NAMES,
        state=STATES,
        hour_ms=MAYBE_MS,
        late_from_ms=MAYBE_MS,
        late_to_ms=MAYBE_MS,
        late_due_ms=MAYBE_MS,
    )
)
def test_courses(course: StoredCourse) -> None:
    assert rows.course_of(as_read(rows.course_row(course))) == course


@given(
    st.builds(
        StoredExcursion,
        id=NAMES,
        key=KEYS,
        point=NAMES,
        created=MS,
        excursion=EXCURSIONS,
        revision=st.integers(1, 9),
        end_value=st.none() | VALUE,
        held_ms=MAYBE_MS,
        incomplete=st.booleans(),
        gone=st.none() | st.sampled_from(Gone),
        into=st.none() | NAMES,
    )
)
def test_excursions(stored: StoredExcursion) -> None:
    assert rows.excursion_of(as_read(rows.excursion_row(stored))) == stored


@given(
    st.builds(
        SensorState,
        sensor=NAMES,
        gateway=st.none() | NAMES,
        heard_ms=MAYBE_MS,
        last_ms=MAYBE_MS,
        values=st.dictionaries(NAMES, VALUE | st.booleans() | st.integers(0, 2**63 - 1), max_size=3),
        quality=st.sampled_from(Quality),
        silent_since_ms=MAYBE_MS,
        silent_ms=MAYBE_MS,
    )
)
def test_sensors(sensor: SensorState) -> None:
    assert rows.sensor_of(as_read(rows.sensor_row(sensor))) == sensor


@given(
    st.builds(
        GatewayState,
        gateway=NAMES,
        known_ms=MS,
        heard_ms=MAYBE_MS,
        returned_ms=MAYBE_MS,
        offline_ms=MAYBE_MS,
        offline_since_ms=MAYBE_MS,
        going_down=st.booleans(),
        health_ms=MAYBE_MS,
        health=st.dictionaries(NAMES, VALUE | st.booleans() | NAMES, max_size=3),
    )
)
def test_gateways(gateway: GatewayState) -> None:
    assert rows.gateway_of(as_read(rows.gateway_row(gateway))) == gateway


@given(
    st.builds(
        RunState,
        run=NAMES,
        gateway=NAMES,
        held=MS,
        newest=MS,
        held_ms=MAYBE_MS,
        above=st.lists(st.tuples(MS, MS), max_size=3).map(tuple),
    )
)
def test_runs(run: RunState) -> None:
    assert rows.run_of(as_read(rows.run_row(run))) == run


@given(
    st.builds(
        Alert,
        id=NAMES,
        cause=CAUSES,
        state=st.sampled_from(AlertState),
        level=st.sampled_from(Level),
        sequence=st.integers(1, 99),
        revision=st.integers(1, 9),
        paged=st.booleans(),
        fired_ms=MS,
        told=st.lists(NAMES, max_size=2).map(tuple),
        acknowledged=st.none() | st.builds(Acknowledgement, by=NAMES, at_ms=MS, reason=NAMES),
    )
)
def test_alerts(alert: Alert) -> None:
    assert alert_rows.alert_of(as_read(alert_rows.alert_row(alert))) == alert


@pytest.mark.parametrize("kind", list(TransitionKind))
def test_transitions(kind: TransitionKind) -> None:
    step = Transition(
        alert="al",
        sequence=3,
        kind=kind,
        at_ms=1,
        event_ms=2,
        level=Level.ALARM,
        pages=True,
        value=9.5,
        by="Li",
    )
    assert alert_rows.transition_of(as_read(alert_rows.transition_row(step))) == step


QUARTER = 15 * MINUTE
INLINE = 1000
"""Bytes from which on SQLite gives a row of such a table pages of its own."""


def hour(values: list[float], rules: int) -> list[Account]:
    """The quarters of an hour with a reading a minute, under so many limits."""
    limits = profile()
    named = [replace(limits.rules[n % 2], name=f"rule-number-{n}") for n in range(rules)]
    judged = Judged(profile=replace(limits, rules=tuple(named)), interval_ms=MINUTE)
    samples = [(START + n * MINUTE, value) for n, value in enumerate(values)]
    return list(accounts(samples, judged, [START + n * QUARTER for n in range(5)]))


START = 1_795_377_600_000


@given(st.lists(st.integers(-30_000, 30_000).map(lambda n: n / 1000), min_size=1, max_size=60))
def test_the_accounts_of_an_hour_come_back_from_their_row(values: list[float]) -> None:
    quarters = hour(values, rules=3)
    assert rows.quarters_of(rows.quarters_blob(quarters)) == quarters


def test_hours_that_were_folded_before_they_were_deflated_are_read() -> None:
    quarters = hour([4.0, 9.5, 4.25], rules=2)
    assert rows.quarters_of(orjson.dumps([one.to_json() for one in quarters])) == quarters


def test_a_row_that_cannot_be_read_is_named() -> None:
    with pytest.raises(IntegrityError, match="cannot be read"):
        rows.quarters_of(b"no longer what it was")


def test_the_row_of_an_hour_takes_no_page_for_itself() -> None:
    chance = random.Random(1)
    busy = hour([chance.uniform(-30, 30) for _ in range(60)], rules=8)
    assert len(rows.quarters_blob(busy)) < INLINE * 2 // 3

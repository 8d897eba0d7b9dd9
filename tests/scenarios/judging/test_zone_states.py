"""Only a zone in use is judged, required and annunciated; what people say of the past revises verdicts."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from coldchain.profiles import Profile
from coldchain_backend.fleet import (
    Plan,
    Schedule,
    ScheduledTime,
    Sensor,
    StateInput,
    ZoneState,
    fleet_record,
)
from coldchain_backend.judging.contracts import Gone
from coldchain_backend.judging.views import Condition
from coldchain_backend.ledger import Kind, NewRecord, act_record
from support.judged_log import HOUR, MINUTE, SECOND, T0, Log, plan, profile

LIMITS = profile(alarm_after_ms=5 * MINUTE)


def say_state(
    log: Log, state: str, *, by: str = "Zhang", from_ms: int | None = None, to_ms: int | None = None
) -> None:
    """A person says in which state the zone is or was."""
    times = {name: at for name, at in (("from", from_ms), ("to", to_ms)) if at is not None}
    log.put(act_record("zone_state", by, {"zone": "z", "state": state, "reason": "said so", **times}))


def warm(log: Log, first_ms: int, last_ms: int, value: float = 9.0) -> None:
    """A reading each minute."""
    log.say(*[("s", at, value) for at in range(first_ms, last_ms + 1, MINUTE)])


def with_zone(made: Plan, **changes: object) -> Plan:
    """The plan with its zone changed."""
    [asset] = made.assets
    [zone] = asset.zones
    return replace(made, assets=(replace(asset, zones=(replace(zone, **changes),)),))  # type: ignore[arg-type]  # tests name fields


def states(log: Log) -> list[tuple[int, str]]:
    return [(one.from_ms, one.state.value) for one in log.answers.fleet().states("z")]


def test_a_zone_taken_out_of_use_ends_its_alert_by_that_person_and_is_not_judged(log: Log) -> None:
    log.only = "excursion"
    log.fleet(plan({"s": MINUTE}, limits=LIMITS))
    log.at(T0 + 10 * MINUTE)
    warm(log, T0, T0 + 10 * MINUTE)
    assert log.steps() == ["excursion alarm fired"]
    say_state(log, "maintenance")
    assert log.steps()[-1] == "excursion alarm closed"
    [alert] = log.alerts()
    assert alert.cause.end is not None
    assert alert.cause.end.by == "Zhang"
    log.at(T0 + HOUR)
    warm(log, T0 + 11 * MINUTE, T0 + HOUR)
    [point] = log.answers.board(log.clock.wall_ms).points
    assert point.condition is Condition.NOT_JUDGED
    assert [one.excursion.opened_ms for one in log.stored()] == [T0]
    say_state(log, "in_use")
    log.at(T0 + HOUR + 6 * MINUTE)
    warm(log, T0 + HOUR + MINUTE, T0 + HOUR + 6 * MINUTE)
    assert sorted(one.excursion.opened_ms for one in log.stored()) == [T0, T0 + HOUR]
    assert log.steps()[-1] == "excursion alarm level_changed"


def test_an_unused_zone_is_nobodys_silence(log: Log) -> None:
    log.fleet(plan({"s": 10 * SECOND}))
    say_state(log, "empty")
    for minute in range(20):
        log.at(T0 + minute * MINUTE)
        log.say(lines=[b"gateway outbox_batches=0i %d" % log.clock.wall_ms])
    assert log.steps() == []
    say_state(log, "in_use")
    for _ in range(12):
        log.at(log.clock.wall_ms + 10 * SECOND)
        log.say(lines=[b"gateway outbox_batches=0i %d" % log.clock.wall_ms])
    assert log.steps() == ["silence warning fired"]
    say_state(log, "empty", by="Li")
    assert log.steps()[-1] == "silence warning closed"


def test_maintenance_said_afterwards_withdraws_excursions_and_tells_nobody_again(log: Log) -> None:
    log.only = "excursion"
    log.fleet(plan({"s": MINUTE}, limits=LIMITS))
    log.at(T0 + 30 * MINUTE)
    warm(log, T0, T0 + 10 * MINUTE)
    warm(log, T0 + 11 * MINUTE, T0 + 30 * MINUTE, 4.0)
    told = log.told()
    [before] = log.stored()
    act = log.ledger.end + 1
    say_state(log, "maintenance", from_ms=T0 - HOUR, to_ms=T0 + 15 * MINUTE)
    assert log.stored() == []
    assert log.told() == told, "what has ended stays as it was told"
    log.books.begin()
    gone = log.books.excursion(before.id)
    log.books.rollback()
    assert gone is not None
    assert (gone.gone, gone.because, gone.revision) == (Gone.WITHDRAWN, act, before.revision + 1)


def test_an_excursion_that_reaches_into_maintenance_ends_where_it_begins(log: Log) -> None:
    log.only = "excursion"
    log.fleet(plan({"s": MINUTE}, limits=LIMITS))
    log.at(T0 + 40 * MINUTE)
    warm(log, T0, T0 + 20 * MINUTE)
    warm(log, T0 + 21 * MINUTE, T0 + 40 * MINUTE, 4.0)
    [before] = log.stored()
    say_state(log, "maintenance", from_ms=T0 + 10 * MINUTE, to_ms=T0 + 30 * MINUTE)
    [after] = log.stored()
    assert (after.id, after.excursion.out_ms) == (before.id, 10 * MINUTE)
    assert after.revision == before.revision + 1
    assert after.because == log.ledger.end


def test_use_said_afterwards_finds_what_was_not_judged_and_pages_for_what_goes_on(log: Log) -> None:
    log.only = "excursion"
    log.fleet(plan({"s": MINUTE}, limits=LIMITS, state=ZoneState.EMPTY))
    log.at(T0 + 20 * MINUTE)
    warm(log, T0, T0 + 5 * MINUTE)
    warm(log, T0 + 6 * MINUTE, T0 + 12 * MINUTE, 4.0)
    warm(log, T0 + 13 * MINUTE, T0 + 20 * MINUTE)
    assert log.stored() == []
    say_state(log, "in_use", from_ms=T0 + 2 * MINUTE)
    found = log.all_excursions("s")
    assert [(one.opened_ms, one.closed_ms) for one in found] == [
        (T0 + 2 * MINUTE, T0 + 6 * MINUTE),
        (T0 + 13 * MINUTE, None),
    ]
    assert "dispatch alert.fired" in log.told()


def test_what_is_said_for_later_comes_at_its_time(log: Log) -> None:
    log.only = "excursion"
    log.fleet(plan({"s": MINUTE}, limits=LIMITS))
    say_state(log, "maintenance", from_ms=T0 + 20 * MINUTE, to_ms=T0 + 40 * MINUTE)
    for minute in range(51):
        log.at(T0 + minute * MINUTE)
        log.say(("s", log.clock.wall_ms, 9.0))
    assert log.steps() == [
        "excursion warning fired",
        "excursion alarm level_changed",
        "excursion alarm closed",
        "excursion warning fired",
        "excursion alarm level_changed",
    ]
    opened = sorted(one.excursion.opened_ms for one in log.stored())
    assert opened == [T0, T0 + 40 * MINUTE]


def test_a_restart_between_act_and_its_time_changes_nothing(tmp_path: Path) -> None:
    outcomes = []
    for restarts in (False, True):
        log = Log(tmp_path)
        log.only = "excursion"
        log.fleet(plan({"s": MINUTE}, limits=LIMITS))
        say_state(log, "maintenance", from_ms=T0 + 20 * MINUTE, to_ms=T0 + 40 * MINUTE)
        for minute in range(51):
            if restarts and minute % 7 == 3:
                log.restart()
            log.at(T0 + minute * MINUTE)
            log.say(("s", log.clock.wall_ms, 9.0))
        outcomes.append((log.steps(), log.told(), log.all_excursions("s")))
        log.close()
    assert outcomes[0] == outcomes[1]


def test_a_schedule_switches_by_the_local_clock(log: Log) -> None:
    """T0 is 20:00 UTC, which is 04:00 in Shanghai."""
    daily = Schedule(
        times=(ScheduledTime(days=tuple(range(7)), from_minute=5 * 60, to_minute=22 * 60),),
        otherwise=ZoneState.EMPTY,
    )
    log.fleet(with_zone(plan({"s": MINUTE}, limits=LIMITS), schedule=daily))
    log.alive_until(T0 + 30 * HOUR, every_ms=HOUR // 2)
    local_four = -T0 % (24 * HOUR)
    assert local_four == 4 * HOUR
    assert states(log) == [
        (T0, "empty"),
        (T0 + HOUR, "in_use"),
        (T0 + 18 * HOUR, "empty"),
        (T0 + 25 * HOUR, "in_use"),
    ]


@pytest.mark.parametrize("seed", range(4))
def test_ignition_says_when_a_compartment_is_in_use_in_whatever_order_it_comes(
    tmp_path: Path, seed: int
) -> None:
    switch = StateInput(sensor="key", field="ignition", in_use_when=True, otherwise=ZoneState.EMPTY)
    made = with_zone(plan({"s": MINUTE}, limits=LIMITS), state_input=switch)
    made = replace(made, sensors=(*made.sensors, Sensor(id="key", interval_ms=MINUTE)))
    said = [(minute, minute % 20 < 12) for minute in range(0, 60, 2)]
    outcomes = []
    for shuffled in (False, True):
        log = Log(tmp_path)
        log.only = "excursion"
        log.fleet(made)
        log.at(T0 + HOUR)
        lines = [
            b"reading,sensor=key ignition=%s %d" % (b"true" if on else b"false", T0 + minute * MINUTE)
            for minute, on in said
        ] + [b"reading,sensor=s temperature=9.0 %d" % (T0 + minute * MINUTE) for minute in range(60)]
        if shuffled:
            random.Random(seed).shuffle(lines)
        for start in range(0, len(lines), 11):
            log.say(lines=lines[start : start + 11])
        log.at(T0 + HOUR + 2 * SECOND)
        log.mark()
        found = [(one.opened_ms, one.closed_ms, one.out_ms) for one in log.all_excursions("s")]
        outcomes.append((states(log), found))
        log.close()
    assert outcomes[0] == outcomes[1]
    assert outcomes[0][0][:3] == [(T0, "in_use"), (T0 + 12 * MINUTE, "empty"), (T0 + 20 * MINUTE, "in_use")]
    assert [one[0] for one in outcomes[0][1]] == [T0, T0 + 20 * MINUTE, T0 + 40 * MINUTE]


def backdated(made: Plan, from_ms: int) -> NewRecord:
    payload = fleet_record(plan=made, text="", by="Wu", reason="it was so", base=0, from_ms=from_ms)
    return NewRecord(kind=Kind.FLEET, payload=payload)


def test_a_profile_with_effect_in_the_past_judges_the_past_anew(log: Log) -> None:
    log.only = "excursion"
    log.fleet(plan({"s": MINUTE}, limits=LIMITS))
    log.at(T0 + HOUR)
    warm(log, T0, T0 + 20 * MINUTE, 7.9)
    warm(log, T0 + 21 * MINUTE, T0 + HOUR, 4.0)
    assert log.stored() == []
    stricter = _stricter(7.0)
    log.put(backdated(plan({"s": MINUTE}, limits=stricter), T0 + 10 * MINUTE))
    [found] = log.stored()
    assert (found.excursion.opened_ms, found.excursion.closed_ms) == (T0 + 10 * MINUTE, T0 + 21 * MINUTE)
    assert log.answers.fleet().profile_of("z", T0 + 5 * MINUTE) == LIMITS


def _stricter(threshold: float) -> Profile:
    high = replace(LIMITS.rules[0], threshold=threshold)
    return replace(LIMITS, version=2, rules=(high, *LIMITS.rules[1:]))


def test_a_profile_changed_while_an_excursion_is_open_closes_it_and_begins_anew(log: Log) -> None:
    log.only = "excursion"
    log.fleet(plan({"s": MINUTE}, limits=LIMITS))
    log.at(T0 + 10 * MINUTE)
    warm(log, T0, T0 + 10 * MINUTE)
    log.put(backdated(plan({"s": MINUTE}, limits=_stricter(7.0)), T0 + 5 * MINUTE))
    parts = sorted(log.stored(), key=lambda one: one.excursion.opened_ms)
    assert [one.excursion.opened_ms for one in parts] == [T0, T0 + 5 * MINUTE]
    assert [alert.state.value for alert in log.alerts()].count("firing") == 1


def test_an_assignment_with_effect_in_the_past_moves_readings_to_their_point(log: Log) -> None:
    log.only = "excursion"
    first = plan({"a": MINUTE, "b": MINUTE}, limits=LIMITS)
    log.fleet(first)
    log.at(T0 + HOUR)
    log.say(
        *[("a", T0 + n * MINUTE, 9.0) for n in range(20)],
        *[("a", T0 + n * MINUTE, 4.0) for n in range(20, 60)],
    )
    log.say(*[("b", T0 + n * MINUTE, 4.0) for n in range(60)])
    assert [one.point for one in log.stored()] == ["p.a"]
    [asset] = first.assets
    [zone] = asset.zones
    here, there = zone.points
    swapped = (replace(here, sensor="b"), replace(there, sensor="a"))
    log.put(backdated(with_zone(first, points=swapped), T0))
    [found] = log.stored()
    assert (found.point, found.excursion.opened_ms) == ("p.b", T0)

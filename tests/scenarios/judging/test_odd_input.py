"""Each kind of odd input has one defined outcome: kept, counted by name, and judged or not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from coldchain.verdicts import Outcome, ReasonKind, Verdict
from coldchain_backend.fleet import Plan, Sensor, fleet_record
from coldchain_backend.judging import Asked
from coldchain_backend.ledger import Kind, NewRecord
from support.judged_log import HOUR, MINUTE, SECOND, T0, Log, plan, profile

LIMITS = profile(alarm_after_ms=30 * MINUTE)
DAY = 24 * HOUR


def verdict(log: Log, from_ms: int, to_ms: int, point: str = "p.s") -> Verdict:
    [answer] = log.answers.verdicts([Asked(point=point, from_ms=from_ms, to_ms=to_ms)])
    found = answer.points[0].verdict
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"reading,sensor=s temperature=20.0 %d" % (T0 + 11 * MINUTE), "ahead_of_time"),
        (b"reading,sensor=s temperature=20.0 %d" % (T0 + 400 * DAY), "ahead_of_time"),
        (b"reading,sensor=s temperature=20.0 -5", "ahead_of_time"),
        (b"reading,sensor=s temperature=851.0 %d" % T0, "impossible_value"),
        (b"reading,sensor=s temperature=-200.1 %d" % T0, "impossible_value"),
        (b"reading,sensor=s temperature=nan %d" % T0, "bad_line"),
        (b"reading,sensor=s temperature=1e999 %d" % T0, "bad_line"),
        (b"reading,sensor=s temperature=true %d" % T0, "impossible_value"),
        (b"reading,sensor=s colour=4.0 %d" % T0, "unknown_field"),
        (b"reading,sensor=x temperature=4.0 %d" % T0, "unknown_sensor"),
        (b'reading,sensor=s temperature=20.0,quality="time-unsure" %d' % T0, None),
    ],
)
def test_what_cannot_be_judged_is_counted_by_name_and_opens_nothing(
    log: Log, line: bytes, reason: str | None
) -> None:
    log.fleet(plan({"s": MINUTE}, limits=LIMITS))
    log.say(lines=[line])
    log.say(("s", T0 + MINUTE, 4.0))
    assert log.stored() == []
    assert set(log.answers.unjudged()) == ({reason} if reason else set())
    log.at(T0 + 2 * MINUTE)
    log.mark()
    assert verdict(log, T0 + MINUTE, T0 + 2 * MINUTE).outcome is Outcome.CONFORM


def test_a_little_ahead_is_taken_and_a_question_never_looks_behind_its_end(log: Log) -> None:
    log.fleet(plan({"s": MINUTE}, limits=LIMITS))
    log.say(*[("s", T0 + n * MINUTE, 9.0) for n in range(10)])
    log.at(T0 + 5 * MINUTE)
    log.mark()
    assert verdict(log, T0, T0 + 5 * MINUTE).account.readings == 5


def test_an_unknown_sensor_is_kept_shown_and_judged_when_it_is_placed_afterwards(log: Log) -> None:
    log.fleet(plan({"s": MINUTE}, limits=LIMITS))
    log.at(T0 + HOUR)
    log.say(*[("new", T0 + n * MINUTE, 9.0 if n < 40 else 4.0) for n in range(60)])
    [unassigned] = [one for one in log.answers.sensors() if one.sensor == "new"]
    assert (unassigned.last_ms, unassigned.values["temperature"]) == (T0 + 59 * MINUTE, 4.0)
    assert log.stored() == []
    placed = plan({"s": MINUTE, "new": MINUTE}, limits=LIMITS)
    payload = fleet_record(plan=placed, text="", by="Wu", reason="stood there", base=0, from_ms=T0)
    log.put(NewRecord(kind=Kind.FLEET, payload=payload))
    [found] = log.stored()
    assert (found.point, found.excursion.out_ms) == ("p.new", 40 * MINUTE)
    assert verdict(log, T0, T0 + HOUR, "p.new").outcome is Outcome.NON_CONFORM


def test_names_of_unknown_sensors_are_bounded(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coldchain_backend.judging.takings.MOST_UNASSIGNED", 20)
    log.fleet(plan({"s": MINUTE}, limits=LIMITS))
    log.say(*[(f"x{number}", T0, 4.0) for number in range(50)])
    assert len(log.answers.sensors()) <= 21
    assert log.answers.unjudged() == {"unknown_sensor": 50}


def test_equal_instants_with_different_values_are_one_reading_and_a_named_conflict(tmp_path: Path) -> None:
    found = []
    for values in ((4.0, 9.0), (9.0, 4.0)):
        log = Log(tmp_path)
        log.fleet(plan({"s": MINUTE}, limits=LIMITS))
        log.at(T0 + HOUR)
        for value in values:
            log.say(*[("s", T0 + n * MINUTE, value if n == 10 else 4.5) for n in range(60)])
            log.at(log.clock.wall_ms + 2 * SECOND)
            log.mark()
        assert log.conflicts() == [("s", T0 + 10 * MINUTE)]
        found.append((log.all_excursions("s"), verdict(log, T0, T0 + HOUR)))
        log.close()
    assert found[0] == found[1]


def test_bursts_weigh_what_they_last_and_holes_are_unknown(log: Log) -> None:
    """An hour at 4 °C each minute, five minutes at 1 Hz and 20 °C, then nothing for three hours."""
    log.fleet(plan({"s": MINUTE}, limits=LIMITS))
    log.at(T0 + 5 * HOUR)
    calm = [("s", T0 + n * MINUTE, 4.0) for n in range(60)]
    burst = [("s", T0 + HOUR + n * SECOND, 20.0) for n in range(300)]
    after = [("s", T0 + 4 * HOUR + 5 * MINUTE + n * MINUTE, 4.0) for n in range(55)]
    log.say(*calm, *burst, *after)
    found = verdict(log, T0, T0 + 5 * HOUR)
    assert found.account.unknown_ms == 3 * HOUR - (MINUTE - SECOND)
    warm_ms = 5 * MINUTE + MINUTE - SECOND
    known_ms = found.account.covered_ms
    assert found.account.mean == pytest.approx(
        (4.0 * (known_ms - warm_ms) + 20.0 * warm_ms) / known_ms, abs=0.001
    )
    assert found.outcome is Outcome.NOT_DEMONSTRABLE


def test_a_backlog_of_a_year_is_judged_as_if_it_had_come_in_time_and_pages_nobody(tmp_path: Path) -> None:
    """One day of each month, kept by a gateway that was away for a year; beside it, the same in time."""
    outcomes = []
    for late in (False, True):
        log = Log(tmp_path)
        log.only = "excursion"
        log.fleet(plan({"s": 10 * MINUTE}, limits=LIMITS, gateways=()))
        days = [T0 + 30 * DAY * month for month in range(12)]
        told = [
            [("s", day + n * 10 * MINUTE, 9.0 if 30 <= n < 30 + month else 4.0) for n in range(144)]
            for month, day in enumerate(days)
        ]
        if late:
            log.at(T0 + 365 * DAY)
            log.say(("s", T0 + 365 * DAY, 4.0))
        for day, batch in zip(days, told, strict=True):
            if not late:
                log.at(day + DAY)
            log.say(*batch)
        log.at(T0 + 365 * DAY + MINUTE)
        if not late:
            log.say(("s", T0 + 365 * DAY, 4.0))
        log.at(T0 + 365 * DAY + 2 * MINUTE)
        log.mark()
        answers = [verdict(log, day, day + DAY) for day in days]
        outcomes.append((log.all_excursions("s"), answers))
        if late:
            assert log.told() == []
        log.close()
    assert outcomes[0] == outcomes[1]
    assert [one.outcome for one in outcomes[1][1]] == [Outcome.CONFORM] * 3 + [Outcome.NON_CONFORM] * 9


def test_a_sensor_that_moves_during_an_excursion_ends_it_and_begins_anew(log: Log) -> None:
    log.only = "excursion"
    first = plan({"s": MINUTE}, limits=LIMITS)
    log.fleet(first)
    log.at(T0 + HOUR)
    log.say(*[("s", T0 + n * MINUTE, 9.0) for n in range(60)])
    [asset] = first.assets
    [zone] = asset.zones
    elsewhere = replace(zone.points[0], id="p.other", sensor="s")
    here = replace(zone.points[0], sensor=None)
    moved = replace(first, assets=(replace(asset, zones=(replace(zone, points=(here, elsewhere)),)),))
    log.fleet(replace(moved, sensors=(Sensor(id="s", interval_ms=MINUTE),)), by="Wu")
    log.at(T0 + 2 * HOUR)
    log.say(*[("s", T0 + n * MINUTE, 9.0) for n in range(61, 120)])
    assert [alert.state.value for alert in log.alerts()] == ["closed", "firing"]
    assert verdict(log, T0, T0 + 2 * HOUR).outcome is Outcome.NON_CONFORM
    assert verdict(log, T0, T0 + 2 * HOUR).account.required_ms == HOUR
    assert verdict(log, T0, T0 + 2 * HOUR, "p.other").account.required_ms == HOUR


def moved(from_: str, to: str) -> Plan:
    """A store with two points, whose sensor stands at one of them."""
    base = plan({"s": MINUTE}, limits=LIMITS)
    [asset] = base.assets
    [zone] = asset.zones
    points = tuple(
        replace(zone.points[0], id=name, sensor="s" if name == to else None) for name in (from_, to)
    )
    return replace(base, assets=(replace(asset, zones=(replace(zone, points=points),)),))


def stricter() -> Plan:
    """The store under limits that 7.5 °C breaks."""
    rules = (replace(LIMITS.rules[0], threshold=7.0), *LIMITS.rules[1:])
    return plan({"s": MINUTE}, limits=replace(LIMITS, version=2, rules=rules))


@pytest.mark.parametrize(
    ("changed", "point"),
    [(stricter(), "p.s"), (moved("p.s", "p.other"), "p.other")],
    ids=["profile", "place"],
)
def test_a_change_of_the_past_leaves_the_earlier_answer_readable(log: Log, changed: Plan, point: str) -> None:
    log.fleet(plan({"s": MINUTE}, limits=LIMITS))
    log.at(T0 + HOUR)
    log.say(*[("s", T0 + n * MINUTE, 9.0 if n < 5 else 7.5) for n in range(60)])
    asked = Asked(point="p.s", from_ms=T0, to_ms=T0 + HOUR)
    number, before = log.ledger.end, log.answers.verdicts([asked])
    told = [one.revision for one in log.stored()]
    payload = fleet_record(plan=changed, text="", by="Wu", reason="it was so", base=0, from_ms=T0)
    log.put(NewRecord(kind=Kind.FLEET, payload=payload))
    assert log.answers.verdicts([asked]) != before
    assert log.answers.verdicts([asked], as_of=number) == before
    assert [one.revision for one in log.answers.excursions(None, T0, T0 + HOUR, as_of=number)] == told
    assert [one.point for one in log.stored()] == [point]
    assert verdict(log, T0, T0 + HOUR, point).account.required_ms == HOUR


@pytest.mark.parametrize(
    ("said", "covered_ms"), [((0,), MINUTE), ((0, 30), 2 * MINUTE), ((0, 1), 2 * MINUTE)]
)
def test_one_reading_or_two_are_judged_by_what_they_cover(
    log: Log, said: tuple[int, ...], covered_ms: int
) -> None:
    log.fleet(plan({"s": MINUTE}, limits=LIMITS))
    log.at(T0 + HOUR)
    log.say(*[("s", T0 + n * MINUTE, 4.0) for n in said])
    found = verdict(log, T0, T0 + HOUR)
    assert (found.account.readings, found.account.covered_ms) == (len(said), covered_ms)
    assert found.outcome is Outcome.NOT_DEMONSTRABLE
    assert verdict(log, T0, T0 + MINUTE).outcome is Outcome.CONFORM


def test_no_readings_at_all_are_never_conform(log: Log) -> None:
    log.fleet(plan({"s": MINUTE}, limits=LIMITS))
    log.at(T0 + HOUR)
    log.mark()
    found = verdict(log, T0, T0 + HOUR)
    assert found.outcome is Outcome.NOT_DEMONSTRABLE
    assert [one.kind for one in found.reasons] == [ReasonKind.NO_READINGS]


def test_a_reading_belongs_to_the_span_that_begins_with_it(log: Log) -> None:
    log.fleet(plan({"s": MINUTE}, limits=LIMITS))
    log.at(T0 + HOUR)
    log.say(*[("s", T0 + n * MINUTE, 9.0 if n == 10 else 4.0) for n in range(60)])
    parts = [verdict(log, T0, T0 + 10 * MINUTE), verdict(log, T0 + 10 * MINUTE, T0 + 20 * MINUTE)]
    assert [part.account.readings for part in parts] == [10, 10]
    assert [part.account.highest.value for part in parts if part.account.highest] == [4.0, 9.0]
    at = T0 + 10 * MINUTE
    payload = fleet_record(plan=stricter(), text="", by="Wu", reason="it was so", base=0, from_ms=at)
    log.put(NewRecord(kind=Kind.FLEET, payload=payload))
    [found] = log.stored()
    assert (found.excursion.opened_ms, found.key.from_ms) == (at, at)

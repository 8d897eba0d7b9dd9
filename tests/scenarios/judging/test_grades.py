"""Which readings are judged, and which of two wins: quality, seal, quantity, place."""

from dataclasses import replace

import pytest

from coldchain.profiles import Rule, Side
from coldchain_backend.alerts import alert_id_of
from coldchain_backend.fleet import Plan
from coldchain_backend.judging.views import Condition
from coldchain_backend.ledger import Grade, NewRecord
from support.judged_log import MINUTE, SECOND, T0, Log, Voice, plan, profile


def line(sensor: str, fields: str, time_ms: int) -> bytes:
    return f"reading,sensor={sensor} {fields} {time_ms}".encode()


def receipt(*lines: bytes, seq: int = 1) -> NewRecord:
    """An unsealed write as it was sealed on receipt."""
    voice = Voice(name="telegraf", run="receipt-1", seq=seq - 1)
    return voice.record(voice.batch([], lines), Grade.RECEIPT)


def test_unsealed_readings_are_judged_and_graded(log: Log) -> None:
    log.fleet(plan({"s": 10 * SECOND}))
    log.put(receipt(line("s", "temperature=9.0", T0)))
    assert log.steps() == ["excursion warning fired"]
    [reading] = log.answers.readings("s", T0, T0 + 1)
    assert reading.sealed is False


def test_a_sealed_reading_wins_over_an_unsealed_one_whoever_came_first(log: Log) -> None:
    log.fleet(plan({"s": 10 * SECOND}))
    log.put(receipt(line("s", "temperature=9.0", T0)))
    log.say(("s", T0, 4.0))
    log.clock.advance(2 * SECOND)
    log.mark()
    assert log.stored() == []
    [reading] = log.answers.readings("s", T0, T0 + 1)
    assert (reading.values, reading.sealed) == ({"temperature": 4.0}, True)
    assert log.conflicts() == [("s", T0)]


def test_unsealed_writes_have_no_holes_and_no_gateway(log: Log) -> None:
    log.fleet(plan({"s": 10 * SECOND}))
    log.put(receipt(line("s", "temperature=9.0", T0), seq=5))
    log.at(T0 + 10 * SECOND)
    log.put(receipt(line("s", "temperature=4.0", T0 + 10 * SECOND), seq=9))
    assert log.alerts()[0].state.value == "resolved_unacked"
    assert [gateway.heard_ms for gateway in log.answers.gateways()] == [None]


def test_readings_of_unsure_time_are_shown_and_never_judged(log: Log) -> None:
    log.fleet(plan({"s": 10 * SECOND}))
    log.say(lines=[line("s", 'temperature=20.0,quality="time-unsure",time_lower=1i,time_upper=2i', T0)])
    assert log.stored() == []
    [reading] = log.answers.readings("s", T0, T0 + 1)
    assert (reading.quality.value, reading.values) == ("time-unsure", {"temperature": 20.0})


def test_readings_placed_afterwards_are_judged(log: Log) -> None:
    log.fleet(plan({"s": 10 * SECOND}))
    log.say(lines=[line("s", 'temperature=20.0,quality="time-placed"', T0)])
    assert log.steps() == ["excursion warning fired"]


def with_humidity(what: Plan) -> Plan:
    """The plan with a limit for humidity beside the others."""
    wet = Rule(
        name="wet", side=Side.HIGH, threshold=75.0, inclusive=True, hysteresis=5.0, warning_after_ms=0,
        alarm_after_ms=MINUTE, quantity="humidity",
    )  # fmt: skip
    [limits] = what.profiles
    return replace(what, profiles=(replace(limits, rules=(*limits.rules, wet)),))


def test_other_quantities_have_rules_of_their_own(log: Log) -> None:
    log.fleet(with_humidity(plan({"s": 10 * SECOND})))
    log.say(lines=[line("s", "temperature=4.0,humidity=75.0", T0)])
    [alert] = log.alerts()
    assert (alert.cause.rule, alert.cause.limit, alert.cause.value) == ("wet", 75.0, 75.0)
    log.say(lines=[line("s", "temperature=9.0", T0 + 10 * SECOND)])
    log.at(T0 + 20 * SECOND)
    log.say(lines=[line("s", "humidity=69.0,temperature=9.0", T0 + 20 * SECOND)])
    states = {one.cause.rule: one.state.value for one in log.alerts()}
    assert states == {"wet": "resolved", "high": "firing"}


def test_both_sides_of_a_band_are_excursions_of_their_own(log: Log) -> None:
    log.fleet(plan({"s": 10 * SECOND}))
    for number, value in enumerate((9.0, -1.0, 4.0)):
        log.at(T0 + number * 10 * SECOND)
        log.say(("s", T0 + number * 10 * SECOND, value))
    spans = {
        one.excursion.rule: (one.excursion.opened_ms - T0, one.excursion.closed_ms) for one in log.stored()
    }
    assert spans == {"high": (0, T0 + 10 * SECOND), "low": (10 * SECOND, T0 + 20 * SECOND)}


def moved(what: Plan, sensor: str, point: str) -> Plan:
    """The plan with one sensor at another point, where it is the only one."""
    [asset] = what.assets
    [zone] = asset.zones
    points = tuple(
        replace(one, sensor=sensor if one.id == point else (None if one.sensor == sensor else one.sensor))
        for one in zone.points
    )
    return replace(what, assets=(replace(asset, zones=(replace(zone, points=points),)),))


def test_a_sensor_that_moves_takes_nothing_with_it(log: Log) -> None:
    what = plan({"s": 10 * SECOND, "t": 10 * SECOND})
    log.fleet(what)
    log.say(("s", T0, 9.0))
    [before] = log.stored()
    log.at(T0 + 5 * SECOND)
    log.fleet(moved(what, "s", "p.t"), by="Zhang")
    log.at(T0 + 10 * SECOND)
    log.say(("s", T0 + 10 * SECOND, 9.0))
    alerts = {alert.cause.subject.point: alert.state.value for alert in log.alerts()}
    assert alerts == {"p.s": "closed", "p.t": "firing"}
    assert alert_id_of(before.id) in {alert.id for alert in log.alerts() if alert.state.value == "closed"}
    points = {point.point_id: point for point in log.answers.board(log.clock.wall_ms).points}
    assert (points["p.s"].sensor, points["p.s"].condition) == (None, Condition.UNKNOWN)
    assert points["p.t"].condition is Condition.WARNING


def test_late_readings_from_before_a_move_are_judged_where_the_sensor_stood(log: Log) -> None:
    what = plan({"s": 10 * SECOND, "t": 10 * SECOND})
    log.fleet(what)
    log.at(T0 + MINUTE)
    log.fleet(moved(what, "s", "p.t"))
    log.at(T0 + 2 * MINUTE)
    log.say(("s", T0 + 30 * SECOND, 9.0), ("s", T0 + 90 * SECOND, 4.0))
    [stored] = log.stored()
    assert stored.point == "p.s"
    trace = log.answers.trace("p.t", T0, T0 + 2 * MINUTE, buckets=4)
    assert [bucket.last for bucket in trace.buckets] == [4.0]


@pytest.mark.parametrize("value", ["900", "-300", "NaN", "1e999", "true", '"warm"'])
def test_values_that_cannot_be_are_never_judged(log: Log, value: str) -> None:
    log.fleet(plan({"s": 10 * SECOND}))
    log.say(lines=[line("s", f"temperature={value}", T0)])
    assert log.stored() == []
    assert sum(log.answers.unjudged().values()) == 1
    [point] = log.answers.board(T0).points
    assert point.condition is Condition.UNKNOWN


def test_a_value_at_the_edge_of_what_can_be_is_judged(log: Log) -> None:
    log.fleet(plan({"s": 10 * SECOND}))
    log.say(("s", T0, 850.0))
    assert log.stored()[0].excursion.peak == 850.0


def test_zero_is_a_value_and_the_limit_itself_is_within(log: Log) -> None:
    log.fleet(plan({"s": 10 * SECOND}, limits=profile()))
    log.say(("s", T0, 0.0), ("s", T0 + SECOND, 8.0))
    assert log.stored() == []
    assert log.answers.board(T0).points[0].condition is Condition.IN_LIMITS

"""An excursion from its first reading to its end, on a clock moved by hand."""

from base64 import b64encode

import pytest

from coldchain.lineprotocol import encode
from coldchain_backend.fleet import ZoneState
from coldchain_backend.judging.views import Condition
from coldchain_backend.ledger import MarkName, act_record, mark_record
from support.acceptance import Figures
from support.judged_log import HOUR, MINUTE, SECOND, T0, Log, plan, profile


def test_an_excursion_warns_alarms_and_resolves_and_receivers_hear_of_alarm_and_end(log: Log) -> None:
    log.fleet(plan({"s": 2 * SECOND}))
    for number in range(40):
        time_ms = T0 + number * 2 * SECOND
        log.at(time_ms + 100)
        log.say(("s", time_ms, 11.3 if 10 <= number < 20 else 4.0))
    assert log.steps() == [
        "excursion warning fired",
        "excursion alarm level_changed",
        "excursion alarm resolved",
    ]
    assert log.told() == ["dispatch alert.fired", "dispatch alert.resolved"]
    [stored] = log.stored()
    assert stored.excursion.opened_ms == T0 + 20 * SECOND
    assert stored.excursion.closed_ms == T0 + 40 * SECOND
    assert stored.excursion.peak == 11.3
    board = log.answers.board(log.clock.wall_ms)
    assert [point.condition for point in board.points] == [Condition.IN_LIMITS]


def test_the_alarm_fires_without_a_further_reading_when_its_time_comes(log: Log) -> None:
    log.fleet(plan({"s": 30 * SECOND}))
    log.say(("s", T0, 4.0), ("s", T0 + 1, 9.0))
    assert log.steps() == ["excursion warning fired"]
    log.alive_until(T0 + 20 * SECOND)
    assert log.steps() == ["excursion warning fired", "excursion alarm level_changed"]
    [alert] = log.alerts()
    assert alert.cause.reached_ms == T0 + 1 + 10 * SECOND


def test_whoever_acknowledges_is_named_and_the_receivers_hear_of_it(log: Log) -> None:
    log.fleet(plan({"s": 10 * SECOND}))
    log.say(*[("s", T0 + n * 10 * SECOND, 9.0) for n in range(3)])
    [alert] = log.alerts()
    log.acknowledge(alert.id, by="Li", reason="door is being closed")
    log.acknowledge(alert.id, by="Wang", reason="too late")
    [alert] = log.alerts()
    assert alert.acknowledged is not None
    assert (alert.acknowledged.by, alert.state.value) == ("Li", "acknowledged")
    assert log.told() == ["dispatch alert.fired", "dispatch alert.acknowledged"]
    log.at(T0 + MINUTE)
    log.say(("s", T0 + 30 * SECOND, 4.0))
    assert log.alerts()[0].state.value == "resolved"
    assert log.told()[-1] == "dispatch alert.resolved"


@pytest.mark.acceptance("A9")
def test_unknown_sensors_impossible_values_and_bad_lines_are_counted_and_not_judged(
    log: Log, figures: Figures
) -> None:
    log.fleet(plan({"s": 10 * SECOND}))
    log.say(
        ("stranger", T0, 99.0),
        ("s", T0, 1000.0),
        ("s", T0 + HOUR, 20.0),
        lines=[b"reading,sensor=s temperature=", b"weather,place=x wind=3 1"],
    )
    assert log.answers.unjudged() == {
        "unknown_sensor": 1,
        "impossible_value": 1,
        "ahead_of_time": 1,
        "bad_line": 1,
        "unknown_line": 1,
    }
    assert log.stored() == []
    figures.add(lines_marked=sum(log.answers.unjudged().values()))


def test_a_zone_that_is_not_in_use_is_recorded_and_not_judged(log: Log) -> None:
    log.fleet(plan({"s": 10 * SECOND}, state=ZoneState.MAINTENANCE))
    log.say(("s", T0, 30.0))
    log.alive_until(T0 + 20 * MINUTE)
    assert log.steps() == []
    assert len(log.answers.readings("s", 0, T0 + HOUR)) == 1
    assert log.answers.board(log.clock.wall_ms).points[0].condition is Condition.NOT_JUDGED


def test_a_change_of_configuration_closes_an_alert_and_never_resolves_it(log: Log) -> None:
    log.fleet(plan({"s": 10 * SECOND}))
    log.say(*[("s", T0 + n * 10 * SECOND, 9.0) for n in range(3)])
    log.at(T0 + 25 * SECOND)
    log.fleet(plan({"s": 10 * SECOND}, limits=profile(alarm_after_ms=MINUTE)), by="Zhang")
    [alert] = log.alerts()
    assert alert.cause.end is not None
    assert (alert.state.value, alert.cause.end.by) == ("closed", "Zhang")
    assert log.told() == ["dispatch alert.fired", "dispatch alert.closed"]
    log.at(T0 + 31 * SECOND)
    log.say(("s", T0 + 30 * SECOND, 9.0))
    assert [alert.state.value for alert in log.alerts()] == ["closed", "firing"]


def test_names_that_change_end_nothing(log: Log) -> None:
    log.fleet(plan({"s": 10 * SECOND}))
    log.say(*[("s", T0 + n * 10 * SECOND, 9.0) for n in range(3)])
    log.at(T0 + 25 * SECOND)
    log.fleet(plan({"s": 10 * SECOND}, receivers=("dispatch", "quality")))
    assert log.steps() == ["excursion alarm fired"]
    log.at(T0 + MINUTE)
    log.say(("s", T0 + 30 * SECOND, 4.0))
    assert log.told() == ["dispatch alert.fired", "dispatch alert.resolved"]


def test_what_lies_long_ago_is_recorded_and_pages_nobody(log: Log) -> None:
    log.only = "excursion"
    log.fleet(plan({"s": 10 * SECOND}))
    log.at(T0 + 5 * HOUR)
    log.say(*[("s", T0 + n * 10 * SECOND, 9.0 if n < 5 else 4.0) for n in range(10)])
    assert log.steps() == [
        "excursion alarm fired",
        "excursion alarm resolved",
    ]
    assert log.told() == []


def test_what_ended_unseen_a_while_ago_is_told_with_its_end(log: Log) -> None:
    log.only = "excursion"
    log.fleet(plan({"s": 10 * SECOND}, gateways=()))
    log.at(T0 + HOUR)
    log.say(*[("s", T0 + n * 10 * SECOND, 9.0 if n < 5 else 4.0) for n in range(10)])
    assert log.told() == ["dispatch alert.fired", "dispatch alert.resolved"]


def test_an_old_alarm_pages_as_soon_as_it_proves_to_go_on(log: Log) -> None:
    log.only = "excursion"
    log.fleet(plan({"s": MINUTE}, gateways=()))
    log.at(T0 + 5 * HOUR)
    log.say(*[("s", T0 + n * MINUTE, 9.0) for n in range(60)])
    assert log.told() == []
    log.say(*[("s", T0 + n * MINUTE, 9.0) for n in range(60, 290)])
    assert log.told() == ["dispatch alert.fired"]


def test_a_local_alarm_is_noted_beside_the_alert_and_not_doubled(log: Log) -> None:
    log.fleet(plan({"s": 10 * SECOND}))
    start = encode("local_alarm", {"point": "p.s", "rule": "high"}, {"state": "alarm"}, T0 + 10 * SECOND)
    log.say(*[("s", T0 + n * 10 * SECOND, 9.0) for n in range(3)], lines=[start])
    log.at(T0 + MINUTE)
    end = encode("local_alarm", {"point": "p.s", "rule": "high"}, {"state": "end"}, T0 + 40 * SECOND)
    log.say(("s", T0 + 30 * SECOND, 4.0), lines=[end])
    [alert] = log.alerts()
    story = log.answers.alert(alert.id)
    assert story is not None
    [noted] = story.local_alarms
    assert (noted.opened_ms, noted.ended_ms) == (T0 + 10 * SECOND, T0 + 40 * SECOND)


def test_marks_about_the_product_itself_go_to_the_system_receiver(log: Log) -> None:
    log.fleet(plan({"s": 10 * SECOND}, receivers=("admin", "dispatch")))
    log.put(mark_record(MarkName.DISK_FULL))
    log.put(mark_record(MarkName.DISK_FULL))
    log.put(mark_record(MarkName.DISK_RECOVERED))
    log.put(mark_record(MarkName.DISK_FULL))
    log.put(mark_record(MarkName.CLONE, {"gateway": "gw", "run": "run-1", "seq": 3}))
    assert [step.removeprefix("system ") for step in log.steps()].count("alarm fired") == 3
    assert sorted(log.told()) == ["admin alert.fired"] * 3 + ["admin alert.resolved"]


def test_the_text_says_what_happened_in_both_languages(log: Log) -> None:
    log.only = "excursion"
    log.fleet(plan({"s": MINUTE}))
    log.at(T0 + 53 * MINUTE)
    log.say(*[("s", T0 + n * MINUTE, 11.3 if n < 52 else 4.0) for n in range(53)])
    [alert] = log.alerts()
    story = log.answers.alert(alert.id)
    assert story is not None
    text = log.answers.text(story)
    assert "back within limits" in text.en
    assert "was out 52 min, peak 11.3 °C; goods: decision pending" in text.en
    assert "冷藏间" in text.zh
    assert "超限 52 分钟" in text.zh


def test_what_a_revoked_key_sends_is_counted_and_not_judged_until_it_is_enrolled_again(log: Log) -> None:
    log.fleet(plan({"s": 10 * SECOND}))
    key = log.voice.key
    log.put(act_record("revoke", "Li", {"gateway": "gw", "key": key.fingerprint, "reason": "stolen"}))
    log.say(("s", T0, 9.0))
    log.restart()
    log.say(("s", T0 + SECOND, 9.0))
    assert log.stored() == []
    assert log.answers.unjudged() == {"key_revoked": 2}
    log.put(act_record("enrol", "Li", {"gateway": "gw", "key": b64encode(key.public).decode()}))
    log.say(("s", T0 + 2 * SECOND, 9.0))
    assert len(log.stored()) == 1

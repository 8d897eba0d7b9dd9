"""Conditions of devices open and end as one alert each; what is not in use is not told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from coldchain.profiles import Mode, Rule, Side
from coldchain_backend.fleet import Certificate, Gateway, Plan, Sensor
from coldchain_backend.judging import AlertStory
from coldchain_backend.ledger import MarkName
from support.judged_log import HOUR, MINUTE, SECOND, T0, Log, Voice, plan

DAY = 24 * HOUR


def made(**of_sensor: object) -> Plan:
    """Two temperature sensors of a zone, a door contact and a supply monitor."""
    base = plan({"s": MINUTE, "t": MINUTE})
    [asset] = base.assets
    [zone] = asset.zones
    zone = replace(zone, doors=("door",), door_open_after_ms=10 * MINUTE)
    sensors = (
        replace(base.sensors[0], **of_sensor),  # type: ignore[arg-type]  # tests name fields
        *base.sensors[1:],
        Sensor(id="door", interval_ms=HOUR),
        Sensor(id="supply", interval_ms=HOUR),
    )
    return replace(base, assets=(replace(asset, zones=(zone,), mains=("supply",)),), sensors=sensors)


def line(sensor: str, at_ms: int, **fields: str) -> bytes:
    said = ",".join(f"{name}={value}" for name, value in fields.items())
    return f"reading,sensor={sensor} {said} {at_ms}".encode()


def live(log: Log, until_ms: int, *, still: float | None = None, lines: Sequence[bytes] = ()) -> None:
    """Both sensors speak each minute; `s` says `still` if that is given."""
    first = True
    while log.clock.wall_ms < until_ms:
        log.at(log.clock.wall_ms + MINUTE)
        at_ms = log.clock.wall_ms
        moving = 4.0 + (at_ms // MINUTE % 20) / 10
        log.say(
            ("s", at_ms, moving if still is None else still),
            ("t", at_ms, moving),
            lines=lines if first else (),
        )
        first = False


def steps(log: Log, kind: str) -> list[str]:
    log.only = kind
    return [step.removeprefix(f"{kind} ") for step in log.steps()]


def test_a_battery_is_a_warning_then_an_alarm_and_ends_clearly_above(log: Log) -> None:
    log.fleet(made())
    for percent in ("80", "15", "14", "16", "4", "12", "19", "21"):
        log.at(log.clock.wall_ms + MINUTE)
        log.say(lines=[line("s", log.clock.wall_ms, temperature="4.0", battery=percent)])
    assert steps(log, "battery") == ["warning fired", "alarm level_changed", "alarm resolved"]
    [alert] = log.alerts()
    assert alert.cause.detail == "21 %"
    assert "21 %" in log.answers.text(_story(log)).en


def _story(log: Log) -> AlertStory:
    story = log.answers.alert(log.alerts()[0].id)
    assert story is not None
    return story


def test_a_door_left_open_is_told_after_its_time_also_over_a_restart(log: Log) -> None:
    log.fleet(made())
    log.say(lines=[line("door", T0, door_open="false")])
    live(log, T0 + 5 * MINUTE, lines=[line("door", T0 + MINUTE, door_open="true")])
    log.restart()
    live(log, T0 + 40 * MINUTE)
    log.say(lines=[line("door", log.clock.wall_ms, door_open="false")])
    assert steps(log, "door") == ["warning fired", "alarm level_changed", "alarm resolved"]
    [alert] = log.alerts()
    assert (alert.cause.opened_ms, alert.fired_ms) == (T0 + MINUTE, T0 + 11 * MINUTE)
    assert alert.cause.subject.zone == "z"


def test_a_door_that_closes_in_time_is_nothing(log: Log) -> None:
    log.fleet(made())
    live(log, T0 + 5 * MINUTE, lines=[line("door", T0 + MINUTE, door_open="true")])
    live(log, T0 + 40 * MINUTE, lines=[line("door", T0 + 6 * MINUTE, door_open="false")])
    assert steps(log, "door") == []


def test_a_power_cut_is_an_alarm_at_once(log: Log) -> None:
    log.fleet(made())
    live(
        log,
        T0 + 3 * MINUTE,
        lines=[line("supply", T0, mains="true"), line("supply", T0 + MINUTE, mains="false")],
    )
    assert steps(log, "mains") == ["alarm fired"]
    assert log.told() == ["dispatch alert.fired"]
    live(log, T0 + 6 * MINUTE, lines=[line("supply", T0 + 4 * MINUTE, mains="true")])
    assert steps(log, "mains") == ["alarm fired", "alarm resolved"]
    assert log.alerts()[0].cause.subject.asset == "store"


def test_late_readings_change_no_condition(log: Log) -> None:
    log.fleet(made())
    live(log, T0 + 10 * MINUTE, lines=[line("supply", T0 + MINUTE, mains="true")])
    log.say(lines=[line("supply", T0, mains="false"), line("door", T0, door_open="true")])
    assert steps(log, "mains") == []


def test_a_stuck_sensor_is_told_beside_one_that_moves_and_ends_when_it_moves(log: Log) -> None:
    log.fleet(made(flat_after_ms=2 * HOUR, resolution=0.1))
    live(log, T0 + HOUR)
    live(log, T0 + 5 * HOUR, still=3.5)
    assert steps(log, "flat_line") == ["warning fired"]
    [alert] = log.alerts()
    assert alert.cause.subject.sensor == "s"
    assert alert.cause.opened_ms == T0 + HOUR + MINUTE
    assert alert.fired_ms < T0 + HOUR + 2 * HOUR + HOUR + 2 * MINUTE, "looked at once an hour"
    log.alive_until(T0 + 9 * HOUR, every_ms=10 * MINUTE)
    assert steps(log, "flat_line") == ["warning fired"], "silence ends nothing"
    live(log, T0 + 11 * HOUR)
    assert steps(log, "flat_line") == ["warning fired", "warning resolved"]


def test_a_calibration_is_due_then_overdue_and_a_new_certificate_ends_it(log: Log) -> None:
    """T0 is 2026-11-22 20:00 UTC, the 23rd in the store's zone."""
    old = Certificate(number="A-1", date="2026-01-01", due="2026-12-25")
    log.fleet(made(certificate=old))
    log.alive_until(T0 + 40 * DAY, every_ms=12 * HOUR)
    assert steps(log, "calibration") == ["warning fired", "alarm level_changed"]
    [alert] = log.alerts()
    assert alert.cause.detail == "A-1, 2026-12-25"
    log.fleet(made(certificate=replace(old, number="A-2", due="2027-12-25")))
    assert steps(log, "calibration")[-1] == "alarm resolved"


def test_a_gateway_with_a_clock_ahead_or_untrusted_is_told_until_it_is_right(log: Log) -> None:
    log.fleet(made())
    log.say(("s", T0 + HOUR, 4.0))
    assert steps(log, "clock") == ["alarm fired"]
    log.at(T0 + MINUTE)
    log.say(("s", T0 + MINUTE, 4.0))
    assert steps(log, "clock") == ["alarm fired", "alarm resolved"]
    log.at(T0 + 2 * MINUTE)
    log.say(lines=[line("s", T0 + 2 * MINUTE, temperature="4.0", quality='"time-unsure"')])
    assert steps(log, "clock")[-1] == "warning fired"


def test_what_is_taken_out_of_use_ends_its_conditions(log: Log) -> None:
    log.fleet(made())
    log.say(lines=[line("s", T0, temperature="4.0", battery="10")])
    log.fleet(plan({"t": MINUTE}), by="Wu")
    assert steps(log, "battery") == ["warning fired", "warning closed"]


RATE = Rule(
    name="rising", side=Side.HIGH, threshold=10.0, inclusive=False, alarm_after_ms=0, mode=Mode.RATE,
    window_ms=10 * MINUTE,
)  # fmt: skip


@pytest.mark.parametrize(
    ("field", "at_minute", "level"),
    [
        (None, 0, "alarm"),
        ("door_open", 58, "warning"),
        ("defrost", 50, "warning"),
        ("door_open", -5, "alarm"),  # too long ago to explain it
    ],
)
def test_a_fast_rise_pages_unless_a_door_or_a_defrost_explains_it(
    log: Log, field: str | None, at_minute: int, level: str
) -> None:
    base = made()
    rising = replace(base.profiles[0], rules=(RATE,), version=2)
    log.fleet(replace(base, profiles=(rising,)))
    for minute in range(75):
        log.at(T0 + minute * MINUTE)
        lines = [line("door", log.clock.wall_ms, **{field or "battery": "false" if field else "80"})]
        if field is not None and minute == max(at_minute, 0):
            lines = [line("door", T0 + at_minute * MINUTE, **{field: "true"})]
            if at_minute < 0:
                lines.append(line("door", T0, **{field: "false"}))
        log.say(("s", log.clock.wall_ms, 4.0 + max(0, minute - 60) * 0.5), lines=lines if minute < 60 else [])
    assert steps(log, "excursion")[0] == f"{level} fired"
    assert ("dispatch alert.fired" in log.told()) is (level == "alarm")


def many(log: Log, count: int) -> list[Voice]:
    """So many gateways, each with one sensor."""
    sensors = {f"s{number}": MINUTE for number in range(count)}
    base = plan(sensors, gateways=())
    log.fleet(
        replace(base, gateways=tuple(Gateway(name=f"g{number}", asset="store") for number in range(count)))
    )
    return [Voice(name=f"g{number}", run=f"run-{number}") for number in range(count)]


def speak(log: Log, voices: Sequence[Voice]) -> None:
    at_ms = log.clock.wall_ms
    log.put(*[one.record(one.batch([(f"s{one.name[1:]}", at_ms, 4.0)])) for one in voices])


def test_many_gateways_that_fall_silent_together_are_one_alert(log: Log) -> None:
    voices = many(log, 10)
    speak(log, voices)
    for _ in range(20):
        log.at(log.clock.wall_ms + MINUTE)
        speak(log, voices[:6])
    assert steps(log, "gateway_offline") == []
    assert steps(log, "system") == ["alarm fired"]
    assert "4/10" in str(log.alerts()[0].cause.detail)
    speak(log, voices[:9])
    assert steps(log, "system") == ["alarm fired", "alarm resolved"]
    for _ in range(3):
        log.at(log.clock.wall_ms + MINUTE)
        speak(log, voices[:9])
    assert steps(log, "gateway_offline") == ["warning fired"], "the last one is told by itself"


@pytest.mark.parametrize("gap_ms", [10 * MINUTE])
def test_gateways_that_fall_silent_one_by_one_are_told_each(log: Log, gap_ms: int) -> None:
    voices = many(log, 10)
    for number in range(10, 6, -1):
        for _ in range(gap_ms // MINUTE):
            speak(log, voices[:number])
            log.at(log.clock.wall_ms + MINUTE)
    assert len(steps(log, "gateway_offline")) >= 2
    assert steps(log, "system") == []


def test_a_gateway_that_sends_once_an_hour_is_not_missed_before(tmp_path: Path) -> None:
    outcomes = []
    for every_ms in (0, HOUR):
        log = Log(tmp_path)
        base = plan({"s": MINUTE})
        log.fleet(replace(base, gateways=(Gateway(name="gw", asset="store", uploads_every_ms=every_ms),)))
        for hour in range(1, 4):
            log.alive_until(T0 + hour * HOUR, every_ms=MINUTE)
            begin = T0 + (hour - 1) * HOUR
            log.say(*[("s", begin + minute * MINUTE, 4.0) for minute in range(1, 61)])
        outcomes.append(log.steps())
        log.close()
    assert outcomes[1] == []
    assert "gateway_offline warning fired" in outcomes[0]


def test_conditions_survive_a_restart_unchanged(tmp_path: Path) -> None:
    outcomes = []
    for restarts in (False, True):
        log = Log(tmp_path)
        log.mark(MarkName.START)
        log.fleet(made(flat_after_ms=2 * HOUR))
        for hour in range(1, 7):
            lines = [line("s", log.clock.wall_ms + MINUTE, temperature="4.0", battery=str(40 - 5 * hour))]
            live(log, T0 + hour * HOUR, still=4.0, lines=lines if hour > 2 else [])
            if restarts:
                log.restart()
        log.at(log.clock.wall_ms + SECOND)
        outcomes.append((log.steps(), log.told()))
        log.close()
    assert outcomes[0] == outcomes[1]
    assert {step.split()[0] for step in outcomes[0][0]} >= {"battery", "flat_line"}


def three(certified: str | None = None) -> Plan:
    """Three temperature sensors of one zone; `s` with a certificate of a date."""
    base = plan({"s": 10 * MINUTE, "t": 10 * MINUTE, "u": 10 * MINUTE})
    if certified is None:
        return base
    fresh = replace(base.sensors[0], certificate=Certificate(number="C-2", date=certified, due="2099-01-01"))
    return replace(base, sensors=(fresh, *base.sensors[1:]))


def creep(log: Log, hours: int, *, alone: bool) -> None:
    """Three sensors stand at 4 °C for 12 h; then `s`, or all of them, rise by 0.2 °C each hour."""
    while log.clock.wall_ms < T0 + hours * HOUR:
        log.at(log.clock.wall_ms + 10 * MINUTE)
        rise = max(0.0, (log.clock.wall_ms - T0 - 12 * HOUR) / HOUR) * 0.2
        away = {"s": rise, "t": 0.0 if alone else rise, "u": 0.0 if alone else rise}
        log.say(*[(name, log.clock.wall_ms, 4.0 + by) for name, by in away.items()])


def test_a_sensor_that_leaves_its_neighbours_drifts_until_it_is_calibrated(log: Log) -> None:
    log.fleet(three())
    creep(log, 18, alone=True)
    log.restart()
    creep(log, 30, alone=True)
    assert steps(log, "drift") == ["warning fired"]
    [alert] = log.alerts()
    assert alert.cause.subject.sensor == "s"
    assert alert.cause.opened_ms == pytest.approx(T0 + 14 * HOUR, abs=2 * HOUR)
    assert alert.cause.detail is not None
    assert alert.cause.detail.startswith("+1.")
    log.fleet(three("2020-01-01"))
    assert steps(log, "drift") == ["warning fired"], "that was before it drifted"
    log.fleet(three("2098-01-01"))
    assert steps(log, "drift") == ["warning fired", "warning resolved"]


def test_a_room_that_warms_takes_all_along_and_is_no_drift(log: Log) -> None:
    log.fleet(three())
    creep(log, 30, alone=False)
    assert steps(log, "drift") == []


def late_by(log: Log, until_ms: int, age_ms: int) -> None:
    """A batch each minute whose reading is so old."""
    while log.clock.wall_ms < until_ms:
        log.at(log.clock.wall_ms + MINUTE)
        log.say(("s", log.clock.wall_ms - age_ms, 4.0))


def test_a_clock_that_is_behind_is_an_alarm_also_over_a_restart_and_ends_when_it_is_right(log: Log) -> None:
    log.fleet(made())
    late_by(log, T0 + 5 * MINUTE, 0)
    late_by(log, T0 + 10 * MINUTE, 2 * HOUR)
    log.restart()
    late_by(log, T0 + 14 * MINUTE, 2 * HOUR)
    assert steps(log, "clock") == []
    late_by(log, T0 + 20 * MINUTE, 2 * HOUR)
    assert steps(log, "clock") == ["alarm fired"]
    assert log.alerts()[0].cause.detail == "behind"
    late_by(log, T0 + 22 * MINUTE, 0)
    assert steps(log, "clock") == ["alarm fired", "alarm resolved"]


def test_a_backlog_that_drains_is_no_clock(log: Log) -> None:
    log.fleet(made())
    for number in range(60):
        log.at(log.clock.wall_ms + MINUTE)
        log.say(("s", T0 - 10 * HOUR + number * 10 * MINUTE, 4.0))
    assert steps(log, "clock") == []


def test_old_batches_beside_new_ones_are_no_clock(log: Log) -> None:
    log.fleet(made())
    for number in range(60):
        log.at(log.clock.wall_ms + MINUTE)
        log.say(("s", T0 - 10 * HOUR + number * MINUTE, 4.0))
        log.say(("s", log.clock.wall_ms, 4.0))
    assert steps(log, "clock") == []

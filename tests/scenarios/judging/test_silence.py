"""Who says nothing: sensors from the inventory, gateways, and our own downtime."""

from coldchain_backend.judging.views import Condition
from coldchain_backend.ledger import MarkName
from support.judged_log import HOUR, MINUTE, SECOND, T0, Log, plan

DELAY = 90 * SECOND  # max(2.5 × 10 s, 60 s) and 30 s for the upload
HEALTH = b"gateway outbox_batches=0i %d"


def keep_talking(log: Log, until_ms: int, sensor: str | None = None, value: float = 4.0) -> None:
    """The gateway's own lines every 10 s, and a sensor's readings if one is named."""
    while log.clock.wall_ms < until_ms:
        log.at(log.clock.wall_ms + 10 * SECOND)
        readings = [] if sensor is None else [(sensor, log.clock.wall_ms, value)]
        log.say(*readings, lines=[HEALTH % log.clock.wall_ms])


def test_a_silent_sensor_is_a_warning_then_an_alarm_and_speaking_ends_it(log: Log) -> None:
    log.fleet(plan({"s": 10 * SECOND}))
    log.say(("s", T0, 4.0))
    keep_talking(log, T0 + DELAY)
    assert log.steps() == ["silence warning fired"]
    assert log.alerts()[0].fired_ms == T0 + DELAY
    keep_talking(log, T0 + DELAY + 30 * MINUTE)
    assert log.steps() == ["silence warning fired", "silence alarm level_changed"]
    keep_talking(log, T0 + 40 * MINUTE, "s")
    assert log.steps()[-1] == "silence alarm resolved"
    assert log.told() == ["dispatch alert.fired", "dispatch alert.resolved"]


def test_a_sensor_that_was_never_seen_is_silent_too(log: Log) -> None:
    log.fleet(plan({"s": 10 * SECOND, "never": 10 * SECOND}))
    keep_talking(log, T0 + DELAY, "s")
    [alert] = log.alerts()
    assert (alert.cause.subject.sensor, alert.cause.kind.value) == ("never", "silence")
    assert alert.cause.opened_ms == T0, "it is missed since it was declared"
    points = {point.sensor: point for point in log.answers.board(log.clock.wall_ms).points}
    assert points["never"].condition is Condition.UNKNOWN
    assert points["s"].condition is Condition.IN_LIMITS


def test_silence_never_resolves_an_excursion_and_alarms_at_once_while_one_is_open(log: Log) -> None:
    log.fleet(plan({"s": 10 * SECOND}))
    log.say(("s", T0, 9.0), ("s", T0 + 10 * SECOND, 9.0))
    keep_talking(log, T0 + HOUR)
    states = {alert.cause.kind.value: (alert.state.value, alert.level.value) for alert in log.alerts()}
    assert states == {"excursion": ("firing", "alarm"), "silence": ("firing", "alarm")}
    [point] = log.answers.board(log.clock.wall_ms).points
    assert point.condition is Condition.ALARM
    assert point.unknown_since_ms == T0 + 10 * SECOND


def test_readings_from_long_ago_do_not_end_a_silence(log: Log) -> None:
    log.fleet(plan({"s": 10 * SECOND}))
    keep_talking(log, T0 + 10 * MINUTE)
    log.say(("s", T0 + MINUTE, 4.0))
    assert log.alerts()[0].state.value == "firing"
    log.say(("s", T0 + 10 * MINUTE, 4.0))
    assert log.alerts()[0].state.value == "resolved"


def test_an_unheard_gateway_is_one_alert_that_names_its_sensors(log: Log) -> None:
    log.fleet(plan(dict.fromkeys("abc", 10 * SECOND)))
    log.say(*[(name, T0, 4.0) for name in "abc"])
    log.alive_until(T0 + 10 * MINUTE)
    [alert] = log.alerts()
    assert alert.cause.kind.value == "gateway_offline"
    assert alert.cause.sensors == ("a", "b", "c")
    assert alert.fired_ms == T0 + 5 * MINUTE
    assert alert.level.value == "warning"
    log.say(("a", log.clock.wall_ms, 4.0))
    assert log.alerts()[0].state.value == "resolved"
    keep_talking(log, log.clock.wall_ms + DELAY, "a")
    silent = {one.cause.subject.sensor for one in log.alerts() if one.cause.kind.value == "silence"}
    assert silent == {"b", "c"}


def test_a_gateway_that_goes_down_in_order_is_shown_and_never_alarms(log: Log) -> None:
    log.fleet(plan({"s": 10 * SECOND}))
    log.say(("s", T0, 4.0), lines=[b'going_down reason="sigterm" %d' % T0])
    log.alive_until(T0 + 2 * HOUR, every_ms=MINUTE)
    assert log.steps() == ["gateway_offline warning fired"]


def test_our_own_downtime_is_nobodys_silence(log: Log) -> None:
    log.fleet(plan({"s": 10 * SECOND}))
    log.say(("s", T0, 4.0))
    log.at(T0 + 3 * HOUR)
    log.restart()
    log.mark(MarkName.START)
    keep_talking(log, T0 + 3 * HOUR + DELAY)
    assert log.steps() == []
    keep_talking(log, T0 + 3 * HOUR + DELAY + 10 * SECOND)
    assert log.steps() == ["silence warning fired"]


def test_a_sensor_that_leaves_the_fleet_closes_its_silence(log: Log) -> None:
    log.fleet(plan({"s": 10 * SECOND, "t": 10 * SECOND}))
    keep_talking(log, T0 + DELAY, "t")
    log.fleet(plan({"t": 10 * SECOND}), by="Zhang")
    assert log.steps() == ["silence warning fired", "silence warning closed"]

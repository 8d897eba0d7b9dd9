"""What can be asked: board, traces, lists and stories, all from what was committed."""

import pytest

from coldchain.profiles import Level
from coldchain_backend.alerts import AlertState
from coldchain_backend.judging.views import AlertFilter, Condition
from support.judged_log import HOUR, MINUTE, SECOND, T0, Log, plan, profile


def test_the_board_is_never_green_on_old_data(log: Log) -> None:
    log.fleet(plan({"s": 10 * SECOND}))
    log.say(("s", T0, 4.0))
    stale_ms = T0 + 45 * SECOND
    [fresh] = log.answers.board(stale_ms).points
    [old] = log.answers.board(stale_ms + 1).points
    assert (fresh.condition, fresh.unknown_since_ms) == (Condition.IN_LIMITS, None)
    assert (old.condition, old.unknown_since_ms) == (Condition.UNKNOWN, T0)
    assert old.values == {"temperature": 4.0}


def test_a_delay_that_runs_is_shown_as_pending(log: Log) -> None:
    rules = profile(alarm_after_ms=MINUTE).rules
    quiet = profile()
    limits = type(quiet)(
        name=quiet.name, version=1, title=quiet.title, citation="", mark=quiet.mark,
        rules=tuple(type(rule)(
            name=rule.name, side=rule.side, threshold=rule.threshold, inclusive=False, hysteresis=0.5,
            warning_after_ms=30 * SECOND, alarm_after_ms=MINUTE,
        ) for rule in rules),
    )  # fmt: skip
    log.fleet(plan({"s": 10 * SECOND}, limits=limits))
    log.say(("s", T0, 9.0))
    [point] = log.answers.board(T0 + SECOND).points
    assert (point.condition, point.alert_id) == (Condition.PENDING, None)
    assert log.steps() == []


def test_open_excursions_and_alerts_are_as_of_now(log: Log) -> None:
    log.fleet(plan({"s": MINUTE}))
    log.only = "excursion"
    for number in range(20):
        log.at(T0 + number * MINUTE)
        log.say(("s", T0 + number * MINUTE, 9.0 + number / 10))
    [point] = log.answers.board(log.clock.wall_ms).points
    assert point.excursion is not None
    [listed] = log.answers.excursions(["p.s"], T0, T0 + HOUR)
    [alert] = log.alerts()
    story = log.answers.alert(alert.id)
    assert story is not None
    peaks = {point.excursion.excursion.peak, listed.excursion.peak, alert.cause.peak, story.alert.cause.peak}
    outs = {point.excursion.excursion.out_ms, listed.excursion.out_ms, alert.cause.out_ms}
    assert peaks == {10.9}
    assert outs == {19 * MINUTE}
    assert point.alert_id == alert.id


def test_alerts_can_be_chosen_and_paged(log: Log) -> None:
    log.only = "excursion"
    sensors = {f"s{number}": 10 * SECOND for number in range(5)}
    log.fleet(plan(sensors))
    for number, sensor in enumerate(sensors):
        log.at(T0 + number * SECOND)
        log.say((sensor, log.clock.wall_ms, 9.0))
    log.say(("s0", log.clock.wall_ms, 4.0))
    wanted = AlertFilter(state=AlertState.FIRING)
    assert len(log.answers.alerts(wanted)) == 4
    assert len(log.answers.alerts(AlertFilter(state=AlertState.RESOLVED))) == 1
    assert len(log.answers.alerts(AlertFilter(open=True, level=Level.WARNING, asset="store"))) == 4
    assert log.answers.alerts(AlertFilter(asset="elsewhere")) == []
    pages, after = [], None
    while page := log.answers.alerts(AlertFilter(), after=after, limit=2):
        pages += [alert.id for alert in page]
        after = page[-1].id
    assert pages == [alert.id for alert in reversed(log.alerts())]


def test_excursions_can_be_chosen_by_point_and_time_and_paged(log: Log) -> None:
    log.fleet(plan({"s": MINUTE, "t": MINUTE}))
    log.at(T0 + HOUR)
    log.say(*[("s", T0 + n * MINUTE, 9.0 if n % 3 == 0 else 4.0) for n in range(12)], ("t", T0, 9.0))
    assert len(log.answers.excursions(["p.s"], T0, T0 + HOUR)) == 4
    assert len(log.answers.excursions(None, T0, T0 + HOUR)) == 5
    [one] = log.answers.excursions(["p.s"], T0 + 4 * MINUTE, T0 + 7 * MINUTE)
    assert one.excursion.opened_ms == T0 + 6 * MINUTE
    first = log.answers.excursions(None, T0, T0 + HOUR, limit=3)
    rest = log.answers.excursions(None, T0, T0 + HOUR, after=first[-1].id, limit=3)
    assert len({one.id for one in (*first, *rest)}) == 5


def test_readings_come_page_by_page_with_quality_and_seal(log: Log) -> None:
    log.fleet(plan({"s": MINUTE}))
    log.at(T0 + 20 * HOUR)
    log.say(*[("s", T0 + n * HOUR, float(n)) for n in range(20)])
    first = log.answers.readings("s", T0, T0 + 24 * HOUR, limit=7)
    rest = log.answers.readings("s", T0, T0 + 24 * HOUR, after_ms=first[-1].time_ms)
    assert [one.values["temperature"] for one in (*first, *rest)] == [float(n) for n in range(20)]
    assert {(one.quality.value, one.sealed) for one in first} == {("good", True)}
    assert log.answers.readings("nobody", T0, T0 + 24 * HOUR) == []


def test_a_trace_sums_up_buckets_and_names_gaps(log: Log) -> None:
    log.fleet(plan({"s": MINUTE}))
    log.at(T0 + 2 * HOUR)
    log.say(*[("s", T0 + n * MINUTE, 4.0 + n % 2) for n in range(10)], ("s", T0 + HOUR, 8.0))
    trace = log.answers.trace("p.s", T0, T0 + 2 * HOUR, buckets=12)
    first, last = trace.buckets
    assert (first.low, first.high, first.mean, first.last) == (4.0, 5.0, 4.5, 5.0)
    assert (last.start_ms, last.end_ms, last.high) == (T0 + HOUR, T0 + 70 * MINUTE, 8.0)
    assert trace.gaps == ((T0 + 10 * MINUTE, T0 + HOUR),)


def test_a_point_without_readings_and_an_unknown_alert(log: Log) -> None:
    log.fleet(plan({"s": MINUTE}))
    [point] = log.answers.board(T0).points
    assert (point.condition, point.time_ms, point.values) == (Condition.UNKNOWN, None, {})
    assert log.answers.alert("al_none") is None
    assert log.answers.trace("nowhere", T0, T0 + HOUR, buckets=5).buckets == ()


@pytest.mark.parametrize("number", [1, 3])
def test_the_fleet_grows_with_its_versions(log: Log, number: int) -> None:
    for version in range(number):
        log.clock.advance(SECOND)
        log.fleet(plan({f"s{version}": MINUTE}))
        assert [one.id for one in log.answers.fleet().sensors] == [f"s{version}"]


def test_health_and_last_words_of_gateways_can_be_asked(log: Log) -> None:
    log.fleet(plan({"s": MINUTE}))
    log.say(
        lines=[
            b"gateway outbox_batches=3i,clock_trusted=true %d" % T0,
            b'going_down reason="sigterm" %d' % T0,
        ]
    )
    [gateway] = log.answers.gateways()
    assert gateway.health == {"outbox_batches": 3, "clock_trusted": True}
    assert (gateway.heard_ms, gateway.going_down) == (T0, True)
    assert log.answers.progress().offset == log.ledger.end

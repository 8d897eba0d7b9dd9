"""The same readings in any order, delay, repetition and batching are the same excursions."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coldchain.excursions import Judged, judge
from coldchain_backend.alerts import AlertKind, AlertState
from support.acceptance import FIGURES, Figures
from support.judged_log import HOUR, MINUTE, SECOND, T0, Log, Point3, Voice, plan, profile
from support.soak import rounds

LIMITS = profile(alarm_after_ms=20 * MINUTE)
INTERVAL = 5 * MINUTE
STEPS = st.sampled_from([SECOND, MINUTE, INTERVAL, 14 * MINUTE, 16 * MINUTE, 50 * MINUTE, 3 * HOUR])
VALUES = st.sampled_from([-1.0, -0.2, 0.0, 0.3, 0.6, 4.0, 7.4, 7.6, 8.0, 8.1, 9.0, 12.0])


def alerts_of(log: Log) -> list[tuple[str | None, str | None, int, bool]]:
    """Sensor, rule, beginning, and whether it goes on, of every alert about an excursion that stands."""
    return sorted(
        (one.cause.subject.sensor, one.cause.rule, one.cause.opened_ms, one.state.open)
        for one in log.alerts()
        if one.cause.kind is AlertKind.EXCURSION
        and one.state not in {AlertState.WITHDRAWN, AlertState.MERGED}
    )


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[list[list[Point3]], list[int], int]:
    """Readings in batches; the order in which batches come, some twice; ms between two arrivals."""
    series: list[Point3] = []
    for sensor in ("a", "b"):
        time_ms = T0
        for _ in range(draw(st.integers(0, 14))):
            time_ms += draw(STEPS)
            series.append((sensor, time_ms, draw(VALUES)))
    series = draw(st.permutations(series))
    batches: list[list[Point3]] = []
    while series:
        size = draw(st.integers(1, 6))
        batches.append(series[:size])
        series = series[size:]
    order = list(range(len(batches)))
    repeats = draw(st.lists(st.sampled_from(order), max_size=3)) if order else []
    order = draw(st.permutations(order + repeats))
    return batches, order, draw(st.sampled_from([100, 900, 30 * SECOND]))


@pytest.mark.soak
@pytest.mark.acceptance("T1")
@settings(
    max_examples=rounds(20, 10_000), deadline=None, suppress_health_check=[HealthCheck.too_slow, *FIGURES]
)
@given(sent=deliveries(), chunk=st.integers(1, 7), restarts=st.lists(st.integers(0, 12), max_size=2))
def test_excursions_are_a_function_of_the_set_of_readings(
    sent: tuple[list[list[Point3]], list[int], int], chunk: int, restarts: list[int], figures: Figures
) -> None:
    figures.add(logs=1)
    batches, order, pause_ms = sent
    with tempfile.TemporaryDirectory() as folder:
        log = Log(Path(folder))
        log.fleet(plan({"a": INTERVAL, "b": INTERVAL}, limits=LIMITS))
        log.at(T0 + 100 * HOUR)
        voice = Voice()
        sealed = [voice.batch(batch) for batch in batches]
        for number, index in enumerate(order):
            log.clock.advance(pause_ms)
            log.ledger.put([voice.record(sealed[index])])
            if number in restarts:
                log.restart()
            if number % chunk == 0:
                log.judge(chunk)
        log.clock.advance(2 * SECOND)
        log.mark()
        found = log.excursions(LIMITS, INTERVAL)
        alerts = alerts_of(log)
        now_ms = log.clock.wall_ms
        log.close()
    for sensor in ("a", "b"):
        samples = [(time_ms, value) for batch in batches for name, time_ms, value in batch if name == sensor]
        wanted = judge(samples, now_ms, Judged(profile=LIMITS, interval_ms=INTERVAL))
        assert found.get(sensor, []) == list(wanted.excursions)
    assert alerts == sorted(
        (sensor, one.rule, one.opened_ms, one.closed_ms is None)
        for sensor, every in found.items()
        for one in every
        if one.level is not None
    )

"""Every reading is judged by the limits that held at its time, whenever it comes."""

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coldchain.excursions import Judged, judge
from coldchain_backend.ledger import NewRecord
from support.judged_log import MINUTE, SECOND, T0, Log, Point3, fleet_record_of, plan, profile

STRICT, LOOSE = profile(alarm_after_ms=MINUTE), profile(alarm_after_ms=20 * MINUTE)
CHANGE = T0 + 30 * MINUTE
TIMES = st.lists(st.integers(0, 65), unique=True, max_size=25).map(
    lambda minutes: [T0 + minute * MINUTE for minute in minutes]
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(times=TIMES, values=st.lists(st.sampled_from([4.0, 7.8, 9.0]), min_size=25), before=st.integers(0, 25))
def test_a_change_of_limits_parts_the_readings_by_their_time(
    times: list[int], values: list[float], before: int
) -> None:
    """The first `before` readings come just before the change, some of them from a clock that is ahead."""
    readings: list[Point3] = [("s", time_ms, value) for time_ms, value in zip(times, values, strict=False)]
    early = [one for one in readings[:before] if one[1] < CHANGE + 9 * MINUTE]
    late = [one for one in readings if one not in early]
    with tempfile.TemporaryDirectory() as folder:
        log = Log(Path(folder))
        log.fleet(plan({"s": MINUTE}, limits=STRICT))
        log.at(CHANGE - SECOND)
        if early:
            log.say(*early)
        log.at(CHANGE)
        changed: NewRecord = fleet_record_of(plan({"s": MINUTE}, limits=LOOSE))
        log.put(changed)
        log.at(T0 + 70 * MINUTE)
        if late:
            log.say(*late)
        log.at(T0 + 71 * MINUTE)
        log.mark()
        found = log.all_excursions("s")
        now_ms = log.clock.wall_ms
        log.close()
    pairs = [(time_ms, value) for _, time_ms, value in readings]
    older, newer = [one for one in pairs if one[0] < CHANGE], [one for one in pairs if one[0] >= CHANGE]
    first = judge(older, CHANGE, Judged(profile=STRICT, interval_ms=MINUTE))
    second = judge(newer, now_ms, Judged(profile=LOOSE, interval_ms=MINUTE))
    assert found == [*first.excursions, *second.excursions]


def test_what_is_late_in_a_new_spell_leaves_the_readings_before_it_alone(tmp_path: Path) -> None:
    log = Log(tmp_path)
    log.fleet(plan({"s": MINUTE}, limits=STRICT))
    log.at(CHANGE - SECOND)
    log.say(*[("s", T0 + minute * MINUTE, 4.0) for minute in (0, 1, 2, 3, 31)])
    log.at(CHANGE)
    log.fleet(plan({"s": MINUTE}, limits=LOOSE))
    log.at(T0 + 70 * MINUTE)
    log.say(("s", T0 + 15 * MINUTE, 9.0), ("s", T0 + 30 * MINUTE, 4.0))
    log.at(T0 + 71 * MINUTE)
    log.mark()
    assert [(one.opened_ms, one.closed_ms) for one in log.all_excursions("s")] == [(T0 + 15 * MINUTE, None)]
    log.close()

"""Every point of a followed store is in evidence exactly once, whatever comes late, fails or is killed."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coldchain_backend.influx import InfluxTrouble
from support.follow_stage import HOUR, MINUTE, FollowStage, Killed
from support.soak import rounds

REREAD = 6 * HOUR

late = st.tuples(st.just("point"), st.integers(0, 3 * 60), st.sampled_from("ab"), st.integers(1, 3))
steps = st.lists(
    st.one_of(
        late,
        late,
        late,
        st.tuples(st.just("pass"), st.integers(1, 50)),
        st.tuples(st.just("turn"), st.integers(1, 4)),
        st.tuples(st.just("settle")),
        st.tuples(st.just("kill"), st.integers(0, 2)),
        st.tuples(st.just("down"), st.integers(0, 12)),
        st.tuples(st.just("stop")),
        st.tuples(st.just("lost")),
    ),
    max_size=40,
)


def turn(stage: FollowStage, number: int) -> None:
    """Turn some times, whatever happens to the store or to us meanwhile."""
    for _ in range(number):
        try:
            stage.follower.turn()
        except InfluxTrouble:
            stage.store.asked_until_down = None
        except Killed:
            stage.start()


def act(stage: FollowStage, step: tuple[object, ...]) -> None:
    match step:
        case "point", int(minutes), str(host), int(sensor):
            stage.put(stage.now_ms - minutes * MINUTE + sensor * 7, 4.0 + minutes, f"s{sensor}", host)
        case "pass", int(minutes):
            stage.pass_time(minutes * MINUTE)
        case "turn", int(number):
            turn(stage, number)
        case ("settle",):
            stage.kill_in = None
            stage.settle()
        case "kill", int(number):
            stage.kill_in = number
            turn(stage, 3)
            stage.kill_in = None
        case "down", int(asked):
            stage.store.asked_until_down = asked
            turn(stage, 3)
            stage.store.asked_until_down = None
        case ("stop",):
            stage.follower.close()
            stage.start()
        case ("lost",):
            for path in stage.folder.glob("*"):
                path.unlink()
            stage.start()


@settings(
    max_examples=rounds(25, 2_000), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(history=st.lists(st.integers(0, 60 * 24 * 5), max_size=20), done=steps)
def test_each_point_once(
    tmp_path_factory: pytest.TempPathFactory, history: list[int], done: list[tuple[object, ...]]
) -> None:
    stage = FollowStage(tmp_path_factory.mktemp("follow"), reread=REREAD)
    for minutes in history:
        stage.put(stage.now_ms - minutes * MINUTE, float(minutes))
    passed = 0
    for step in done:
        passed += step[1] if step[0] == "pass" and isinstance(step[1], int) else 0
        if passed > 100:
            stage.kill_in = None
            stage.settle()
            passed = 0
        act(stage, step)
    stage.store.asked_until_down = stage.kill_in = None
    stage.settle()
    stage.close()
    assert stage.evidence() == stage.wanted()


def test_a_kill_after_every_single_write_loses_and_doubles_nothing(tmp_path: Path) -> None:
    stage = FollowStage(tmp_path)
    for minute in range(3 * 24 * 60):
        for sensor in ("s1", "s2"):
            stage.put(stage.now_ms - minute * MINUTE, 4.0 + minute % 7, sensor)
    kills = 0
    while True:
        stage.kill_in = 0
        try:
            stage.settle()
            break
        except Killed:
            kills += 1
            stage.start()
    stage.close()
    assert kills >= 3
    assert stage.evidence() == stage.wanted()
    assert sum(stage.evidence().values()) == 2 * 3 * 24 * 60

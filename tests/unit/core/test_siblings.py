"""Drift is one sensor alone: what takes the neighbours along, or comes back, is none."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldchain.siblings import HOUR_MS, LIMIT, Hours, drift

NOW = 400 * HOUR_MS
FROM = 350


def hours(value: Callable[[int], float], begin: int = FROM) -> Hours:
    """An hour's mean for each hour from FROM up to now, by its number since FROM."""
    return {hour * HOUR_MS: value(hour - FROM) for hour in range(begin, 400)}


def still(_: int) -> float:
    return 4.0


def creeping(hour: int) -> float:
    return 4.0 + max(0, hour - 30) * 0.15


def test_one_sensor_that_creeps_away_drifts_since_it_left() -> None:
    found = drift(hours(creeping), [hours(still), hours(still)], NOW)
    assert found is not None
    assert found.by == pytest.approx(19 * 0.15)
    assert found.since_ms == (FROM + 34) * HOUR_MS
    down = drift(hours(lambda hour: 8.0 - creeping(hour)), [hours(still), hours(still)], NOW)
    assert down is not None
    assert down.by == pytest.approx(-19 * 0.15)


def test_a_room_that_warms_is_no_drift() -> None:
    assert drift(hours(creeping), [hours(creeping), hours(creeping)], NOW) is None
    assert drift(hours(creeping), [hours(still), hours(creeping)], NOW) is None, "whose drift is it?"


def test_two_sensors_cannot_tell_which_of_them_drifts() -> None:
    assert drift(hours(creeping), [hours(still)], NOW) is None
    assert drift(hours(creeping), [], NOW) is None


def test_what_comes_back_by_itself_is_no_drift() -> None:
    def recovering(hour: int) -> float:
        return 4.0 + (max(0.0, 4.0 - (hour - 30) * 0.1) if hour >= 30 else 0.0)

    assert drift(hours(recovering), [hours(still), hours(still)], NOW) is None


def test_what_is_not_known_proves_nothing() -> None:
    lost = {at_ms: value for at_ms, value in hours(creeping).items() if at_ms != NOW - 2 * HOUR_MS}
    assert drift(lost, [hours(still), hours(still)], NOW) is None
    assert drift(hours(creeping, 395), [hours(still), hours(still)], NOW) is None
    assert drift(hours(creeping), [hours(still), hours(still, 396)], NOW) is None
    assert drift({}, [hours(still), hours(still)], NOW) is None


@given(st.lists(st.floats(min_value=3.6, max_value=4.4), min_size=50, max_size=50))
def test_noise_within_the_limit_is_never_drift(values: list[float]) -> None:
    noisy = hours(lambda hour: values[hour])
    assert max(values) - min(values) < LIMIT
    assert drift(noisy, [hours(still), hours(still)], NOW) is None

"""A point of a foreign series becomes a line, or it is said why not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldchain.lineprotocol import Line, parse
from coldchain.quantities import QUANTITIES
from coldchain_backend.influx import Cell
from coldchain_backend.ingest.follow import Passed, Rule, SeriesEntry, Unit
from coldchain_backend.ingest.follow.rules import NANO, series_of, time_of

T0 = 1_764_000_000_000
CELSIUS = Rule.of(SeriesEntry(measurement="m", field="temperature", sensor="{host}-{sensor}"))
FAHRENHEIT = Rule.of(
    SeriesEntry(measurement="m", field="t", quantity="temperature", sensor="{host}", unit=Unit.FAHRENHEIT)
)
DOOR = Rule.of(SeriesEntry(measurement="m", field="door_open", sensor="{host}"))
COUNTER = Rule.of(SeriesEntry(measurement="m", field="counter", sensor="{host}"))


def read(made: bytes | Passed) -> Line:
    assert isinstance(made, bytes)
    [line] = parse(made)
    assert isinstance(line, Line)
    return line


@pytest.mark.parametrize(
    ("tags", "sensor"),
    [
        ({"host": "truck7", "sensor": "rear", "x": "y"}, "truck7-rear"),
        ({"host": "车/7", "sensor": "前"}, "车/7-前"),
        ({"host": "truck7"}, None),
        ({"host": "truck7", "sensor": ""}, None),
        ({"host": 'a"b', "sensor": "c"}, None),
        ({"host": "h" * 200, "sensor": "c"}, None),
    ],
)
def test_tags_make_the_id_of_a_sensor_or_none(tags: dict[str, str], sensor: str | None) -> None:
    assert CELSIUS.sensor(tags) == sensor


@pytest.mark.parametrize(
    ("rule", "cell", "value"),
    [
        (CELSIUS, 4.25, 4.25), (CELSIUS, 4, 4.0), (CELSIUS, 0, 0.0), (CELSIUS, -0.5, -0.5),
        (FAHRENHEIT, 32, 0.0), (FAHRENHEIT, 46.4, 8.0), (DOOR, True, True), (DOOR, False, False),
        (COUNTER, 17, 17), (COUNTER, 17.0, 17),
    ],
)  # fmt: skip
def test_what_is_a_value(rule: Rule, cell: Cell, value: Cell) -> None:
    [(name, found)] = read(rule.line("s", T0 * NANO, cell)).fields.items()
    assert (name, type(found)) == (rule.quantity.field, type(value))
    assert found == pytest.approx(value)


@pytest.mark.parametrize(
    ("rule", "cell"),
    [
        (CELSIUS, "E2"), (CELSIUS, True), (CELSIUS, None), (CELSIUS, float("nan")), (CELSIUS, float("inf")),
        (DOOR, 1), (DOOR, 0.0), (DOOR, "open"), (COUNTER, 17.5),
    ],
)  # fmt: skip
def test_what_is_none(rule: Rule, cell: Cell) -> None:
    assert rule.line("s", T0 * NANO, cell) is Passed.TYPE


@pytest.mark.parametrize("time_ns", [-1, -(1 << 62), 10**14 * NANO + NANO])
def test_times_that_cannot_be_sealed(time_ns: int) -> None:
    assert CELSIUS.line("s", time_ns, 4.0) is Passed.TIME


@given(
    sensor=st.sampled_from(["a", "a b", "a=b", "车/7", "x,y"]).filter(
        lambda one: "," not in one and "=" not in one
    ),
    time_ms=st.integers(0, 10**14 - 1),
    value=st.floats(-200, 850),
)
def test_a_line_says_what_the_point_said(sensor: str, time_ms: int, value: float) -> None:
    made = CELSIUS.line(sensor, time_ms * NANO + 123, value)
    line = read(made)
    assert (line.tags, line.fields, line.time) == ({"sensor": sensor}, {"temperature": value}, time_ms)
    assert isinstance(made, bytes)
    assert (time_of(made), series_of(made)) == (time_ms, CELSIUS.series(sensor))


def test_every_quantity_can_be_followed() -> None:
    for name in QUANTITIES:
        assert Rule.of(SeriesEntry(measurement="m", field=name, sensor="{host}")).quantity.field == name

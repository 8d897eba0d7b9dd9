"""What discovery proposes: tags that tell series apart, entries, and a fleet file that is one."""

from __future__ import annotations

import pytest

from coldchain_backend.cli.follow import lines
from coldchain_backend.cli.follow_text import Wish, entry_text, fragment
from coldchain_backend.fleetfile import parse
from coldchain_backend.ingest.follow import FollowState, Rule, SeriesEntry, Unit
from coldchain_backend.ingest.follow.discover import (
    FoundSensor,
    FoundSeries,
    meaning_of,
    sensors_of,
    suggested,
    telling_tags,
)
from coldchain_backend.ingest.follow.rules import Passed

MINUTE = 60_000
NOW = 1_764_000_000_000


def series(field: str = "temperature", interval_ms: int | None = MINUTE, **tags: str) -> FoundSeries:
    return FoundSeries(
        measurement="modbus", field=field, tags=tags, last=4.0, last_ms=NOW, interval_ms=interval_ms
    )


@pytest.mark.parametrize(
    ("tags", "telling"),
    [
        ([{"host": "a", "sensor": "1"}, {"host": "a", "sensor": "2"}], ("sensor",)),
        ([{"host": "a", "sensor": "1"}, {"host": "b", "sensor": "1"}], ("host",)),
        ([{"host": "a", "sensor": "1"}, {"host": "b", "sensor": "1"}, {"host": "a", "sensor": "2"}],
         ("host", "sensor")),
        ([{"host": "a", "slave": "1"}], ("host",)),
        ([{"host": "a", "topic": "x"}, {"host": "a", "topic": "y", "more": "z"}], ("topic",)),
        ([{}], ()),
        ([], ()),
    ],
)  # fmt: skip
def test_the_fewest_tags_that_tell_series_apart(tags: list[dict[str, str]], telling: tuple[str, ...]) -> None:
    assert telling_tags(tags) == telling


@pytest.mark.parametrize(
    ("field", "meaning"),
    [
        ("temperature", ("temperature", Unit.CELSIUS)), ("Temp", ("temperature", Unit.CELSIUS)),
        ("temp_f", ("temperature", Unit.FAHRENHEIT)), ("rh", ("humidity", Unit.CELSIUS)),
        ("door", ("door_open", Unit.CELSIUS)), ("usage_idle", None), ("value", None),
    ],
)  # fmt: skip
def test_a_field_says_what_it_is_or_nothing(field: str, meaning: tuple[str, Unit] | None) -> None:
    assert meaning_of(field) == meaning


def test_an_entry_is_proposed_as_it_is_written() -> None:
    entry = suggested([series("temp_f", host="a", sensor="1"), series("temp_f", host="b", sensor="1")])
    assert entry is not None
    assert entry_text(Rule.of(entry)) == (
        '[[follow.series]]\nmeasurement = "modbus"\nfield = "temp_f"\nsensor = "{host}"\n'
        'quantity = "temperature"\nunit = "F"\n'
    )
    assert suggested([series("usage_idle", host="a")]) is None
    assert suggested([series()]) is None
    assert suggested([]) is None


def test_sensors_take_the_shortest_interval_and_the_one_that_was_asked_for() -> None:
    rule = Rule.of(SeriesEntry(measurement="modbus", field="temperature", sensor="{host}"))
    asked = Rule.of(
        SeriesEntry(
            measurement="modbus", field="humidity", sensor="{host}", interval=5 * MINUTE, where={"x": "1"}
        )
    )
    found = [
        series(host="a", x="1"), series(interval_ms=10_000, host="a", x="2"),
        series(interval_ms=None, host="b"),
        series("humidity", host="a", x="1"), series("humidity", host="a", x="2"), series(sensor="none"),
    ]  # fmt: skip
    assert sensors_of([rule, asked], found) == [
        FoundSensor(id="a", quantity="humidity", interval_ms=5 * MINUTE),
        FoundSensor(id="a", quantity="temperature", interval_ms=10_000),
        FoundSensor(id="b", quantity="temperature", interval_ms=None),
    ]


def test_a_fragment_is_a_fleet_file() -> None:
    sensors = [
        FoundSensor(id="truck7 rear", quantity="temperature", interval_ms=90_000),
        FoundSensor(id="truck7-rear", quantity="temperature", interval_ms=None),
        FoundSensor(id="车/7", quantity="temperature", interval_ms=MINUTE),
        FoundSensor(id="door", quantity="door_open", interval_ms=MINUTE),
    ]
    plan = parse(fragment(Wish(organisation="demo", store="site", profile="chilled-food"), sensors))
    assert {one.id: one.interval_ms for one in plan.sensors} == {
        "truck7 rear": 90_000, "truck7-rear": MINUTE, "车/7": MINUTE, "door": MINUTE,
    }  # fmt: skip
    places = list(plan.places())
    assert [one.point.sensor for one in places] == ["truck7 rear", "truck7-rear", "车/7"]
    assert len({one.point.id for one in places}) == 3


def test_a_fragment_of_nothing_is_a_fleet_file_too() -> None:
    assert parse(fragment(Wish(organisation="demo", store="a b", profile="chilled-food"), [])).sensors == ()


def test_status_says_what_is_in_the_way() -> None:
    state = FollowState(name="site", target="http://i o/b")
    assert "not heard yet" in lines(state.document(NOW))[0]
    assert lines(state.document(NOW))[-1].split() == ["state", "well"]
    state.fail("token", "HTTP 401: unauthorized", NOW)
    state.fail("token", "HTTP 401: unauthorized again", NOW + 5)
    assert state.since_ms == NOW
    state.pass_over("modbus.t x=y", Passed.NO_SENSOR)
    state.shared.add("a-1")
    state.gone, state.ahead, state.clock_off_ms, state.emptied = 3, 1, 900_000, True
    state.others = {"modbus.t string": 2}
    said = "\n".join(lines(state.document(NOW)))
    for word in ("token", "again", "modbus.t x=y (no_sensor)", "a-1", "3 points", "future", "900 s off",
                 "emptied", "modbus.t string: 2"):  # fmt: skip
        assert word in said
    state.recover()
    assert "token" not in state.conditions()


def test_of_very_many_series_without_a_sensor_the_first_are_remembered() -> None:
    state = FollowState(name="site", target="t")
    for number in range(5_000):
        state.pass_over(f"series {number}", Passed.NO_SENSOR)
    assert len(state.passed) == 1_000

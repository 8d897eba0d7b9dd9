"""The contract of a foreign store as following asks it; each implementation, also in memory, keeps it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

import pytest

from coldchain_backend.influx import Cell
from coldchain_backend.ingest.follow import Rule, SeriesEntry, Source

SECOND = 1_000_000_000
T0 = 1_764_000_000 * SECOND
HOUR = 3_600 * SECOND
WEEK = 7 * 24 * HOUR

TEMPERATURE = Rule.of(
    SeriesEntry(measurement="modbus", field="temp", quantity="temperature", sensor="{host}")
)
DOOR = Rule.of(SeriesEntry(measurement="modbus", field="open", quantity="door_open", sensor="{host}"))


class SourceContract(ABC):
    """`put` writes a point as a foreign writer would."""

    @pytest.fixture
    @abstractmethod
    def source(self) -> Source:
        """The store."""

    @abstractmethod
    def put(self, source: Source, name: str, tags: Mapping[str, str], time_ns: int, value: Cell) -> None:
        """Write a point of measurement `modbus`."""

    def fill(self, source: Source) -> None:
        for step in range(6):
            for host in ("a", "b"):
                self.put(source, "temp", {"host": host, "room": "1"}, T0 + step * 600 * SECOND, 4.0 + step)

    def test_it_is_there_and_no_mirror_writes_it(self, source: Source) -> None:
        facts = source.look()
        assert (facts.there, facts.mirrored) == (True, False)

    def test_points_come_by_series_and_time_from_inclusive_to_exclusive(self, source: Source) -> None:
        self.fill(source)
        found = {
            tuple(sorted(tags.items())): list(points)
            for tags, points in source.points(TEMPERATURE, (T0 + 600 * SECOND, T0 + 1800 * SECOND))
        }
        wanted = [(T0 + 600 * SECOND, 5.0), (T0 + 1200 * SECOND, 6.0)]
        assert found == {(("host", host), ("room", "1")): wanted for host in ("a", "b")}

    def test_counts_are_those_of_the_points(self, source: Source) -> None:
        self.fill(source)
        span = (T0 + SECOND, T0 + HOUR)
        assert source.count(TEMPERATURE, span) == 10
        counted = {tags["host"]: number for tags, number in source.counts(TEMPERATURE, span) if number}
        assert counted == {"a": 5, "b": 5}
        assert source.count(TEMPERATURE, (T0 + HOUR, T0 + 2 * HOUR)) == 0
        assert list(source.points(TEMPERATURE, (T0 + HOUR, T0 + 2 * HOUR))) == []

    def test_the_first_point_behind_an_instant(self, source: Source) -> None:
        assert source.first(TEMPERATURE, 0) is None
        self.fill(source)
        assert source.first(TEMPERATURE, 0) == T0
        assert source.first(TEMPERATURE, T0 + 1) == T0 + 600 * SECOND
        assert source.first(TEMPERATURE, T0 + HOUR) is None

    def test_times_are_kept_to_the_nanosecond(self, source: Source) -> None:
        self.put(source, "temp", {"host": "a"}, T0 + 123_456_789, 4.25)
        [(_, points)] = source.points(TEMPERATURE, (T0, T0 + SECOND))
        assert list(points) == [(T0 + 123_456_789, 4.25)]

    def test_only_series_with_the_tags_that_are_wanted(self, source: Source) -> None:
        self.fill(source)
        entry = SeriesEntry(
            measurement="modbus", field="temp", quantity="temperature", sensor="{host}", where={"host": "b"}
        )
        rule = Rule.of(entry)
        assert source.count(rule, (T0, T0 + HOUR)) == 6
        assert [tags["host"] for tags, _ in source.points(rule, (T0, T0 + HOUR))] == ["b"]
        assert source.first(rule, 0) == T0

    def test_odd_names_are_names(self, source: Source) -> None:
        tags = {"host": 'Kühl\'haus "9"', "ro om": "a=b, c"}
        self.put(source, "temp", tags, T0, 4.5)
        [(found, points)] = source.points(TEMPERATURE, (T0, T0 + SECOND))
        assert (dict(found), list(points)) == (tags, [(T0, 4.5)])
        wanted = SeriesEntry(
            measurement="modbus", field="temp", quantity="temperature", sensor="{host}", where=tags
        )
        assert source.count(Rule.of(wanted), (T0, T0 + SECOND)) == 1

    def test_a_number_that_was_an_integer_is_one_number_more(self, source: Source) -> None:
        self.put(source, "temp", {"host": "a"}, T0, 4.5)
        self.put(source, "temp", {"host": "a"}, T0 - WEEK, 7)
        span = (T0 - 2 * WEEK, T0 + HOUR)
        assert source.count(TEMPERATURE, span) == 2
        [(_, points)] = source.points(TEMPERATURE, span)
        assert [(time, float(value or 0)) for time, value in points] == [(T0 - WEEK, 7.0), (T0, 4.5)]
        assert not source.others(TEMPERATURE, span)

    def test_texts_and_switches_where_numbers_are_meant_are_told_apart(self, source: Source) -> None:
        self.put(source, "temp", {"host": "a"}, T0, 4.5)
        self.put(source, "temp", {"host": "a"}, T0 - 2 * WEEK, "E2")
        self.put(source, "temp", {"host": "a"}, T0 - 2 * WEEK + SECOND, "E2")
        self.put(source, "temp", {"host": "a"}, T0 - 4 * WEEK, value=True)
        span = (T0 - 5 * WEEK, T0 + HOUR)
        assert source.count(TEMPERATURE, span) == 1
        assert [list(points) for _, points in source.points(TEMPERATURE, span)] == [[(T0, 4.5)]]
        assert source.others(TEMPERATURE, span) == {"string": 2, "boolean": 1}
        assert source.first(TEMPERATURE, T0 - 5 * WEEK) == T0

    def test_a_switch_is_a_switch(self, source: Source) -> None:
        self.put(source, "open", {"host": "a"}, T0, value=True)
        self.put(source, "open", {"host": "a"}, T0 + SECOND, value=False)
        [(_, points)] = source.points(DOOR, (T0, T0 + HOUR))
        assert [value for _, value in points] == [True, False]
        assert not source.others(DOOR, (T0, T0 + HOUR))

    def test_what_was_never_written_is_nothing(self, source: Source) -> None:
        assert source.count(TEMPERATURE, (T0, T0 + HOUR)) == 0
        assert list(source.counts(TEMPERATURE, (T0, T0 + HOUR))) == []
        assert not source.others(TEMPERATURE, (T0, T0 + HOUR))

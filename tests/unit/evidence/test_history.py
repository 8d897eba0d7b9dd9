"""What an archive tells of a zone's past: all of it, however much there is, and nothing of other times."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from coldchain_backend.evidence import history
from support.judged_log import HOUR, MINUTE, T0, Log, plan, profile

SPELLS = 5
END = T0 + 2 * SPELLS * HOUR
POINTS = ("p.a", "p.b")


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Log]:
    """Every second hour the one sensor is warm; at the end the limits change."""
    log = Log(tmp_path_factory.mktemp("log"))
    log.fleet(plan({"a": 5 * MINUTE, "b": 5 * MINUTE}), by="王伟")
    for at_ms in range(T0 + 5 * MINUTE, END + 5 * MINUTE, 5 * MINUTE):
        log.at(at_ms)
        warm = (at_ms - T0) // HOUR % 2 == 1
        log.say(("a", at_ms, 9.5 if warm else 4.0), ("b", at_ms, 4.0 + at_ms // MINUTE % 7 / 10))
    changed = profile(alarm_after_ms=20 * MINUTE)
    log.fleet(plan({"a": 5 * MINUTE, "b": 5 * MINUTE}, limits=changed), by="陈静")
    yield log
    log.close()


@pytest.mark.parametrize("many", [1, 2, SPELLS - 1, SPELLS, 1_000])
def test_every_excursion_and_alert_is_told_however_few_are_asked_for_at_once(log: Log, many: int) -> None:
    found = history.excursions(log.answers, POINTS, T0, END, many=many)
    assert [one.excursion.opened_ms for one in found] == [
        T0 + (2 * spell + 1) * HOUR for spell in range(SPELLS)
    ]
    told = list(history.stories(log.answers, POINTS, T0, END, many=many))
    warm = [one.alert for one in told if one.alert.cause.rule is not None]
    assert [one.cause.opened_ms for one in warm] == [one.excursion.opened_ms for one in found]


def test_alerts_of_another_time_or_point_are_not_told(log: Log) -> None:
    between = T0 + 2 * HOUR + 30 * MINUTE, T0 + 4 * HOUR + 30 * MINUTE
    (told,) = history.stories(log.answers, POINTS, *between)
    assert told.alert.cause.opened_ms == T0 + 3 * HOUR
    row = history.story_row(told)
    assert (row["point"], row["acknowledged"]) == ("p.a", None)
    assert row["steps"][0]["kind"] == "fired"  # type: ignore[index]  # a list of tables
    assert list(history.stories(log.answers, ("p.b",), T0, END)) == []


def test_a_changed_limit_is_told_with_who_changed_it_where_it_touches_the_zone(log: Log) -> None:
    fleet = log.answers.fleet()
    first, changed = history.changes(fleet, ["z"], T0 + HOUR, END + HOUR)
    assert (first["by"], first["changes"]) == ("王伟", [])
    assert changed["by"] == "陈静"
    assert any("alarm" in line for line in changed["changes"])  # type: ignore[attr-defined]  # a list of lines
    assert len(history.changes(fleet, ["elsewhere"], T0 + HOUR, END + HOUR)) == 1
    assert [one["state"] for one in history.states(fleet, ["z"], T0, END)] == ["in_use"]

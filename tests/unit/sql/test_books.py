"""Judging's memory: what was put is read, a rollback forgets it, a commit keeps all of it with the offset."""

import itertools
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from coldchain.excursions import INITIAL, Excursion, State
from coldchain.profiles import Level
from coldchain_backend.alerts import Alert, AlertKind, AlertState, Cause, Subject
from coldchain_backend.judging import AlertFilter, AlertOrder
from coldchain_backend.judging.contracts import (
    CourseKey,
    FleetRecord,
    Gone,
    LocalAlarm,
    Progress,
    RunState,
    SensorState,
    StoredCourse,
    StoredExcursion,
)
from coldchain_backend.series import Conflict
from coldchain_backend.sql import Books, Database, Records
from coldchain_backend.sql.alert_pages import alert_page

KEY = CourseKey("s", 0, "temperature")
OTHER = CourseKey("s", 5, "temperature")
HOUR = 3_600_000


@pytest.fixture
def books(database: Database) -> Iterator[Books]:
    books = Books(database)
    yield books
    books.close()


def stored(name: str, opened: int, closed: int | None, key: CourseKey = KEY) -> StoredExcursion:
    excursion = Excursion(rule="high", opened_ms=opened, closed_ms=closed, peak=9.0, peak_ms=opened)
    return StoredExcursion(id=name, key=key, point="p", created=opened, excursion=excursion)


def test_of_each_point_it_is_known_when_its_newest_excursion_opened(books: Books) -> None:
    """Also of those that ended, were withdrawn, or belong to another sensor at the point."""
    books.begin()
    books.put_excursion(stored("a", 5, 6))
    books.put_excursion(replace(stored("b", 9, None), gone=Gone.WITHDRAWN))
    books.put_excursion(stored("c", 7, None, OTHER))
    books.put_excursion(replace(stored("d", 3, None), point="q"))
    books.commit(Progress(offset=1))
    assert dict(books.load().newest) == {"p": 9, "q": 3}


def test_a_memo_is_kept_as_it_was_last_and_only_if_it_was_not_dropped(books: Books) -> None:
    asked: list[str] = []

    def memo(text: str) -> Callable[[], bytes]:
        def value() -> bytes:
            asked.append(text)
            return text.encode()

        return value

    books.begin()
    for name, text in (("one", "a"), ("one", "b"), ("two", "c"), ("three", "d")):
        books.put_memo(name, memo(text))
    books.put_memo("two", None)
    books.commit(Progress(offset=1))
    assert asked == ["b", "d"]
    books.begin()
    books.put_memo("three", None)
    books.put_memo("four", memo("e"))
    books.rollback()
    assert dict(books.load().desk.memos) == {"one": b"b", "three": b"d"}


def test_a_commit_keeps_everything_with_the_offset(books: Books, database: Database) -> None:
    books.begin()
    books.put_course(StoredCourse(key=KEY, point="p", state=INITIAL))
    books.put_excursion(stored("e", 1, None))
    books.put_sensor(SensorState(sensor="s", last_ms=7))
    books.put_run(RunState(run="r", gateway="gw", held=3, newest=5, above=((5, 5),)))
    books.put_fleet(FleetRecord(offset=1, received_ms=2, payload=b"{}"))
    books.put_revoked("key", 9)
    books.series.add("s", 0, [7], {"temperature": [4.0]})
    books.commit(Progress(offset=12, stamp_ms=34, started_ms=5))
    books.close()
    again = Books(database)
    found = again.load()
    assert found.progress == Progress(offset=12, stamp_ms=34, started_ms=5)
    assert [course.key for course in found.courses] == [KEY]
    assert [one.id for one in found.excursions] == ["e"]
    assert [sensor.last_ms for sensor in found.sensors] == [7]
    assert [run.whole for run in found.runs] == [False]
    assert [fleet.offset for fleet in found.fleets] == [1]
    assert found.revoked == {"key": 9}
    assert len(Records(database).page("s", 0, 10, 10)) == 1
    again.close()


def test_a_rollback_forgets_what_was_written_and_what_was_waiting(books: Books) -> None:
    books.begin()
    books.put_excursion(stored("e", 1, None))
    assert books.excursion("e") is not None
    books.put_sensor(SensorState(sensor="s"))
    books.series.add("s", 0, [7], {"temperature": [4.0]})
    books.count("bad_line", 1, 1, "x")
    books.rollback()
    books.begin()
    books.commit(Progress(offset=1))
    found = books.load()
    assert (found.excursions, found.sensors) == ([], [])
    assert books.series.readings("s", 0, 10)[0] == []


def test_snapshots_are_found_by_hour_and_course(books: Books) -> None:
    books.begin()
    states = {hour * HOUR: State(last_ms=hour * HOUR - 1) for hour in (1, 2, 5)}
    for hour_ms, state in states.items():
        books.put_snapshot(KEY, hour_ms, state)
    books.put_snapshot(OTHER, 3 * HOUR, INITIAL)
    assert books.snapshot(KEY, HOUR - 1) is None
    assert books.snapshot(KEY, 2 * HOUR) == (2 * HOUR, states[2 * HOUR])
    assert books.snapshot(KEY, 5 * HOUR - 1) == (2 * HOUR, states[2 * HOUR])
    assert books.snapshots(KEY, HOUR, 5 * HOUR) == {hour: states[hour] for hour in (HOUR, 2 * HOUR)}
    books.put_snapshot(KEY, 2 * HOUR, INITIAL)
    assert books.snapshot(KEY, 2 * HOUR) == (2 * HOUR, INITIAL)
    books.rollback()


def test_excursions_of_a_time_touch_it_and_are_not_gone(books: Books) -> None:
    books.begin()
    gone = StoredExcursion(
        id="gone", key=KEY, point="p", created=1, excursion=stored("x", 20, 30).excursion, gone=Gone.WITHDRAWN
    )
    touching = (stored("touching", 2, 10), stored("in", 15, 16), stored("open", 5, None))
    outside = (stored("before", 1, 9), stored("after", 40, 50), stored("elsewhere", 15, 16, OTHER), gone)
    for one in (*touching, *outside):
        books.put_excursion(one)
    assert {one.id for one in books.excursions(KEY, 10, 40)} == {"touching", "in", "open"}
    assert books.excursion("gone") == gone
    assert books.excursion("nobody") is None
    books.rollback()


def test_counts_add_up_over_commits(books: Books, database: Database) -> None:
    for number in (1, 2):
        books.begin()
        books.count("bad_line", number, number, f"sample {number}")
        books.count("bad_line", 10, number, f"newer {number}")
        books.commit(Progress(offset=number))
    assert Records(database).unjudged() == {"bad_line": 23}


def test_a_key_that_is_admitted_again_is_forgotten(books: Books) -> None:
    books.begin()
    books.put_revoked("key", 9)
    books.put_revoked("key", None)
    books.commit(Progress())
    assert books.load().revoked == {}


def test_the_same_conflict_is_kept_once(books: Books) -> None:
    conflict = Conflict(sensor="s", time_ms=1, kept={"temperature": 4.0}, other={"temperature": 5.0})
    for _ in range(2):
        books.begin()
        books.put_conflict(conflict)
        books.commit(Progress())


def test_the_newest_local_alarm_of_a_rule_is_found(books: Books) -> None:
    books.begin()
    for opened in (1, 5):
        books.put_local_alarm(
            LocalAlarm(point="p", rule="high", gateway="gw", opened_ms=opened, ended_ms=opened + 1)
        )
    found = books.local_alarm("p", "high", "gw")
    assert found is not None
    assert found.opened_ms == 5
    assert books.local_alarm("p", "low", "gw") is None
    books.rollback()


def test_tidying_says_whether_there_was_anything_to_do(books: Books) -> None:
    assert books.tidy() is False
    for number in range(70):
        books.begin()
        books.series.add("s", 0, [number], {"temperature": [4.0]})
        books.commit(Progress(offset=number))
    assert books.tidy() is True
    assert books.tidy() is False


def test_the_series_store_needs_the_drivers_connection(books: Books) -> None:
    assert isinstance(books.series._connection, sqlite3.Connection)


def alert(number: int, level: Level, state: AlertState) -> Alert:
    """An alert of its own; of each level and state two fired at one instant."""
    cause = Cause(
        id=f"c{number}", kind=AlertKind.SYSTEM, subject=Subject(), opened_ms=1, known_ms=1, level=level
    )
    return Alert(
        id=f"al_{number:02d}", cause=cause, state=state, level=level, sequence=1, revision=1, paged=True,
        fired_ms=number // 4,
    )  # fmt: skip


def place_in(order: AlertOrder, one: Alert) -> tuple[str, bool, int]:
    """Where an alert stands, compared with others."""
    if order is AlertOrder.LEVEL:
        return one.level.value, not one.state.open, -one.fired_ms
    return "", False, one.fired_ms if order is AlertOrder.OLDEST else -one.fired_ms


@pytest.mark.parametrize("order", AlertOrder)
def test_pages_of_alerts_one_behind_the_other_are_the_whole_list_in_order(
    database: Database, books: Books, order: AlertOrder
) -> None:
    states = (AlertState.FIRING, AlertState.RESOLVED_UNACKED, AlertState.ACKNOWLEDGED, AlertState.RESOLVED)
    kinds = list(itertools.product(states, Level))
    books.begin()
    for number in range(24):
        level = kinds[number % len(kinds)][1]
        books.put_alert(alert(number, level, kinds[number % len(kinds)][0]))
    books.commit(Progress(offset=1))
    wanted = AlertFilter(order=order)
    with database.read() as connection:
        whole = list(alert_page(connection, wanted, None, 100))
        for limit in (1, 3, 7):
            found: list[Alert] = []
            while page := alert_page(connection, wanted, found[-1].id if found else None, limit):
                found += page
            assert found == whole
    assert len(whole) == 24
    assert [place_in(order, one) for one in whole] == sorted(place_in(order, one) for one in whole)

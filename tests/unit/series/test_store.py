"""The series store: what was added is read, before and after compaction, whatever its order."""

import sqlite3
from itertools import pairwise
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coldchain_backend.series import SeriesStore, compact
from coldchain_backend.sql import open_database
from coldchain_backend.sql.session import raw
from support.soak import rounds

HOUR = 3_600_000
ADDED = st.lists(
    st.tuples(st.integers(0, 40), st.integers(0, 3), st.sampled_from([4.0, 4.125, 4.0004, 9.0])), max_size=120
)


@settings(
    max_examples=rounds(25, 800), suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(added=ADDED, flush_every=st.integers(1, 20))
def test_compaction_changes_no_answer(
    connection: sqlite3.Connection, added: list[tuple[int, int, float]], flush_every: int
) -> None:
    connection.execute("DELETE FROM series_block")
    connection.execute("DELETE FROM series_sensor")
    connection.execute("DELETE FROM series_summary")
    store = SeriesStore(connection)
    for number, (time_ms, rank, value) in enumerate(added):
        store.add("s", rank, [time_ms * 1000], {"temperature": [value]})
        store.add("s", rank, [time_ms * 1000], {"door_open": [value > 5]})
        if number % flush_every == 0:
            store.flush()
    before = store.readings("s", 0, HOUR)[0]
    samples = store.samples("s", "temperature", 0, HOUR, worst_rank=9)[0]
    connection.execute("UPDATE series_sensor SET small = 1000")
    assert compact(connection, sensors=5) == bool(added)
    assert store.readings("s", 0, HOUR)[0] == before
    assert store.samples("s", "temperature", 0, HOUR, worst_rank=9)[0] == samples
    assert [time_ms for time_ms, _ in samples] == [one.time_ms for one in before]
    assert store.page("s", 0, HOUR, 7) == before[:7]


def test_a_page_leaps_over_empty_years(connection: sqlite3.Connection) -> None:
    store = SeriesStore(connection)
    for time_ms in (5, 20_000 * HOUR, 400_000 * HOUR):
        store.add("s", 0, [time_ms], {"temperature": [4.0]})
        store.flush()
    assert [one.time_ms for one in store.page("s", 0, 500_000 * HOUR, 10)] == [
        5, 20_000 * HOUR, 400_000 * HOUR,
    ]  # fmt: skip


def test_the_next_reading_is_looked_for_and_not_stepped_to(connection: sqlite3.Connection) -> None:
    store = SeriesStore(connection)
    store.add("s", 0, [10, 20, 30], {"temperature": [4.0, 4.0, 4.0]})
    store.flush()
    store.add("s", 0, [400_000 * HOUR], {"temperature": [4.0]})
    assert store.next_ms("s", 0, HOUR) == 10
    assert store.next_ms("s", 15, HOUR) == 15, "within a block there may be one"
    assert store.next_ms("s", 31, 500_000 * HOUR) == 400_000 * HOUR
    assert store.next_ms("s", 400_000 * HOUR + 1, 500_000 * HOUR) == 500_000 * HOUR
    assert store.next_ms("other", 0, HOUR) == HOUR


def test_readings_of_unsure_time_are_kept_and_not_sampled(connection: sqlite3.Connection) -> None:
    store = SeriesStore(connection)
    store.add("s", 4, [1], {"temperature": [9.0]})
    store.add("s", 0, [2], {"temperature": [4.0]})
    assert len(store.readings("s", 0, 10)[0]) == 2
    assert store.samples("s", "temperature", 0, 10, worst_rank=3) == ([(2, 4.0)], [])


def test_what_is_discarded_is_not_written(connection: sqlite3.Connection) -> None:
    store = SeriesStore(connection)
    store.add("s", 0, [1], {"temperature": [9.0]})
    store.discard()
    assert store.readings("s", 0, 10)[0] == []


def test_every_small_block_that_overlaps_a_long_one_is_found(tmp_path: Path) -> None:
    database = open_database(tmp_path / "coldchain.sqlite")
    with database.write() as connection, connection.begin():
        store = SeriesStore(raw(connection))
        for time_ms in range(0, 1000, 10):
            store.add("s", 0, [time_ms], {"temperature": [4.0]})
        store.flush()
        store.add("s", 0, [505], {"temperature": [5.0]})
        assert [one.time_ms for one in store.readings("s", 500, 511)[0]] == [500, 505, 510]
    database.close()


@settings(
    max_examples=rounds(25, 800), suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(added=ADDED, gone=st.sets(st.integers(0, 40)), joined=st.sampled_from(["joined", "as it came"]))
def test_what_is_forgotten_is_gone_and_nothing_else_is(
    connection: sqlite3.Connection, added: list[tuple[int, int, float]], gone: set[int], joined: str
) -> None:
    connection.execute("DELETE FROM series_block")
    connection.execute("DELETE FROM series_sensor")
    connection.execute("DELETE FROM series_summary")
    store = SeriesStore(connection)
    for time_ms, rank, value in added:
        store.add("s", rank, [time_ms * 1000], {"temperature": [value]})
    store.add("other", 0, [at * 1000 for at in range(41)], {"temperature": [1.0] * 41})
    store.flush()
    if joined == "joined":
        connection.execute("UPDATE series_sensor SET small = 100")
        compact(connection, sensors=5)
    before = store.readings("s", 0, HOUR)[0]
    for _ in range(2):
        store.forget("s", frozenset(at * 1000 for at in gone))
        left = [one for one in before if one.time_ms // 1000 not in gone]
        assert store.readings("s", 0, HOUR)[0] == left
    assert len(store.readings("other", 0, HOUR)[0]) == 41


@settings(
    max_examples=rounds(25, 1200), suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(st.lists(st.lists(st.integers(0, 2 * HOUR), min_size=1, max_size=5).map(sorted), max_size=8))
def test_parts_that_wait_are_packed_by_time_whatever_their_order(
    connection: sqlite3.Connection, parts: list[list[int]]
) -> None:
    connection.execute("DELETE FROM series_block")
    connection.execute("DELETE FROM series_sensor")
    store = SeriesStore(connection)
    for times in parts:
        store.add("s", 0, times, {"temperature": [float(at) for at in times]})
    said = sorted({at for times in parts for at in times})
    found = store.readings("s", 0, 3 * HOUR)[0]
    assert [(one.time_ms, one.values["temperature"]) for one in found] == [(at, float(at)) for at in said]
    for block in store.blocks("s", 0, 3 * HOUR):
        kept = [*block.columns().times]
        assert kept == sorted(kept)
        assert all(after - before <= HOUR for before, after in pairwise(kept))

"""Summaries answer what the readings would have answered, whatever came late, twice or at the edge."""

import sqlite3
from dataclasses import astuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coldchain.errors import IntegrityError
from coldchain_backend.series import STEP_MS, SeriesStore, Summary, compact, overview
from coldchain_backend.series.summaries import joined, pack_summary, summarise, unpack_summary
from support.soak import rounds

HOUR = 3_600_000
T0 = 1_795_377_600_000
RUN = st.tuples(
    st.integers(0, 2 * HOUR), st.sampled_from([1_000, 10_000, 60_000]), st.integers(1, 300), st.integers(0, 5)
)
EDGE = st.one_of(st.integers(-STEP_MS, 4 * HOUR), st.integers(0, 40).map(lambda number: number * STEP_MS))


def rows(summary: Summary) -> list[tuple[float, ...]]:
    """Five minutes after five minutes; sums rounded, since they may be added up in another order."""
    table = zip(*astuple(summary), strict=True)
    return [(*row[:4], round(row[4], 6), *row[5:]) for row in table]


@pytest.mark.soak
@settings(
    max_examples=rounds(25, 3_000), suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(
    runs=st.lists(RUN, min_size=1, max_size=6), joins=st.sets(st.integers(0, 5)), edges=st.tuples(EDGE, EDGE)
)
def test_an_overview_is_the_sum_of_the_readings(
    connection: sqlite3.Connection,
    runs: list[tuple[int, int, int, int]],
    joins: set[int],
    edges: tuple[int, int],
) -> None:
    for statement in ("DELETE FROM series_block", "DELETE FROM series_sensor", "DELETE FROM series_summary"):
        connection.execute(statement)
    store = SeriesStore(connection)
    for number, (offset_ms, step_ms, count, rank) in enumerate(runs):
        times = [T0 + offset_ms + index * step_ms for index in range(count)]
        values = [4.0 + (index * (number + 3)) % 17 / 8 for index in range(count)]
        store.add("s", rank, times, {"temperature": values, "counter": list(range(count))})
        store.flush()
        if number in joins:
            connection.execute("UPDATE series_sensor SET small = 1000")
            compact(connection, sensors=1)
    from_ms, to_ms = sorted(T0 + edge for edge in edges)
    samples, _ = store.samples("s", "temperature", from_ms, to_ms, worst_rank=3)
    wanted = summarise([time_ms for time_ms, _ in samples], [value for _, value in samples])
    assert rows(overview(store, "s", "temperature", (from_ms, to_ms), worst_rank=3)) == rows(wanted)


def test_a_long_time_is_read_from_summaries_alone(connection: sqlite3.Connection) -> None:
    store = SeriesStore(connection)
    times = [T0 + index * 10_000 for index in range(8_640)]
    for start in range(0, 8_640, 120):
        store.add("s", 0, times[start : start + 120], {"temperature": [4.5] * 120})
        store.flush()
    assert compact(connection, sensors=1) == 1
    connection.execute("UPDATE series_block SET data = x'00'")
    day = overview(store, "s", "temperature", (T0, T0 + 24 * HOUR), worst_rank=3)
    assert (len(day.starts), sum(day.counts), sum(day.sums)) == (288, 8_640, 8_640 * 4.5)


def test_sparse_readings_get_no_summary(connection: sqlite3.Connection) -> None:
    store = SeriesStore(connection)
    for index in range(70):
        store.add("s", 0, [T0 + index * STEP_MS], {"temperature": [4.0]})
        store.flush()
    compact(connection, sensors=1)
    assert connection.execute("SELECT count(*) FROM series_summary").fetchone() == (0,)
    assert len(overview(store, "s", "temperature", (T0, T0 + 12 * HOUR), worst_rank=3).starts) == 70


def test_what_was_packed_is_unpacked_and_anything_else_refused() -> None:
    summary = summarise([T0, T0 + 1, T0 + STEP_MS], [4.0, -1.5, 850.0])
    assert rows(unpack_summary(pack_summary(summary))) == rows(summary)
    assert rows(joined([])) == []
    for broken in (b"", b"no", pack_summary(summary)[:-3]):
        with pytest.raises(IntegrityError):
            unpack_summary(broken)

"""A crash anywhere, and restarts everywhere, leave no trace: the same alerts, steps and deliveries."""

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from coldchain_backend.fleet import Plan
from coldchain_backend.judging import Judging
from coldchain_backend.ledger import Kind, MarkName, NewRecord, act_record, mark_record
from coldchain_backend.sql import Books, Database
from coldchain_backend.sql.pages import Pages
from support.judged_log import MINUTE, SECOND, T0, Log, Point3, fleet_payload, plan, profile

Story = Sequence[tuple[int, NewRecord]]
"""Stamps and records."""


class Crash(Exception):
    """The process ends here."""


class FailingPages(Pages):
    """Pages that ask before each write whether the process still lives."""

    def __init__(self, connection: Connection, alive: Callable[[], None]) -> None:
        super().__init__(connection)
        self._alive = alive

    def flush(self, name: str) -> None:
        self._alive()
        super().flush(name)


class Failing(Books):
    """Books that end the process at the commit or at the write number `at`."""

    at = -1
    writes = 0

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._pages = FailingPages(self._connection, self._maybe)

    def commit(self, progress: object) -> None:
        self._maybe()
        super().commit(progress)  # type: ignore[arg-type]  # passed through
        self._maybe()

    def _maybe(self) -> None:
        self.writes += 1
        if self.writes == self.at:
            raise Crash


def story(log: Log) -> Story:
    """Half an hour with an excursion, a hole that is filled, late readings, silence, a new fleet version."""
    voice, told = log.voice, []

    def say(at_ms: int, *readings: Point3) -> None:
        told.append((at_ms, voice.record(voice.batch(readings))))

    def version(at_ms: int, what: Plan) -> None:
        told.append((at_ms, NewRecord(kind=Kind.FLEET, payload=fleet_payload(what))))

    version(T0, plan({"a": 10 * SECOND, "b": 10 * SECOND}))
    for number in range(30):
        time_ms = T0 + number * 10 * SECOND
        value = 9.0 if 5 <= number < 15 else 4.0
        say(time_ms + 300, ("a", time_ms, value), *([("b", time_ms, 4.0)] if number < 10 else []))
    missing = voice.record(voice.batch([("a", T0 + (30 + n) * 10 * SECOND, 10.0) for n in range(6)]))
    for number in range(36, 60):
        time_ms = T0 + number * 10 * SECOND
        say(time_ms + 300, ("a", time_ms, 9.5 if number < 40 else 4.0))
    told.append((T0 + 601 * SECOND, missing))
    told.append((T0 + 602 * SECOND, mark_record(MarkName.CLONE, {"gateway": "gw"})))
    say(T0 + 605 * SECOND, ("b", T0 + 95 * SECOND, 20.0), ("b", T0 + 100 * SECOND, 20.0))
    told.append((T0 + 606 * SECOND, act_record("acknowledge", "Li", {"alert": "al_none", "reason": "?"})))
    version(T0 + 11 * MINUTE, plan({"a": 10 * SECOND, "b": 10 * SECOND}, limits=profile(alarm_after_ms=0)))
    told += [(T0 + (12 + n) * MINUTE, mark_record(MarkName.ALIVE)) for n in range(12)]
    return told


def tell(log: Log, told: Story) -> None:
    """Write the records of a story into the ledger, without judging them."""
    for at_ms, record in told:
        log.at(at_ms)
        log.ledger.put([record])


def outcome(log: Log) -> tuple[list[str], list[str], list[tuple[str, int, int | None]]]:
    """Everything that can be seen afterwards."""
    excursions = [(one.id, one.excursion.opened_ms, one.excursion.closed_ms) for one in log.stored()]
    return log.steps(), log.deliveries(), excursions


@pytest.fixture(scope="module")
def undisturbed() -> tuple[list[str], list[str], list[tuple[str, int, int | None]]]:
    """The outcome of a process that read everything in one go."""
    with tempfile.TemporaryDirectory() as folder:
        log = Log(Path(folder))
        tell(log, story(log))
        log.judge()
        found = outcome(log)
        log.close()
    return found


def test_the_story_has_all_kinds_of_events(
    undisturbed: tuple[list[str], list[str], list[tuple[str, int, int | None]]],
) -> None:
    steps, deliveries, excursions = undisturbed
    kinds = {step.split()[0] for step in steps}
    assert kinds == {"excursion", "silence", "system", "gateway_offline"}
    assert len(deliveries) == len(set(deliveries)) > 6
    assert len(excursions) >= 3


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_restarts_at_any_records_and_any_chunks_are_invisible(
    undisturbed: tuple[list[str], list[str], list[tuple[str, int, int | None]]], data: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        log = Log(Path(folder))
        tell(log, story(log))
        while records := log.ledger.read(log.judging.offset, data.draw(st.integers(1, 40))):
            log.judging.consume(records)
            if data.draw(st.booleans()):
                log.restart()
        found = outcome(log)
        log.close()
    assert found == undisturbed


@pytest.mark.parametrize("chunk", [1, 7, 1000])
def test_a_crash_at_any_write_leaves_nothing_half_done(
    chunk: int, undisturbed: tuple[list[str], list[str], list[tuple[str, int, int | None]]], tmp_path: Path
) -> None:
    log = Log(tmp_path)
    tell(log, story(log))
    books = Failing(log.database)
    log.books.close()
    judging, crashes, at = Judging(books, log.settings), 0, 1
    while records := log.ledger.read(judging.offset, chunk):
        books.writes, books.at = 0, at
        try:
            judging.consume(records)
            at = 1
        except Crash:
            crashes, at = crashes + 1, at + 1
            books.close()
            books = Failing(log.database)
            judging = Judging(books, log.settings)
    books.close()
    log.books = Books(log.database)
    log.judging = Judging(log.books, log.settings)
    assert crashes > 10
    assert outcome(log) == undisturbed
    log.close()


def test_after_an_error_the_same_consumer_goes_on_from_its_last_commit(
    undisturbed: tuple[list[str], list[str], list[tuple[str, int, int | None]]], tmp_path: Path
) -> None:
    log = Log(tmp_path)
    tell(log, story(log))
    books = Failing(log.database)
    log.books.close()
    log.books, log.judging = books, Judging(books, log.settings)
    books.writes, books.at = 0, 5
    with pytest.raises(Crash):
        log.judging.consume(log.ledger.read(0, 1000))
    assert log.judging.offset == 0
    log.judge()
    assert outcome(log) == undisturbed
    log.close()

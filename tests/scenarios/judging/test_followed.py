"""Readings followed from a foreign store: their grade, and an import of the past that calls nobody."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from coldchain.readings import Grade as Evidence
from coldchain_backend.fleet import fleet_record
from coldchain_backend.judging import grades_of
from coldchain_backend.ledger import Grade, Kind, MarkName, NewRecord, mark_record
from coldchain_backend.series.blocks import Origin
from support.judged_log import HOUR, MINUTE, SECOND, T0, Log, Point3, Voice, plan

STORE = "follow:site"
NOW = T0 + 12 * HOUR


class Store:
    """A followed store: what it brings is a batch of the backend's own."""

    def __init__(self, log: Log) -> None:
        self._log, self._voice = log, Voice(name=STORE, run="receipt-1")

    def brings(self, *readings: Point3) -> None:
        self._log.put(self._voice.record(self._voice.batch(readings), Grade.FOLLOWED))

    def mark(self, name: MarkName, **details: str) -> None:
        self._log.put(mark_record(name, {"store": STORE, **details}))

    def imports(self) -> None:
        self.mark(MarkName.FOLLOW_IMPORTS)

    def caught_up(self) -> None:
        self.mark(MarkName.FOLLOW_CAUGHT_UP)


def stood_there(log: Log) -> None:
    """A fleet version that says since when the sensors have stood there."""
    what = plan({"s": MINUTE, "t": MINUTE}, gateways=())
    payload = fleet_record(plan=what, text="", by="admin", reason="was there", base=0, from_ms=T0)
    log.put(NewRecord(kind=Kind.FLEET, payload=payload))


@pytest.fixture
def store(log: Log) -> Store:
    """A store whose sensors have stood there for long, without a gateway."""
    log.at(NOW)
    log.mark(MarkName.START)
    stood_there(log)
    return Store(log)


def minutes(from_ms: int, to_ms: int, value: float, sensor: str = "s") -> Iterable[Point3]:
    return ((sensor, at_ms, value) for at_ms in range(from_ms, to_ms, MINUTE))


def pages(log: Log) -> list[str]:
    return [one for one in log.told() if one]


def test_a_followed_reading_says_so(log: Log, store: Store) -> None:
    store.brings(("s", NOW, 4.0))
    [reading] = log.answers.readings("s", NOW, NOW + 1)
    assert (reading.origin, reading.sealed) == (Origin.FOLLOWED, False)
    _, ranks = log.answers.graded("s", "temperature", NOW, NOW + 1)
    assert grades_of(ranks, None) == [Evidence.FOLLOWED]


def test_whoever_vouches_for_a_reading_wins_over_a_followed_one(log: Log, store: Store) -> None:
    store.brings(("s", NOW, 9.0), ("t", NOW, 9.0))
    log.say(("s", NOW, 4.0))
    receipt = Voice(name="telegraf", run="receipt-2")
    log.put(receipt.record(receipt.batch([("t", NOW, 5.0)]), Grade.RECEIPT))
    found = [log.answers.readings(one, NOW, NOW + 1)[0] for one in ("s", "t")]
    assert [(one.values["temperature"], one.origin) for one in found] == [
        (4.0, Origin.SEALED), (5.0, Origin.RECEIPT),
    ]  # fmt: skip


def test_the_past_is_judged_and_nobody_is_called(log: Log, store: Store) -> None:
    store.imports()
    store.brings(*minutes(T0, T0 + HOUR, 4.0), *minutes(T0 + HOUR, T0 + 2 * HOUR, 12.0))
    store.brings(*minutes(T0 + 2 * HOUR, NOW - HOUR, 4.0))
    store.brings(*minutes(NOW - HOUR, NOW - 30 * MINUTE, 12.0), *minutes(NOW - 30 * MINUTE, NOW, 4.0))
    store.caught_up()
    store.brings(("s", NOW, 4.0))
    log.only = "excursion"
    assert len(log.stored()) == 2
    assert [one.paged for one in log.alerts()] == [False, False]
    assert pages(log) == []


def test_without_the_marks_the_newer_of_them_would_have_called(log: Log, store: Store) -> None:
    """The marks are what keeps it quiet: an excursion of half an hour ago is told otherwise."""
    store.brings(*minutes(NOW - HOUR, NOW - 30 * MINUTE, 12.0), *minutes(NOW - 30 * MINUTE, NOW, 4.0))
    log.only = "excursion"
    assert pages(log) == ["dispatch alert.fired", "dispatch alert.resolved"]


def test_what_still_goes_on_is_told_at_the_next_reading(log: Log, store: Store) -> None:
    store.imports()
    store.brings(*minutes(NOW - 3 * HOUR, NOW, 12.0))
    log.only = "excursion"
    assert pages(log) == []
    store.caught_up()
    assert pages(log) == []
    log.at(NOW + MINUTE)
    store.brings(("s", NOW + MINUTE, 12.0))
    assert pages(log) != []
    assert log.alerts()[0].paged


def test_a_version_that_reaches_back_calls_nobody_for_what_was_over(log: Log) -> None:
    log.at(NOW)
    store = Store(log)
    store.imports()
    store.brings(*minutes(NOW - HOUR, NOW - 30 * MINUTE, 12.0), *minutes(NOW - 30 * MINUTE, NOW, 4.0))
    store.caught_up()
    log.at(NOW + MINUTE)
    stood_there(log)
    log.only = "excursion"
    assert len(log.stored()) == 1
    assert pages(log) == []


def test_silence_waits_for_the_end_of_the_import_and_is_told_then(log: Log, store: Store) -> None:
    store.imports()
    store.brings(*minutes(T0, T0 + HOUR, 4.0))
    log.alive_until(NOW + 10 * MINUTE, every_ms=MINUTE)
    log.only = "silence"
    assert log.alerts() == []
    store.caught_up()
    log.alive_until(NOW + 11 * MINUTE)
    assert {one.cause.subject.sensor for one in log.alerts()} == {"s", "t"}


def test_a_store_that_fails_during_its_import_hides_no_silence(log: Log, store: Store) -> None:
    store.imports()
    store.brings(*minutes(T0, T0 + HOUR, 4.0))
    log.at(NOW + 10 * MINUTE)
    store.mark(MarkName.FOLLOW_FAILING, trouble="down", reason="no answer")
    log.alive_until(NOW + 11 * MINUTE)
    log.only = "silence"
    assert {one.cause.subject.sensor for one in log.alerts()} == {"s", "t"}


def test_a_condition_that_stops_nothing_does_not_end_an_import(log: Log, store: Store) -> None:
    store.imports()
    store.mark(MarkName.FOLLOW_FAILING, trouble="types", reason="texts")
    store.brings(*minutes(NOW - HOUR, NOW, 12.0))
    log.only = "excursion"
    assert pages(log) == []


def test_a_start_ends_an_import_until_it_is_marked_again(log: Log, store: Store) -> None:
    store.imports()
    log.restart()
    log.mark(MarkName.START)
    log.alive_until(NOW + 5 * MINUTE)
    log.only = "silence"
    assert {one.cause.subject.sensor for one in log.alerts()} == {"s", "t"}


def test_an_import_survives_a_fault_of_judging(log: Log, store: Store) -> None:
    store.imports()
    log.restart()
    store.brings(*minutes(NOW - HOUR, NOW, 12.0))
    store.caught_up()
    log.restart()
    store.brings(("t", NOW, 4.0))
    log.only = "excursion"
    assert pages(log) == []


def test_a_sensor_of_a_gateway_is_judged_as_ever_while_a_store_is_imported(log: Log, store: Store) -> None:
    store.imports()
    log.say(*minutes(NOW - 10 * MINUTE, NOW, 12.0, "t"))
    log.only = "excursion"
    assert pages(log) == ["dispatch alert.fired"]


def test_a_store_that_cannot_be_read_is_a_system_alert_for_each_of_its_troubles(
    log: Log, store: Store
) -> None:
    for trouble in ("down", "types", "down"):
        store.mark(MarkName.FOLLOW_FAILING, trouble=trouble, reason="as it is")
    log.only = "system"
    assert [(one.level.value, one.state.value) for one in log.alerts()] == [("alarm", "firing")] * 2
    assert "follow:site" in (log.alerts()[0].cause.detail or "")
    store.mark(MarkName.FOLLOW_RECOVERED, trouble="down")
    assert sorted(one.state.open for one in log.alerts()) == [False, True]


def test_silence_of_a_followed_sensor_is_told_by_its_own_interval(log: Log, store: Store) -> None:
    store.imports()
    store.brings(*minutes(NOW - HOUR, NOW, 4.0), *minutes(NOW - HOUR, NOW, 4.0, "t"))
    store.caught_up()
    for minute in range(5):
        log.at(NOW + minute * MINUTE)
        store.brings(("t", NOW + minute * MINUTE, 4.0))
    log.alive_until(NOW + 4 * MINUTE + 30 * SECOND)
    log.only = "silence"
    assert [one.cause.subject.sensor for one in log.alerts()] == ["s"]

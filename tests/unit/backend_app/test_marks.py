"""Service marks: the log says when the service ran, and beats when something is due and nobody writes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from coldchain.errors import Unavailable
from coldchain.seal import Key
from coldchain_backend.app.marks import AT_LEAST_EVERY_MS, AT_MOST_EVERY_MS, Heart, between_marks
from coldchain_backend.ledger import Kind, NewRecord, Record, mark_record, read_json
from coldchain_backend.ledger.records import MarkName

NOW = 1_795_000_000_000
KEY = Key.from_seed(bytes(32))


class Stopped(Exception):
    """The clock has run out."""


@dataclass(slots=True)
class Running:
    """A clock that ends the loop when its time is over."""

    now: int
    until: int

    def now_ms(self) -> int:
        return self.now

    def monotonic_ns(self) -> int:
        return self.now * 1_000_000

    def boottime_ns(self) -> int:
        return self.now * 1_000_000

    async def sleep(self, seconds: float) -> None:
        self.now += int(seconds * 1000)
        if self.now > self.until:
            raise Stopped


@dataclass(slots=True)
class Judged:
    """Judging that has read everything at once; a due time is over when a record is stamped behind it."""

    log: Log
    due_ms: int | None = None
    behind: int = 0

    @property
    def offset(self) -> int:
        return self.log.end - self.behind

    @property
    def stamp_ms(self) -> int:
        return self.log.stamps[-1]

    def next_due_ms(self) -> int | None:
        return None if self.due_ms is None or self.stamp_ms >= self.due_ms else self.due_ms


class Log:
    """A ledger that keeps the stamps and marks of what is appended."""

    def __init__(self, clock: Running) -> None:
        self.clock = clock
        self.stamps = [clock.now_ms()]
        self.marks: list[str] = []
        self.broken = False

    @property
    def end(self) -> int:
        return len(self.stamps)

    @property
    def head(self) -> str:
        return "0" * 64

    async def append(self, records: Sequence[NewRecord]) -> Sequence[Record]:
        if self.broken:
            raise Unavailable("the disk is full")
        self.marks += [str(read_json(one.payload)["mark"]) for one in records if one.kind is Kind.MARK]
        self.stamps += [self.clock.now_ms()] * len(records)
        return []

    def read(self, after: int, limit: int) -> Sequence[Record]:
        return []

    def wait(self, after: int, timeout: float) -> bool:
        return False


def beat(seconds: float, *, due_in_ms: int | None = None, behind: int = 0) -> tuple[Log, Running]:
    clock = Running(now=NOW, until=NOW + int(seconds * 1000))
    log = Log(clock)
    judged = Judged(log, due_ms=None if due_in_ms is None else NOW + due_in_ms, behind=behind)
    with pytest.raises(Stopped):
        asyncio.run(Heart(log, judged, clock).run())
    return log, clock


def test_a_quiet_log_beats_at_least_once_in_ten_seconds() -> None:
    log, _ = beat(35)
    assert log.marks == ["alive"] * 3
    gaps = [later - earlier for earlier, later in zip(log.stamps, log.stamps[1:], strict=False)]
    assert all(AT_LEAST_EVERY_MS <= gap < AT_LEAST_EVERY_MS + 500 for gap in gaps)


def test_what_is_due_is_marked_at_its_time_and_once() -> None:
    log, _ = beat(5, due_in_ms=2_050)
    assert log.marks == ["alive"]
    assert 2_050 <= log.stamps[-1] - NOW < 2_300


def test_it_beats_at_most_once_a_second_however_often_something_is_due() -> None:
    clock = Running(now=NOW, until=NOW + 5_000)
    log = Log(clock)

    class Restless(Judged):
        __slots__ = ()

        def next_due_ms(self) -> int | None:
            return clock.now_ms()

        @property
        def stamp_ms(self) -> int:
            return 0

    with pytest.raises(Stopped):
        asyncio.run(Heart(log, Restless(log), clock).run())
    gaps = [later - earlier for earlier, later in zip(log.stamps[1:], log.stamps[2:], strict=False)]
    assert len(log.marks) >= 4
    assert min(gaps) >= AT_MOST_EVERY_MS


def test_while_judging_is_behind_nothing_is_added_to_what_it_must_read() -> None:
    log, _ = beat(30, due_in_ms=100, behind=1)
    assert log.marks == []


def marked(*, broken_at_end: bool) -> list[str]:
    log = Log(Running(now=NOW, until=NOW))

    async def run() -> None:
        async with between_marks(log, KEY):
            await log.append([mark_record(MarkName.ALIVE)])
            log.broken = broken_at_end

    asyncio.run(run())
    return log.marks


def test_a_run_stands_between_its_marks() -> None:
    assert marked(broken_at_end=False) == ["start", "alive", "stop"]


def test_a_full_disk_at_the_end_does_not_hinder_the_end() -> None:
    assert marked(broken_at_end=True) == ["start", "alive"]


def test_a_service_that_cannot_mark_its_start_does_not_start() -> None:
    log = Log(Running(now=NOW, until=NOW))
    log.broken = True

    async def run() -> None:
        async with between_marks(log, KEY):
            raise AssertionError("it runs without a start mark")

    with pytest.raises(Unavailable):
        asyncio.run(run())

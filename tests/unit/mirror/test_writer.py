"""Bodies on their way: order, bounds, what is refused for good, what fails for now."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coldchain_backend.influx import InfluxTrouble, Left, Precision, Trouble, Written
from coldchain_backend.mirror.writer import BODY_LINES, MOST_SPLITS, Apart, Tally, Writer


@dataclass
class Taker:
    """Takes bodies; refuses lines with a word in them, as InfluxDB does: the others of the body are taken."""

    taken: list[str] = field(default_factory=list)
    bodies: list[int] = field(default_factory=list)
    says_how_many: bool = True
    fail: InfluxTrouble | None = None
    gate: threading.Event | None = None

    def write(self, body: bytes, precision: Precision) -> Written:
        if self.gate is not None:
            assert self.gate.wait(20)
        if self.fail is not None:
            raise self.fail
        return self.take(body.decode().split("\n"))

    def take(self, lines: Sequence[str]) -> Written:
        self.bodies.append(len(lines))
        bad = [line for line in lines if "bad" in line]
        if bad and not self.says_how_many:
            return Written(dropped=None, left=Left.OTHER, message="unable to parse")
        self.taken += [line for line in lines if "bad" not in line]
        if not bad:
            return Written()
        return Written(dropped=len(bad), left=Left.TYPE, message="type conflict")


@pytest.fixture
def opened() -> Iterator[Callable[[Taker], tuple[Writer, Tally]]]:
    made: list[Writer] = []

    def make(taker: Taker) -> tuple[Writer, Tally]:
        tally = Tally()
        made.append(Writer(taker.write, tally))
        return made[-1], tally

    yield make
    for writer in made:
        writer.close()


Opened = Callable[[Taker], tuple[Writer, Tally]]


def test_lines_go_in_order_in_bodies_of_bounded_size(opened: Opened) -> None:
    taker = Taker()
    writer, tally = opened(taker)
    lines = [f"m v={number}" for number in range(BODY_LINES * 2 + 7)]
    writer.put(lines)
    writer.put(["m v=last"])
    writer.drain()
    assert taker.taken == [*lines, "m v=last"]
    assert max(taker.bodies) <= 2 * BODY_LINES
    assert tally.points == len(lines) + 1


def test_long_lines_make_short_bodies(opened: Opened) -> None:
    taker = Taker()
    writer, _ = opened(taker)
    for _ in range(30):
        writer.put(["m s=" + "x" * 100_000])
    writer.drain()
    assert len(taker.bodies) >= 2


def test_nothing_is_nothing(opened: Opened) -> None:
    taker = Taker()
    writer, _ = opened(taker)
    writer.put([])
    writer.drain()
    assert taker.bodies == []


def test_a_failure_is_raised_and_forgotten_only_when_told_so(opened: Opened) -> None:
    taker = Taker(fail=InfluxTrouble(Trouble.DOWN, "no answer"))
    writer, tally = opened(taker)
    writer.put(["m v=1"])
    with pytest.raises(InfluxTrouble):
        writer.drain()
    with pytest.raises(InfluxTrouble):
        writer.drain()
    taker.fail = None
    writer.forget()
    writer.put(["m v=2"])
    writer.drain()
    assert taker.taken == ["m v=2"]
    assert tally.points == 1


def test_what_waits_is_bounded(opened: Opened) -> None:
    taker = Taker(gate=threading.Event())
    writer, _ = opened(taker)
    done = threading.Event()

    def much() -> None:
        for _ in range(20):
            writer.put([f"m v={number}" for number in range(BODY_LINES)])
        done.set()

    thread = threading.Thread(target=much)
    thread.start()
    assert not done.wait(0.3)
    assert taker.gate is not None
    taker.gate.set()
    thread.join(20)
    writer.drain()
    assert len(taker.taken) == 20 * BODY_LINES


@dataclass
class Flights:
    """Notes which bodies are on their way together; each stays until another has come, or has no mate."""

    most: int = 0
    now: set[str] = field(default_factory=set)
    met: list[frozenset[str]] = field(default_factory=list)
    order: list[str] = field(default_factory=list)
    wait_s: float = 0.0
    changed: threading.Condition = field(default_factory=threading.Condition)

    def write(self, body: bytes, precision: Precision) -> Written:
        name = body.decode().partition(" ")[0]
        with self.changed:
            self.now.add(name)
            self.order.append(name)
            self.met.append(frozenset(self.now))
            self.changed.notify_all()
            self.changed.wait_for(lambda: len(self.now) > 1, self.wait_s)
            self.now.discard(name)
            self.changed.notify_all()
        return Written()


def test_free_bodies_are_on_their_way_together() -> None:
    flights, tally = Flights(wait_s=20.0), Tally()
    writer = Writer(flights.write, tally)
    for name in "ab":
        writer.put([f"{name} v={number}" for number in range(BODY_LINES)], free=True)
    writer.drain()
    writer.close()
    assert frozenset("ab") in flights.met
    assert (tally.points, tally.bodies) == (2 * BODY_LINES, 2)


@settings(max_examples=20)
@given(free=st.lists(st.booleans(), min_size=2, max_size=6))
def test_any_other_body_is_on_its_way_alone_and_in_its_place(free: list[bool]) -> None:
    flights, names = Flights(), [chr(ord("a") + number) for number in range(len(free))]
    writer = Writer(flights.write, Tally())
    for name, one in zip(names, free, strict=True):
        writer.put([f"{name} {'x' * (1 << 20)}"], free=one)
    writer.drain()
    writer.close()
    bound = {name for name, one in zip(names, free, strict=True) if not one}
    assert all(len(together) == 1 for together in flights.met if together & bound)
    assert sorted(flights.order) == names
    for name in bound:
        at = names.index(name)
        assert set(flights.order[:at]) == set(names[:at])


def test_a_free_line_gathered_with_another_is_not_free() -> None:
    flights = Flights()
    writer = Writer(flights.write, Tally())
    for name in "ab":
        writer.put([f"{name} v=1"])
        writer.put([f"{name} v={number}" for number in range(BODY_LINES)], free=True)
    writer.drain()
    writer.close()
    assert flights.met == [frozenset("a"), frozenset("b")]


def test_what_fails_beside_another_is_raised_and_the_other_counted() -> None:
    def write(body: bytes, precision: Precision) -> Written:
        if body.startswith(b"bad"):
            raise InfluxTrouble(Trouble.DOWN, "no answer")
        return Written()

    tally = Tally()
    writer = Writer(write, tally)
    writer.put(["good v=1"] * BODY_LINES, free=True)
    writer.put(["bad v=1"] * (BODY_LINES - 1), free=True)
    with pytest.raises(InfluxTrouble):
        writer.drain()
    writer.forget()
    writer.close()
    assert tally.points in {0, BODY_LINES}


@pytest.mark.parametrize("says_how_many", [True, False])
@given(bad=st.lists(st.booleans(), min_size=1, max_size=300))
def test_what_is_refused_for_good_ends_up_alone(bad: list[bool], *, says_how_many: bool) -> None:
    lines = [f"m v={number}{'bad' if one else ''}" for number, one in enumerate(bad)]
    taker, tally = Taker(says_how_many=says_how_many), Tally()
    Apart(taker.take, tally).write(lines)
    if len(taker.bodies) < MOST_SPLITS:
        assert set(taker.taken) == {line for line in lines if "bad" not in line}
        assert sum(tally.left.values()) == sum(bad)
        assert tally.points == len(lines) - sum(bad)


def test_a_whole_body_that_is_refused_costs_one_request() -> None:
    taker, tally = Taker(), Tally()
    Apart(taker.take, tally).write(["m v=bad"] * 5000)
    assert taker.bodies == [5000]
    assert tally.left == {Left.TYPE: 5000}
    assert tally.samples[Left.TYPE].startswith("type conflict: m v=bad")


def test_a_body_costs_a_bounded_number_of_requests() -> None:
    taker, tally = Taker(), Tally()
    Apart(taker.take, tally).write([f"m v={number}{'bad' if number % 2 else ''}" for number in range(5000)])
    assert len(taker.bodies) < MOST_SPLITS + 30
    assert tally.left[Left.TYPE] == 2500
    assert tally.points == 2500


@given(st.lists(st.integers(0, 9), min_size=2, max_size=200))
def test_points_out_of_retention_cost_one_request_and_the_oldest_is_named(times: list[int]) -> None:
    lines, asked = [f"m v={number} {at}" for number, at in enumerate(times)], []

    def take(part: Sequence[str]) -> Written:
        asked.append(len(part))
        old = sum(int(line.rpartition(" ")[2]) < 5 for line in part)
        return Written(dropped=old, left=Left.RETENTION if old else None, message="beyond retention policy")

    tally = Tally()
    Apart(take, tally).write(lines)
    old = sum(at < 5 for at in times)
    assert asked == [len(lines)]
    assert (tally.points, tally.left[Left.RETENTION]) == (len(lines) - old, old)
    if 0 < old < len(lines):
        assert tally.samples[Left.RETENTION].endswith(f" {min(times)}")

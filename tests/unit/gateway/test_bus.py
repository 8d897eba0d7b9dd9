"""Units of a bus asked in turn: who is asked when, what becomes of their words, what a socket may say."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldchain.errors import ConfigError, InvalidInput
from coldchain.readings import Refusal, RefusalReason
from coldchain_gateway.contracts import Acquired, NotKept, Sample
from coldchain_gateway.formats import Request
from coldchain_gateway.formats.modbus_tcp import first_frame, read_tcp_answer, tcp_request
from coldchain_gateway.sources.bus import BusConfig, UnitConfig
from coldchain_gateway.sources.bus.polling import Poller
from coldchain_gateway.sources.bus.schedule import Patience, Turn, next_turn
from coldchain_gateway.sources.bus.units import check_one_line, units_of
from coldchain_gateway.sources.modbus_tcp.source import ConnectionLost, TcpLink
from support.fake_clock import FakeClock, settle
from support.looking_intake import LookingIntake

ASK = Request(unit=1, function=4, address=1, count=2)
Answer = Sequence[int] | Refusal


class Wire:
    """Implements `bus.Link`: answers as told, and remembers at which second which unit was asked."""

    def __init__(self, clock: FakeClock, answer: Callable[[Request], Answer]) -> None:
        self.asked: list[tuple[float, int]] = []
        self.settled = 0
        self._clock = clock
        self._answer = answer

    async def ask(self, request: Request, *, wait_s: float, frame_s: float) -> Answer:
        self.asked.append((round(self._clock.monotonic_ns() / 1e9, 3), request.unit))
        return self._answer(request)

    async def settle(self) -> None:
        self.settled += 1

    def times(self, unit: int) -> list[float]:
        return [at for at, asked in self.asked if asked == unit]


class FullIntake(LookingIntake):
    """Has no room."""

    async def take(self, acquired: Acquired) -> None:
        raise NotKept("the disk is full")


def bus(*units: UnitConfig, **more: int) -> BusConfig:
    return BusConfig(name="bus", unit=units, **more)


def unit(address: int, interval_ms: int = 1_000, **more: object) -> UnitConfig:
    said = {"address": address, "template": "xy-md02", "sensor": f"u{address}", "interval": interval_ms}
    return UnitConfig(**(said | more))  # type: ignore[arg-type]  # keys as named


def well(request: Request) -> Answer:
    return [(request.unit * 10) & 0xFFFF, 500][: request.count]


def refused(reason: RefusalReason) -> Refusal:
    return Refusal(reason=reason, detail="as told")


@asynccontextmanager
async def polling(
    config: BusConfig, answer: Callable[[Request], Answer], intake: LookingIntake
) -> AsyncIterator[tuple[FakeClock, Wire]]:
    clock = FakeClock()
    wire = Wire(clock, answer)
    poller = Poller(config, units_of(config, ()), clock)
    task = asyncio.create_task(poller.run(wire, intake))
    try:
        yield clock, wire
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def values(intake: LookingIntake) -> list[tuple[str, object]]:
    return [
        (one.sensor, one.values.get("temperature"))
        for acquired in intake.taken
        for one in acquired.decoded
        if isinstance(one, Sample)
    ]


async def test_each_unit_is_asked_at_its_own_interval() -> None:
    intake = LookingIntake()
    async with polling(bus(unit(1, 1_000), unit(2, 3_000)), well, intake) as (clock, wire):
        await clock.pass_time(9.5)
    assert (len(wire.times(1)), len(wire.times(2))) == (10, 4)
    assert set(values(intake)) == {("u1", 1.0), ("u2", 2.0)}
    assert intake.taken[0].raw == b"4:1=000a 4:2=01f4"


async def test_between_two_questions_the_bus_rests() -> None:
    async with polling(bus(unit(1), unit(2), gap_ms=250), well, LookingIntake()) as (clock, wire):
        await clock.pass_time(0.9)
    (first,), (second,) = wire.times(1), wire.times(2)
    assert second - first >= 0.25


async def test_a_silent_unit_is_left_alone_after_its_failures_and_asked_again_later() -> None:
    def answer(request: Request) -> Answer:
        return refused(RefusalReason.TIMEOUT) if request.unit == 2 else well(request)

    intake = LookingIntake()
    async with polling(bus(unit(1), unit(2), retry=30_000), answer, intake) as (clock, wire):
        await clock.pass_time(29.5)
        assert len(wire.times(2)) == 2, "twice in a row, then not until the retry"
        assert len(wire.times(1)) == 30
        await clock.pass_time(5)
        assert len(wire.times(2)) == 3
        assert wire.settled == 3
    told = {one.reason for taken in intake.taken for one in taken.decoded if isinstance(one, Refusal)}
    assert told == {RefusalReason.TIMEOUT}


async def test_a_unit_that_is_back_has_its_interval_again() -> None:
    silent = True

    def answer(request: Request) -> Answer:
        return refused(RefusalReason.CRC) if silent else well(request)

    async with polling(bus(unit(1), retry=10_000), answer, LookingIntake()) as (clock, wire):
        await clock.pass_time(5)
        silent = False
        await clock.pass_time(10)
        before = len(wire.times(1))
        await clock.pass_time(5)
        assert len(wire.times(1)) - before == 5


async def over_new_wires(answer: Callable[[Request], Answer], *, seconds: int, most: int) -> Wire:
    """As the supervisor does: where a wire is lost, the same poller goes on over the next, a second later."""
    clock, intake = FakeClock(), LookingIntake()
    wire = Wire(clock, answer)
    config = bus(unit(1, 2_000), unit(2, 2_000), unit(3, 2_000), retry=30_000)
    poller = Poller(config, units_of(config, ()), clock)
    lost = 0

    async def connected() -> None:
        nonlocal lost
        while lost < most:
            with suppress(ConnectionLost):
                await poller.run(wire, intake)
            lost += 1
            await clock.sleep(1)

    task = asyncio.create_task(connected())
    await clock.pass_time(seconds)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    return wire


async def test_a_unit_at_which_the_other_side_hangs_up_delays_no_other() -> None:
    def answer(request: Request) -> Answer:
        if request.unit == 2:
            raise ConnectionLost("closed by the other side")
        return well(request)

    wire = await over_new_wires(answer, seconds=60, most=100)
    assert len(wire.times(3)) >= 20
    assert len(wire.times(1)) >= 20
    assert 4 <= len(wire.times(2)) <= 8, "twice, once more, then at each retry"


async def test_a_connection_that_ends_between_questions_costs_no_unit_its_turn() -> None:
    asked = 0

    def answer(request: Request) -> Answer:
        nonlocal asked
        asked += 1
        if asked % 4 == 0:
            raise ConnectionLost("closed by the other side")
        return well(request)

    wire = await over_new_wires(answer, seconds=60, most=1000)
    for number in (1, 2, 3):
        times = wire.times(number)
        assert max(after - before for before, after in pairwise(times)) <= 5, "never left alone"


async def test_an_exception_is_an_answer_and_backs_nobody_off() -> None:
    def answer(request: Request) -> Answer:
        return refused(RefusalReason.EXCEPTION_FRAME)

    intake = LookingIntake()
    async with polling(bus(unit(1)), answer, intake) as (clock, wire):
        await clock.pass_time(9.5)
    assert len(wire.times(1)) == 10
    assert wire.settled == 0
    assert all(isinstance(one, Refusal) for taken in intake.taken for one in taken.decoded)


async def test_what_cannot_be_kept_is_counted_and_the_bus_goes_on() -> None:
    intake = FullIntake()
    async with polling(bus(unit(1)), well, intake) as (clock, wire):
        await clock.pass_time(4.5)
    assert len(wire.times(1)) == 5
    assert [(source, one.reason) for source, one in intake.refused] == [("bus", RefusalReason.NOT_KEPT)] * 5


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 9)), min_size=1, max_size=8))
def test_whoever_is_due_first_is_next_and_of_several_the_one_that_fails_less(
    units: list[tuple[int, int]],
) -> None:
    turns = [
        Turn(address=number, interval_ms=1_000, due_ms=due, failures=failures)
        for number, (due, failures) in enumerate(units)
    ]
    chosen = next_turn(turns)
    assert all((chosen.due_ms, chosen.failures) <= (turn.due_ms, turn.failures) for turn in turns)


def test_a_retry_is_never_sooner_than_the_interval() -> None:
    slow = Turn(address=1, interval_ms=600_000, due_ms=0, failures=1)
    after = slow.after(1_000, Patience(failures=2, retry_ms=60_000), answered=False)
    assert (after.failures, after.due_ms) == (2, 601_000)
    assert after.after(601_000, Patience(), answered=True).due_ms == 1_201_000


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (bus, "at least one"),
        (lambda: bus(unit(1), unit(1)), "share an address"),
        (lambda: bus(unit(1), unit(2, sensor="u1")), "the same sensor"),
        (lambda: bus(unit(1), gap_ms=1_001), "gap_ms"),
        (lambda: bus(unit(1), failures=0), "failures"),
        (lambda: bus(unit(1), retry=999), "retry"),
        (lambda: unit(256), "address 256"),
        (lambda: unit(1, 199), "no rest"),
        (lambda: unit(1, timeout=9), "timeout"),
        (lambda: unit(1, sensor=""), "not a sensor id"),
    ],
)
def test_a_bus_that_cannot_be_meant_is_refused(make: Callable[[], object], why: str) -> None:
    with pytest.raises(InvalidInput, match=why):
        make()


def test_units_with_other_line_settings_share_a_port_only_when_they_were_changed() -> None:
    mixed = (unit(1), unit(2, template="carel-ir33"), unit(3, template="wb-ms"))
    with pytest.raises(ConfigError, match=r"9600 8N1: u1 \(xy-md02\); 19200 8N2: u2 \(carel-ir33\)"):
        check_one_line("bus", list(units_of(bus(*mixed), ()).values()))
    changed = (mixed[0], unit(2, template="carel-ir33", line_changed=True), mixed[2])
    check_one_line("bus", list(units_of(bus(*changed), ()).values()))


def frame(transaction: int, body: bytes) -> bytes:
    return transaction.to_bytes(2, "big") + b"\0\0" + len(body).to_bytes(2, "big") + body


GOOD = b"\x01\x04\x04\x01\x31\x02\x22"


def test_a_tcp_request_is_the_same_question_behind_a_header() -> None:
    assert tcp_request(ASK, 0xABCD) == bytes.fromhex("abcd 0000 0006 01 04 0001 0002".replace(" ", ""))


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"\x02\x04\x04\x01\x31\x02\x22", RefusalReason.FOREIGN_FRAME),
        (b"\x01\x03\x04\x01\x31\x02\x22", RefusalReason.FOREIGN_FRAME),
        (b"\x01\x84\x02", RefusalReason.EXCEPTION_FRAME),
        (b"\x01\x84\x63", RefusalReason.EXCEPTION_FRAME),
        (b"\x01\x04\x02\x01\x31", RefusalReason.SHORT_FRAME),
        (b"\x01\x04\x04\x01\x31\x02", RefusalReason.SHORT_FRAME),
        (GOOD + b"\0", RefusalReason.SHORT_FRAME),
    ],
)
def test_an_answer_that_does_not_fit_its_question_is_refused_with_its_reason(
    body: bytes, reason: RefusalReason
) -> None:
    answer = read_tcp_answer(frame(7, body), ASK, 7)
    assert isinstance(answer, Refusal)
    assert answer.reason is reason
    assert read_tcp_answer(frame(6, body), ASK, 7) is None, "a late one is nobody's answer"


def test_bits_are_read_from_their_bytes() -> None:
    ask = Request(unit=1, function=2, address=0, count=10)
    assert read_tcp_answer(frame(1, b"\x01\x02\x02\x05\x02"), ask, 1) == [1, 0, 1, 0, 0, 0, 0, 0, 0, 1]


@given(st.lists(st.binary(min_size=3, max_size=254), min_size=1, max_size=4), st.data())
def test_frames_come_out_whole_however_the_bytes_arrive(bodies: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(frame(number, body) for number, body in enumerate(bodies))
    found, rest, at = [], b"", 0
    while at < len(stream):
        step = data.draw(st.integers(1, len(stream)))
        rest, at = rest + stream[at : at + step], at + step
        while (first := first_frame(rest)) is not None:
            found.append(first[0][6:])
            rest = first[1]
    assert (found, rest) == (bodies, b"")


class Socket(asyncio.Transport):
    """What is written to it is remembered; `answer` gives the bytes that come back."""

    def __init__(self, reader: asyncio.StreamReader, answer: Callable[[bytes], bytes | None]) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self._reader = reader
        self._answer = answer

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written.append(bytes(data))
        said = self._answer(bytes(data))
        if said is None:
            self._reader.feed_eof()
        elif said:
            self._reader.feed_data(said)

    def is_closing(self) -> bool:
        return True  # there is nothing that a writer would have to close


def linked(answer: Callable[[bytes], bytes | None]) -> TcpLink:
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    writer = asyncio.StreamWriter(Socket(reader, answer), protocol, reader, asyncio.get_running_loop())
    return TcpLink(reader, writer, "plc:502")


async def test_a_late_answer_is_passed_over_and_each_question_has_a_number_of_its_own() -> None:
    late = b"\x01\x04\x04\x7f\xff\x7f\xff"

    def answer(request: bytes) -> bytes:
        number = int.from_bytes(request[:2], "big")
        return frame((number - 1) & 0xFFFF, late) + frame(number, GOOD)

    link = linked(answer)
    for _ in range(2):
        assert await link.ask(ASK, wait_s=5, frame_s=5) == [0x0131, 0x0222]
    await link.settle()


async def test_a_socket_that_says_nothing_is_a_timeout_and_the_connection_goes_on() -> None:
    said = iter([b"\0\x01\0\0\0", b""])
    link = linked(lambda request: next(said, b"\x07" + frame(1, GOOD)[6:] + frame(3, GOOD)))
    for _ in range(2):
        answer = await link.ask(ASK, wait_s=0.0, frame_s=0.0)
        assert isinstance(answer, Refusal)
        assert answer.reason is RefusalReason.TIMEOUT
    assert await link.ask(ASK, wait_s=5, frame_s=5) == [0x0131, 0x0222], "the torn frame was finished late"


@pytest.mark.parametrize("said", [None, b"HTTP/1.1 400 Bad Request\r\n"])
async def test_a_socket_that_closes_or_speaks_otherwise_is_lost(said: bytes | None) -> None:
    link = linked(lambda _: said)
    with pytest.raises(ConnectionLost, match="plc:502: "):
        await link.ask(ASK, wait_s=5, frame_s=5)
    await settle(1)

"""What a lane chooses and how it obeys, without a network: the connection answers from a script."""

import threading
import zlib
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from pathlib import Path

import pytest

from coldchain.seal import Batch, read_batches
from coldchain_gateway.clock_trust import ClockTrust
from coldchain_gateway.identity import Identity
from coldchain_gateway.outbox import CorruptOutbox, OutboxFull, Waiting
from coldchain_gateway.uplink import Connection, Endpoint, Sender, Unreachable, Window, WindowConfig
from coldchain_gateway.uplink.connection import Answer
from coldchain_gateway.uplink.sender import request_body
from coldchain_runtime.clock import SystemClock
from support.gateway_life import Life

Script = Callable[[list[Batch]], int]
Held = Callable[[], int] | None


class Scripted(Connection):
    """Answers with a status per request; 0 is no answer at all."""

    def __init__(self, script: Script, seen: list[list[int]], lanes: list[str], held: Held) -> None:
        super().__init__(Endpoint.parse("http://127.0.0.1:9"), SystemClock(), lambda: None)
        self._script = script
        self._held = held
        self._seen = seen
        self._lanes = lanes

    def request(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        assert method == "POST"
        assert path == "/api/v2/write?org=demo&bucket=demo&precision=ms"
        assert headers["Content-Encoding"] == "gzip"
        decoded = zlib.decompress(body or b"", wbits=31)
        batches = [batch for batch in read_batches(decoded) if isinstance(batch, Batch)]
        self._seen.append([batch.seq for batch in batches])
        self._lanes.append(headers["Coldchain-Lane"])
        status = self._script(batches)
        if not status:
            raise Unreachable("no route")
        now = SystemClock().boottime_ns() // 1_000_000
        headers_back = {"date": "Tue, 24 Nov 2026 08:00:00 GMT", "coldchain-watch": "v9"}
        if self._held is not None:
            headers_back["coldchain-held"] = f"{batches[0].run}:{self._held()}"
        return Answer(status=status, headers=headers_back, body=b"", sent_boot_ms=now, received_boot_ms=now)


class Stage:
    """A life with some batches, and a sender over scripted connections."""

    def __init__(self, folder: Path, batches: int, script: Script, held: Held = None) -> None:
        self.life = Life.open(folder)
        for number in range(batches):
            self.add(number)
        self.seen: list[list[int]] = []
        self.lanes: list[str] = []
        clock = SystemClock()
        self.trust = ClockTrust(clock, lambda: False)
        self.sender = Sender(
            outbox=self.life.outbox,
            identity=Identity(key=self.life.key, organisation="demo", head_file=self.life.head_file),
            trust=self.trust,
            clock=clock,
            connect=lambda: Scripted(script, self.seen, self.lanes, held),
        )
        self.threads = [
            threading.Thread(target=lane) for lane in (self.sender.run_live, self.sender.run_backlog)
        ]

    def add(self, number: int) -> None:
        self.life.keep(number * 1000 + 1)
        self.life.seal(number * 1000 + 2)

    def waiting(self) -> int:
        return self.life.outbox.counts().waiting_batches

    def __enter__(self) -> "Stage":
        for thread in self.threads:
            thread.start()
        self.sender.sealed()
        return self

    def __exit__(self, *_: object) -> None:
        self.sender.stop()
        for thread in self.threads:
            thread.join(5)
            assert not thread.is_alive()

    def until(self, condition: Callable[[], bool]) -> None:
        pause = threading.Event()
        for _ in range(1000):
            if condition():
                return
            pause.wait(0.005)
        raise AssertionError(self.seen)


def always(status: int) -> Script:
    return lambda _: status


def test_everything_leaves_newest_first_then_oldest_first(tmp_path: Path) -> None:
    versions: list[str] = []
    stage = Stage(tmp_path, 5, always(204))
    stage.sender.watch_version = versions.append
    with stage:
        stage.until(lambda: stage.waiting() == 0)
    assert stage.seen == [[5], [1, 2, 3, 4]]
    assert stage.lanes == ["live", "backlog"]
    assert stage.sender.state().state == "connected"
    assert stage.trust.offset_ms() is not None
    assert versions[0] == "v9"


@pytest.mark.parametrize(
    ("status", "state"), [(0, "unreachable"), (401, "denied"), (503, "throttled"), (500, "failed")]
)
def test_without_a_yes_everything_stays_and_the_state_says_why(
    tmp_path: Path, status: int, state: str
) -> None:
    stage = Stage(tmp_path, 2, always(status))
    assert stage.sender.state().state == "starting"
    with stage:
        stage.until(lambda: stage.sender.state().state == state)
    assert stage.waiting() == 2
    assert all(batch == [2] for batch in stage.seen)
    assert stage.trust.offset_ms() is None


def test_a_batch_too_large_for_somebody_on_the_way_is_sent_alone(tmp_path: Path) -> None:
    stage = Stage(tmp_path, 9, lambda batches: 413 if len(batches) > 1 else 204)
    with stage:
        stage.until(lambda: stage.waiting() == 0)
    assert stage.seen[-1] == [8]


def test_on_the_way_out_what_waits_is_sent_if_the_way_is_open(tmp_path: Path) -> None:
    stage = Stage(tmp_path, 1, always(204))
    with stage:
        stage.until(lambda: stage.waiting() == 0)
        stage.add(5)
        stage.sender.drain(2.0)
        assert stage.waiting() == 0


class Shutter(Window):
    """A window that a test opens and shuts."""

    def __init__(self) -> None:
        super().__init__(WindowConfig(interfaces=("eth0",)), lambda: None)
        self.is_open = False

    def open(self, now_ms: int | None) -> bool:
        return self.is_open


def test_outside_the_window_only_what_is_urgent_crosses_and_then_the_newest_first(tmp_path: Path) -> None:
    stage = Stage(tmp_path, 3, always(204))
    stage.life.sealer.hurry()
    stage.add(3)
    stage.add(4)
    stage.sender.window = shutter = Shutter()
    with stage:
        stage.until(lambda: stage.seen == [[4]])
        assert stage.sender.state().state == "window_shut"
        stage.sender.sealed()
        assert stage.waiting() == 4
        shutter.is_open = True
        stage.sender.sealed()
        stage.until(lambda: stage.waiting() == 0)
    assert stage.seen[1] == [5]
    assert sorted(seq for seen in stage.seen for seq in seen) == [1, 2, 3, 4, 5]


def test_what_closes_while_connected_never_waits_behind_the_backlog(tmp_path: Path) -> None:
    slow = threading.Event()

    def script(batches: list[Batch]) -> int:
        if batches[0].seq == 1:
            assert slow.wait(20)
        return 204

    stage = Stage(tmp_path, 150, script)
    with stage:
        stage.until(lambda: [seen[0] for seen in stage.seen[:2]] == [150, 1])
        for number in range(150, 155):
            stage.add(number)
            stage.sender.sealed()
        stage.until(lambda: {151, 152, 153, 154, 155} <= {seq for seen in stage.seen for seq in seen})
        assert stage.waiting() == 149
        slow.set()
        stage.until(lambda: stage.waiting() == 0)
    sent = [seq for seen in stage.seen for seq in seen]
    assert sorted(sent) == list(range(1, 156))


class Backend:
    """Holds batches; its data can be put back to an earlier copy. The backlog waits for `go_on`."""

    def __init__(self) -> None:
        self.seqs: set[int] = set()
        self.go_on = threading.Event()

    def __call__(self, batches: list[Batch]) -> int:
        if batches[0].seq in LOST:
            assert self.go_on.wait(20)
        self.seqs |= {batch.seq for batch in batches}
        return 204

    def held(self) -> int:
        return next(number for number in count() if number + 1 not in self.seqs)


LOST = range(4, 13)


def test_what_a_restored_backend_lost_goes_by_the_backlog_lane_and_holds_up_nothing_live(
    tmp_path: Path,
) -> None:
    """What it had was live once, so it lies above the mark behind which the backlog ended then."""
    backend = Backend()
    backend.go_on.set()
    stage = Stage(tmp_path, 1, backend, backend.held)

    def close(numbers: range) -> None:
        for number in numbers:
            if number > 1:
                stage.add(number - 1)
            stage.sender.sealed()
            stage.until(lambda number=number: number in backend.seqs)  # type: ignore[misc]  # bound now

    with stage:
        close(range(1, 13))
        stage.until(lambda: stage.waiting() == 0)
        assert set(stage.lanes) == {"live"}
        backend.go_on.clear()
        backend.seqs -= set(LOST)
        close(range(13, 17))
        assert backend.seqs.isdisjoint(LOST)
        backend.go_on.set()
        stage.until(lambda: backend.held() == 16 and stage.waiting() == 0)
    sent = list(zip(stage.seen, stage.lanes, strict=True))[12:]
    assert {lane for seen, lane in sent if not set(LOST).isdisjoint(seen)} == {"backlog"}
    # The thirteenth brought the word of it, and is above what is held too.
    assert {lane for seen, lane in sent if max(seen) > 13} == {"live"}
    assert stage.sender.state().unsent_again == 1


def test_what_is_live_costs_no_second_connection(tmp_path: Path) -> None:
    stage = Stage(tmp_path, 1, always(204))
    with stage:
        stage.until(lambda: stage.waiting() == 0)
        for number in range(1, 30):
            stage.add(number)
            stage.sender.sealed()
            stage.until(lambda: stage.waiting() == 0)
    assert set(stage.lanes) == {"live"}
    assert stage.seen == [[number] for number in range(1, 31)]


def test_on_the_way_out_nobody_waits_for_a_way_that_is_shut(tmp_path: Path) -> None:
    stage = Stage(tmp_path, 1, always(0))
    with stage:
        stage.until(lambda: stage.sender.state().state == "unreachable")
        clock = SystemClock()
        began = clock.monotonic_ns()
        stage.sender.drain(5.0)
        assert clock.monotonic_ns() - began < 1_000_000_000


def test_an_acknowledgement_without_room_is_got_again_by_sending_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = Stage(tmp_path, 1, always(204))
    fails: Iterator[bool] = iter([True])
    real = stage.life.outbox.acknowledge

    def acknowledge(ids: list[int], now_ms: int) -> None:
        if next(fails, False):
            raise OutboxFull("database or disk is full")
        real(ids, now_ms)

    monkeypatch.setattr(stage.life.outbox, "acknowledge", acknowledge)
    with stage:
        stage.until(lambda: stage.waiting() == 0)
    assert stage.seen == [[1], [1]]


def test_bytes_that_are_no_batch_any_more_are_never_sent() -> None:
    broken = Waiting(id=1, run="r", seq=1, closed_ms=0, gzip=b"nonsense")
    with pytest.raises(CorruptOutbox):
        request_body([broken])

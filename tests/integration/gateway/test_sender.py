"""Two lanes against a real HTTP server that answers everything a backend may answer."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from coldchain.seal import Batch
from coldchain_gateway.clock_trust import ClockTrust
from coldchain_gateway.identity import Identity
from coldchain_gateway.outbox import HoleReason
from coldchain_gateway.uplink import Connection, Endpoint, Sender
from coldchain_runtime.clock import SystemClock
from support.backend_sink import BackendSink, Reply
from support.gateway_life import Life
from support.ports import free_port


@pytest.fixture
def sink() -> Iterator[BackendSink]:
    with BackendSink() as running:
        yield running


def filled(folder: Path, batches: int) -> Life:
    life = Life.open(folder)
    for number in range(batches):
        add_batch(life, number)
    return life


def add_batch(life: Life, number: int) -> None:
    life.keep(number * 1000 + 1)
    life.seal(number * 1000 + 2)


def sender_for(life: Life, url: str) -> Sender:
    clock = SystemClock()
    return Sender(
        outbox=life.outbox,
        identity=Identity(key=life.key, organisation="demo", head_file=life.head_file),
        trust=ClockTrust(clock, lambda: False),
        clock=clock,
        connect=lambda: Connection(Endpoint.parse(url), clock, lambda: "sesame"),
    )


@contextmanager
def running(sender: Sender) -> Iterator[Sender]:
    lanes = [threading.Thread(target=lane) for lane in (sender.run_live, sender.run_backlog)]
    for lane in lanes:
        lane.start()
    sender.sealed()
    try:
        yield sender
    finally:
        sender.stop()
        for lane in lanes:
            lane.join(10)
            assert not lane.is_alive()


def seqs(sink: BackendSink) -> list[int]:
    return [seq for request in sink.requests for _, seq in request]


def test_the_newest_goes_first_and_the_backlog_oldest_first_behind(tmp_path: Path, sink: BackendSink) -> None:
    life = filled(tmp_path, 40)
    with running(sender_for(life, sink.url)) as sender:
        sink.wait_for(lambda: len(sink.kept) == 40)
        assert seqs(sink)[0] == 40
        assert seqs(sink)[1:] == list(range(1, 40))
        assert len(sink.requests) < 6
        add_batch(life, 41)
        sender.sealed()
        sink.wait_for(lambda: len(sink.kept) == 41)
        assert sender.state().state == "connected"
    assert life.outbox.counts().waiting_batches == 0
    assert life.outbox.counts().acknowledged_batches == 41


def test_an_unreachable_backend_is_reached_within_seconds_of_its_return(tmp_path: Path) -> None:
    life = filled(tmp_path, 3)
    port = free_port()
    with running(sender_for(life, f"http://127.0.0.1:{port}")) as sender:
        threading.Event().wait(1.5)
        assert sender.state().state == "unreachable"
        assert life.outbox.counts().waiting_batches == 3
        with BackendSink(port) as sink:
            sink.wait_for(lambda: len(sink.kept) == 3, within_s=5)


@pytest.mark.parametrize("status", [403, 503])
def test_nothing_is_lost_while_the_backend_will_not_have_it(
    tmp_path: Path, sink: BackendSink, status: int
) -> None:
    refusals = iter([status] * 2)
    sink.script = lambda _: Reply(status=next(refusals, 204))
    life = filled(tmp_path, 3)
    with running(sender_for(life, sink.url)):
        sink.wait_for(lambda: len(sink.kept) == 3)
    assert life.outbox.counts().refused_batches == 0


@pytest.mark.acceptance("A12")
def test_413_sends_fewer_at_once(tmp_path: Path, sink: BackendSink) -> None:
    sink.script = lambda batches: Reply(status=413 if len(batches) > 2 else 204)
    life = filled(tmp_path, 20)
    with running(sender_for(life, sink.url)):
        sink.wait_for(lambda: len(sink.kept) == 20)
    assert max(len(request) for request in sink.requests[-5:]) <= 2


@pytest.mark.acceptance("A12")
def test_retry_after_is_waited_for(tmp_path: Path, sink: BackendSink) -> None:
    answers = iter([Reply(status=429, headers={"Retry-After": "2"})])
    sink.script = lambda _: next(answers, Reply())
    life = filled(tmp_path, 1)
    clock = SystemClock()
    began = clock.monotonic_ns()
    with running(sender_for(life, sink.url)):
        sink.wait_for(lambda: len(sink.kept) == 1)
    assert clock.monotonic_ns() - began >= 2_000_000_000


def test_a_backend_that_is_behind_takes_a_part_of_the_backlog_and_all_that_is_live(
    tmp_path: Path, sink: BackendSink
) -> None:
    """Of old batches it takes two and asks for patience; what it took is not sent again."""
    behind = True

    def reply(batches: list[Batch]) -> Reply:
        if not behind or batches[0].seq > 9:
            return Reply()
        fates = [
            {"run": one.run, "seq": one.seq, "fate": "stored" if index < 2 else "later"}
            for index, one in enumerate(batches)
        ]
        return Reply(status=429, headers={"Retry-After": "1"}, body={"batches": fates})

    sink.script = reply
    life = filled(tmp_path, 10)
    with running(sender_for(life, sink.url)) as sender:
        sink.wait_for(lambda: len(sink.requests) >= 3)
        add_batch(life, 11)
        sender.sealed()
        sink.wait_for(lambda: [11] in [[seq for _, seq in one] for one in sink.requests])
        assert sender.state().state == "connected"
        behind = False
        sink.wait_for(lambda: life.outbox.counts().waiting_batches == 0)
    old = [[seq for _, seq in request] for request in sink.requests if request[0][1] < 10]
    assert old[:2] == [[1, 2, 3, 4, 5, 6, 7, 8, 9], [3, 4, 5, 6, 7, 8, 9]]


def test_a_refused_batch_is_a_dead_letter_and_the_next_proceed(tmp_path: Path, sink: BackendSink) -> None:
    def refuse_two(batches: list[Batch]) -> Reply:
        fates = [
            {"run": b.run, "seq": b.seq, "fate": "refused_hash" if b.seq == 2 else "stored"} for b in batches
        ]
        bad = any(batch.seq == 2 for batch in batches)
        return Reply(status=422, body={"batches": fates}) if bad else Reply()

    sink.script = refuse_two
    life = filled(tmp_path, 6)
    with running(sender_for(life, sink.url)):
        sink.wait_for(lambda: life.outbox.counts().waiting_batches == 0 or len(seqs(sink)) > 20)
        sink.wait_for(lambda: True)
    assert life.outbox.counts().refused_batches == 1
    assert life.outbox.counts().waiting_batches == 0
    (hole,) = life.outbox.undeclared()
    assert (hole.first, hole.last, hole.reason) == (2, 2, HoleReason.REFUSED)


def test_a_backend_that_lost_batches_gets_them_again(tmp_path: Path, sink: BackendSink) -> None:
    life = filled(tmp_path, 5)
    run = life.head_file.head
    assert run is not None
    held = {"value": 5}
    sink.script = lambda _: Reply(headers={"Coldchain-Held": f"{run.run}:{held['value']}"})
    with running(sender_for(life, sink.url)) as sender:
        sink.wait_for(lambda: len(sink.kept) == 5)
        held["value"] = 2  # restored from a backup
        sink.script = lambda _: Reply(headers={"Coldchain-Held": f"{run.run}:{held['value']}"})
        add_batch(life, 6)
        sender.sealed()
        sink.wait_for(lambda: seqs(sink).count(3) == 2 and seqs(sink).count(5) == 2)
        held["value"] = 6
    assert seqs(sink).count(1) == 1


def test_nothing_is_sent_before_the_head_beside_the_key_covers_it(tmp_path: Path, sink: BackendSink) -> None:
    life = filled(tmp_path, 1)
    before = life.head_file.head
    assert before is not None
    add_batch(life, 2)
    life.head_file.keep(before)  # as after a crash before the head was written
    with running(sender_for(life, sink.url)) as sender:
        threading.Event().wait(0.5)
        assert 2 not in seqs(sink)
        life.seal(9000)
        sender.sealed()
        sink.wait_for(lambda: len(sink.kept) == 2)

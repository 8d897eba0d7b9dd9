"""The judges of restarted programs find every kind of broken promise."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from coldchain.seal import GENESIS, Batch, Key, seal
from coldchain_backend.ledger import BatchMeta, Kind, Record, batch_record
from coldchain_gateway.contracts import Acquired, Intake, MqttDelivery, Sample
from support.powercut.backend_state import Promises as BackendPromises
from support.powercut.backend_state import kept_faults, readings
from support.powercut.gateway_state import Promises, Restart, promises
from support.powercut.streams import Exchange, Message

KEY = Key.from_seed(bytes(32))


def line(counter: int) -> bytes:
    return b"reading,sensor=s temperature=4.0,counter=%di %d\n" % (counter, 1_795_000_000_000 + counter)


def batch(seq: int, prev: str, *counters: int, run: str = "r") -> Batch:
    return seal(KEY, org="demo", run=run, seq=seq, prev=prev, body=b"".join(line(one) for one in counters))


def record(offset: int, one: Batch) -> Record:
    payload = batch_record(BatchMeta(gateway="gw", run=one.run, seq=one.seq), one.encode()).payload
    return Record(offset=offset, kind=Kind.BATCH, received_ms=0, payload=payload, hash="")


NOTHING = BackendPromises(sealed={}, unsealed=frozenset(), tokens=(), fleet=False, told=frozenset())
FIRST = batch(1, GENESIS, 1, 2)
SECOND = batch(2, FIRST.hash, 3)


def test_a_batch_that_was_answered_must_be_there_with_its_hash() -> None:
    said = replace(NOTHING, sealed={("r", 1): FIRST.hash, ("r", 2): SECOND.hash})
    assert kept_faults([record(1, FIRST), record(2, SECOND)], said) == []
    assert kept_faults([record(1, FIRST)], said) == ["lost [('r', 2)]"]
    other = batch(2, FIRST.hash, 4)
    assert kept_faults([record(1, FIRST), record(2, other)], said) == ["lost [('r', 2)]"]


def test_a_reading_that_stands_twice_is_found_whatever_batch_it_is_in() -> None:
    again = batch(7, GENESIS, 2, run="x")
    assert kept_faults([record(1, FIRST), record(2, again)], NOTHING) == ["doubled [('s', 2)]"]


def test_an_unsealed_reading_that_was_answered_must_be_there() -> None:
    said = replace(NOTHING, unsealed=frozenset({("s", 1), ("s", 9)}))
    assert kept_faults([record(1, FIRST)], said) == ["lost [('s', 9)]"]


def test_readings_without_a_counter_count_for_nothing() -> None:
    assert readings(line(5) + b"reading,sensor=s temperature=1 1\nother x=1 2\n") == [("s", 5)]


def message(number: int, *, dup: bool = False) -> Message:
    payload = json.dumps({"counter": number}).encode()
    return Message(packet_id=number, topic="t/s", payload=payload, dup=dup)


def request(*sent: Batch, status: int | None = 204) -> Exchange:
    return Exchange(
        head=b"POST /api/v2/write HTTP/1.1", body=b"".join(one.encode() for one in sent), status=status
    )


def test_what_was_sent_and_what_was_taken_are_told_apart() -> None:
    said = promises([message(1), message(2)], [], [request(FIRST), request(SECOND, status=None)])
    assert sorted(said.sent) == [("r", 1), ("r", 2)]
    assert sorted(said.taken) == [("r", 1)]


def test_an_equal_message_is_not_taken_for_the_one_that_was_acknowledged() -> None:
    twins = [message(1), message(1)]
    said = promises(twins, [twins[1]], [])
    assert said.acknowledged == [twins[0]]
    assert said.acknowledged[0] is twins[0]


def receive(intake: Intake, again: Message) -> None:
    """What the gateway's source does, without its wire."""
    counter = int(json.loads(again.payload)["counter"])
    intake.offer(
        Acquired(
            source="test",
            decoded=[Sample(sensor="s", values={"temperature": 4.0, "counter": counter})],
            boottime_ns=1_000_000_000,
            wall_ms=0,
            delivery=MqttDelivery("x", again.packet_id, True, again.payload[:8], lambda _: None),
        )
    )


def restart(folder: Path) -> Restart:
    return Restart(
        data_dir=folder,
        organisation="demo",
        receive=receive,
        reading=lambda one: ("s", int(json.loads(one.payload)["counter"])),
    )


def said(acknowledged: Sequence[Message], unacknowledged: Sequence[Message]) -> Promises:
    return Promises(acknowledged=acknowledged, unacknowledged=unacknowledged, sent={}, taken={})


def test_a_fresh_gateway_takes_what_the_broker_still_has(tmp_path: Path) -> None:
    assert restart(tmp_path).faults(said([], [message(1), message(2)])) == []


def test_a_gateway_that_lost_an_acknowledged_reading_is_found_out(tmp_path: Path) -> None:
    assert restart(tmp_path).faults(said([message(3)], [message(1)])) == ["lost 1: [('s', 3)]"]


def test_an_outbox_put_aside_is_a_fault_once_something_was_acknowledged(
    tmp_path: Path,
) -> None:
    (tmp_path / "outbox.sqlite").write_bytes(gzip.compress(b"not a database") * 100)
    found = restart(tmp_path).faults(said([message(1)], []))
    assert len(found) == 1
    assert "put aside" in found[0]


@pytest.mark.parametrize("kept", [FIRST, SECOND])
def test_a_chain_of_another_key_is_found_out(tmp_path: Path, kept: Batch) -> None:
    sent = {(kept.run, kept.seq): kept}
    promised = Promises(acknowledged=[], unacknowledged=[message(9)], sent=sent, taken={})
    found = " ".join(restart(tmp_path).faults(promised))
    assert "seal does not hold" in found
    assert "second run" in found

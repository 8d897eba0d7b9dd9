"""Holes are listed with the reason for which they are there, and forks are named beside them."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from coldchain.seal import GENESIS, Batch, Key, encode_public, seal
from coldchain_backend.ledger import (
    Answer,
    BatchMeta,
    Json,
    NewRecord,
    Report,
    Scope,
    Verifier,
    act_record,
    batch_record,
    open_ledger,
)
from support.ledgers import GATEWAY, ModestDisk, batch_records, sealed
from support.still_clock import StillClock

HOUR_MS = 3_600_000
Hole = tuple[str, int, int, str]


def enrolled(key: Key = GATEWAY, name: str = "gw") -> NewRecord:
    return act_record("enrol", "ann", {"gateway": name, "key": encode_public(key.public)})


def said(run: str, seq: int, body: bytes, prev: str = GENESIS) -> Batch:
    return seal(GATEWAY, org="demo", run=run, seq=seq, prev=prev, body=body)


def hole(first: int, last: int, reason: str, *, run: str = "r1", hash_: str = "") -> bytes:
    fields = f'first={first}i,last={last}i,hash="{hash_}",reason="{reason}"'
    return f"hole,run={run} {fields} 1795376523000\n".encode()


def verified(
    folder: Path, *records: NewRecord, scope: Scope | None = None, segment_bytes: int = 1 << 26
) -> Report:
    """A ledger of these records, an hour apart, looked at."""
    clock = StillClock()
    with open_ledger(folder, "demo", clock, disk=ModestDisk(), segment_bytes=segment_bytes) as ledger:

        async def fill() -> None:
            for record in records:
                await ledger.append([record])
                clock.advance(HOUR_MS)

        asyncio.run(fill())
    return Verifier(folder, scope=scope).run(lambda _: None)


def holes(report: Report) -> list[Hole]:
    return [(one.run, one.first, one.last, one.reason) for one in report.holes]


def conflicting(batch: Batch) -> NewRecord:
    """How ingest keeps a batch whose number is taken."""
    meta = BatchMeta(gateway="gw", run=batch.run, seq=batch.seq, conflict=True)
    return batch_record(meta, batch.encode())


@pytest.mark.parametrize("segment_bytes", [1 << 26, 900])
def test_a_gap_is_cut_where_the_reason_changes(tmp_path: Path, segment_bytes: int) -> None:
    late = said("r2", 1, hole(2, 3, "cap") + hole(4, 4, "refused"))
    records = [enrolled(), *batch_records([sealed(7)[0], sealed(7)[6], late])]
    report = verified(tmp_path / "ledger", *records, segment_bytes=segment_bytes)
    assert report.answer is Answer.INCOMPLETE
    assert holes(report) == [("r1", 2, 3, "cap"), ("r1", 4, 4, "refused"), ("r1", 5, 6, "not declared")]
    assert report.declared == 3


def test_a_declared_number_that_came_after_all_is_no_hole(tmp_path: Path) -> None:
    late = said("r2", 1, hole(2, 3, "cap"))
    report = verified(tmp_path / "ledger", enrolled(), *batch_records([*sealed(3), late]))
    assert (report.answer, holes(report)) == (Answer.INTACT, [])


def test_numbers_up_to_the_head_that_the_next_run_names_are_missed(tmp_path: Path) -> None:
    line = b'run,run=r2 previous="r1",previous_seq=4i,previous_hash="" 1795376523000\n'
    report = verified(tmp_path / "ledger", enrolled(), *batch_records([*sealed(2), said("r2", 1, line)]))
    assert holes(report) == [("r1", 3, 4, "not declared")]
    assert report.forks == []


def test_two_batches_of_one_number_are_a_fork_and_no_fault(tmp_path: Path) -> None:
    mine, other = sealed(3), sealed(3, lines=3)
    report = verified(tmp_path / "ledger", enrolled(), *batch_records(mine), conflicting(other[1]))
    (fork,) = report.forks
    assert (fork.gateway, fork.run, fork.seq, fork.records) == ("gw", "r1", 2, (5,))
    assert fork.why == "two batches of one number"
    assert (report.answer, report.clones) == (Answer.INTACT, 1)


def test_what_builds_on_the_other_of_two_is_part_of_the_fork(tmp_path: Path) -> None:
    mine, other = sealed(2), sealed(3, lines=3)
    records = [enrolled(), *batch_records(mine), conflicting(other[1]), *batch_records(other[2:])]
    report = verified(tmp_path / "ledger", *records)
    assert report.faults == []
    assert [fork.why for fork in report.forks] == [
        "two batches of one number",
        "it builds on the other batch of the number before",
    ]


def test_a_number_above_the_named_head_is_a_fork(tmp_path: Path) -> None:
    batches = sealed(3)
    line = b'run,run=r2 previous="r1",previous_seq=2i,previous_hash="%b" 1795376523000\n'
    named = said("r2", 1, line % batches[1].hash.encode())
    report = verified(tmp_path / "ledger", enrolled(), *batch_records([*batches, named]))
    assert [(fork.seq, fork.why) for fork in report.forks] == [
        (3, "a number above the head that the next run named")
    ]


def test_another_head_than_the_next_run_named_is_a_fork(tmp_path: Path) -> None:
    line = b'run,run=r2 previous="r1",previous_seq=2i,previous_hash="%b" 1795376523000\n'
    named = said("r2", 1, line % (b"a" * 64))
    report = verified(tmp_path / "ledger", enrolled(), *batch_records([*sealed(2), named]))
    assert [fork.why for fork in report.forks] == ["the next run named another head"]


def test_what_does_not_build_on_the_declared_hash_is_named(tmp_path: Path) -> None:
    batches = sealed(3)
    wrong = said("r2", 1, hole(2, 2, "cap", hash_="b" * 64))
    report = verified(tmp_path / "ledger", enrolled(), *batch_records([batches[0], batches[2], wrong]))
    assert report.faults == ["batch r1 3 does not build on its neighbour"]
    right = said("r2", 1, hole(2, 2, "cap", hash_=batches[1].hash))
    report = verified(tmp_path / "right", enrolled(), *batch_records([batches[0], batches[2], right]))
    assert (report.faults, holes(report)) == ([], [("r1", 2, 2, "cap")])


@pytest.mark.parametrize("segment_bytes", [1 << 26, 900])
def test_a_batch_that_stands_twice_is_named(tmp_path: Path, segment_bytes: int) -> None:
    batches = sealed(3)
    records = [enrolled(), *batch_records([*batches, batches[1]])]
    report = verified(tmp_path / "ledger", *records, segment_bytes=segment_bytes)
    assert report.answer is Answer.BROKEN
    assert "stand" in report.faults[0]
    assert "a second time" in report.faults[0]


@pytest.mark.parametrize(
    ("fields", "count"),
    [
        ({"first": 1, "last": 2}, 1),
        ({"first": 2, "last": 1}, 0),
        ({"first": "1", "last": 2}, 0),
        ({"first": 0, "last": 2}, 0),
    ],
)
def test_only_a_sound_declaration_of_a_person_counts(
    tmp_path: Path, fields: dict[str, Json], count: int
) -> None:
    act = act_record(
        "declare_lost", "ann", {"key": GATEWAY.fingerprint, "run": "r1", "reason": "fire", **fields}
    )
    report = verified(tmp_path / "ledger", enrolled(), act, *batch_records(sealed(3)[2:]))
    assert [one.reason for one in report.holes].count("lost: fire") == count


def test_a_part_is_looked_at_without_missing_what_lies_before(tmp_path: Path) -> None:
    records: Sequence[NewRecord] = [enrolled(), *batch_records(sealed(12))]
    folder = tmp_path / "ledger"
    whole = verified(folder, *records, segment_bytes=900)
    start_ms = StillClock().wall_ms
    scope = Scope(from_ms=start_ms + 6 * HOUR_MS, to_ms=start_ms + 9 * HOUR_MS)
    part = Verifier(folder, scope=scope).run(lambda _: None)
    assert (whole.answer, part.answer, part.unknown) == (Answer.INTACT, Answer.INTACT, 0)
    assert whole.first < part.first <= 7
    assert 9 <= part.last < whole.last
    assert part.from_ms <= start_ms + 6 * HOUR_MS

"""`verify` names the record of whatever was done to the files."""

import asyncio
import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coldchain.seal import encode_public
from coldchain_backend.ledger import (
    Answer,
    BatchMeta,
    Json,
    Kind,
    Ledger,
    NewRecord,
    Report,
    Scope,
    Verifier,
    act_record,
    batch_record,
    open_ledger,
)
from support.ledgers import GATEWAY, batch_records, sealed, segments, write_ledger
from support.soak import rounds
from support.still_clock import StillClock

NOW_MS = StillClock().now_ms()
HEADER = re.compile(rb"^ccl1 (\d+) (\w+) (\d+) (\d+) ([0-9a-f]{64})\n", re.M)


def verified(folder: Path) -> Report:
    return Verifier(folder).run(lambda _: None)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("written") / "ledger"
    write_ledger(folder, checkpoint=True)
    return folder


@pytest.fixture
def folder(written: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(written, tmp_path / "ledger"))


def records_of(path: Path) -> tuple[bytes, list[bytes]]:
    """The first line and the records of a segment, as a second implementation would cut them."""
    data = path.read_bytes()
    first, _, rest = data.partition(b"\n")
    records = []
    while rest:
        match = HEADER.match(rest)
        assert match
        size = match.end() + int(match[4]) + 1
        records.append(rest[:size])
        rest = rest[size:]
    return first + b"\n", records


def test_an_untouched_ledger_is_intact_and_counted(folder: Path) -> None:
    assert len(segments(folder)) > 2
    report = verified(folder)
    assert report.intact, report.faults
    assert (report.records, report.batches, report.lines, report.gateways) == (9, 6, 12, {"gw"})
    assert report.unknown == 0
    assert report.holes == []


@settings(
    max_examples=rounds(25, 1600), suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(data=st.data())
def test_any_changed_byte_is_named(
    written: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("flip") / "ledger"
    shutil.copytree(written, folder)
    path = data.draw(st.sampled_from(segments(folder)))
    content = bytearray(path.read_bytes())
    position = data.draw(st.integers(0, len(content) - 1))
    content[position] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    report = verified(folder)
    assert not report.intact
    assert path.name in report.faults[0] or "record" in report.faults[0]
    shutil.rmtree(folder)


@settings(
    max_examples=rounds(25, 800), suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(data=st.data())
def test_any_cut_is_named(
    written: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("cut") / "ledger"
    shutil.copytree(written, folder)
    path = segments(folder)[-1]
    content = path.read_bytes()
    path.write_bytes(content[: data.draw(st.integers(0, len(content) - 1))])
    assert not verified(folder).intact
    shutil.rmtree(folder)


def reorder(records: list[bytes]) -> list[bytes]:
    return [records[1], records[0], *records[2:]]


def delete(records: list[bytes]) -> list[bytes]:
    return records[1:]


def double(records: list[bytes]) -> list[bytes]:
    return [records[0], records[0], *records[1:]]


def insert(records: list[bytes]) -> list[bytes]:
    return [records[0], records[0].replace(b"ccl1 1 ", b"ccl1 2 "), *records[1:]]


@pytest.mark.parametrize("change", [reorder, delete, double, insert])
def test_moved_missing_and_added_records_are_named(
    folder: Path, change: Callable[[list[bytes]], list[bytes]]
) -> None:
    for path in segments(folder)[:2]:
        kept = path.read_bytes()
        first, records = records_of(path)
        if len(records) < 2:
            continue
        path.write_bytes(first + b"".join(change(records)))
        report = verified(folder)
        assert not report.intact
        assert re.search(rf"record \d+, segment {path.name}, byte \d+", report.faults[0])
        path.write_bytes(kept)


def test_a_missing_segment_is_named(folder: Path) -> None:
    segments(folder)[1].unlink()
    assert "00000002.seg is missing" in verified(folder).faults[0]


def test_a_missing_last_segment_is_known_from_the_checkpoint(folder: Path) -> None:
    segments(folder)[-1].unlink()
    assert re.search(r"cut off; record \d+ was there at \d{4}-\d\d-\d\dT", verified(folder).faults[0])


def test_a_rewritten_end_contradicts_the_checkpoint(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    write_ledger(tmp_path / "other" / "ledger", batches=7)
    for path in segments(folder):
        path.unlink()
    for path in segments(tmp_path / "other" / "ledger"):
        shutil.copy(path, folder)
    assert any("not the one that was signed" in fault for fault in verified(folder).faults)


def test_a_forged_checkpoint_is_told(folder: Path) -> None:
    path = folder / "checkpoints"
    path.write_bytes(path.read_bytes().replace(b'"at_ms":1', b'"at_ms":2'))
    assert any("not signed by the backend" in fault for fault in verified(folder).faults)


async def test_holes_are_listed_and_do_not_break_the_evidence(tmp_path: Path) -> None:
    batches = sealed(5)
    with open_ledger(tmp_path / "ledger", "demo", StillClock()) as ledger:
        await ledger.append(batch_records([batches[0], batches[4], batches[2]]))
        report = verified(tmp_path / "ledger")
    assert report.intact
    assert report.answer is Answer.INCOMPLETE
    assert [(hole.gateway, hole.run, hole.first, hole.last, hole.reason) for hole in report.holes] == [
        ("gw", "r1", 2, 2, "not declared"),
        ("gw", "r1", 4, 4, "not declared"),
    ]
    assert report.unknown == 3


async def test_a_batch_that_does_not_build_on_its_neighbour_is_named(tmp_path: Path) -> None:
    mine, other = sealed(3), sealed(3, lines=3)
    with open_ledger(tmp_path / "ledger", "demo", StillClock()) as ledger:
        await ledger.append(batch_records([mine[0], other[1]]))
    assert verified(tmp_path / "ledger").faults == ["record 2: batch r1 2 does not build on its neighbour"]


async def test_it_works_beside_a_writing_server(tmp_path: Path) -> None:
    with open_ledger(tmp_path / "ledger", "demo", StillClock()) as ledger:
        await ledger.append(batch_records(sealed(3)))
        path = segments(tmp_path / "ledger")[0]
        with path.open("r+b") as file:  # as if a group were half written
            file.seek(0, 2)
            size = file.tell()
            report = verified(tmp_path / "ledger")
            assert report.intact
            file.truncate(size)


def refused(tmp_path: Path, *records: NewRecord) -> Report:
    """What `verify` says of a ledger that holds these records, by somebody who has the chain right."""
    with open_ledger(tmp_path / "ledger", "demo", StillClock()) as ledger:
        asyncio.run(_append(ledger, records))
    return verified(tmp_path / "ledger")


async def _append(ledger: Ledger, records: Sequence[NewRecord]) -> None:
    await ledger.append(records)


def admitted() -> NewRecord:
    return act_record("enrol", "ann", {"gateway": "gw", "key": encode_public(GATEWAY.public)})


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (b"no json", "without its first line"),
        (b"{}\n", "wrong first line"),
        (batch_record(BatchMeta(gateway="gw", run="r1", seq=1), b"rubbish").payload, "one sealed batch"),
        (
            batch_record(
                BatchMeta(gateway="gw", run="r1", seq=1),
                sealed(1)[0].encode().replace(b"temperature=0", b"temperature=9"),
            ).payload,
            "its hash does not hold",
        ),
        (
            batch_record(BatchMeta(gateway="gw", run="r1", seq=2), sealed(1)[0].encode()).payload,
            "another batch",
        ),
    ],
)
def test_a_batch_that_is_none_is_named_though_the_chain_holds(
    tmp_path: Path, payload: bytes, why: str
) -> None:
    report = refused(tmp_path, admitted(), NewRecord(kind=Kind.BATCH, payload=payload))
    assert not report.intact
    assert report.faults[0].startswith("record 2: ")
    assert why in report.faults[0]


def test_numbers_that_a_person_declared_lost_are_missing_with_that_reason(tmp_path: Path) -> None:
    lost: dict[str, Json] = {"key": GATEWAY.fingerprint, "run": "r1", "first": 1, "last": 2, "reason": "fire"}
    report = refused(
        tmp_path, admitted(), act_record("declare_lost", "ann", lost), *batch_records(sealed(3)[2:])
    )
    assert report.intact
    assert [(hole.first, hole.last, hole.reason) for hole in report.holes] == [(1, 2, "lost: fire")]
    assert report.declared == 2


def test_keys_of_the_fleet_file_are_known(tmp_path: Path) -> None:
    fleet = b'{"plan":{"gateways":[{"name":"gw","key":"%b"},{"name":"x"},7]}}'
    record = NewRecord(kind=Kind.FLEET, payload=fleet % encode_public(GATEWAY.public).encode())
    report = refused(tmp_path, record, act_record("enrol", "ann", {"key": "??"}), *batch_records(sealed(2)))
    assert report.intact
    assert report.unknown == 0


def test_a_segment_of_another_organisation_is_named(folder: Path, tmp_path: Path) -> None:
    path = segments(folder)[1]
    path.write_bytes(path.read_bytes().replace(b"organisation=demo", b"organisation=dem0", 1))
    assert "segment 00000002.seg, byte 0: it belongs to dem0" in verified(folder).faults[0]


def test_a_flood_of_faults_is_cut(tmp_path: Path) -> None:
    rubbish = NewRecord(kind=Kind.ACT, payload=b"rubbish")
    assert len(refused(tmp_path, *[rubbish] * 300).faults) == 100


@pytest.mark.parametrize(
    ("from_ms", "to_ms", "answer"),
    [
        (None, None, Answer.INTACT),
        (NOW_MS, NOW_MS + 1, Answer.INTACT),
        (NOW_MS + 3, None, Answer.INTACT),
        (None, NOW_MS, Answer.NOTHING),
        (NOW_MS + 60_000, None, Answer.NOTHING),
        (0, NOW_MS - 1, Answer.NOTHING),
        (NOW_MS - 90_000, NOW_MS - 60_000, Answer.NOTHING),
    ],
)
def test_of_a_time_without_records_nothing_is_claimed(
    folder: Path, from_ms: int | None, to_ms: int | None, answer: Answer
) -> None:
    report = Verifier(folder, scope=Scope(from_ms=from_ms, to_ms=to_ms)).run(lambda _: None)
    assert not report.faults
    assert report.answer is answer
    assert bool(report.asked) is (answer is Answer.INTACT)


def test_damage_around_a_time_without_records_is_still_named(folder: Path) -> None:
    path = segments(folder)[-1]
    path.write_bytes(path.read_bytes().replace(b"temperature=", b"temperaturf=", 1))
    report = Verifier(folder, scope=Scope(from_ms=NOW_MS + 60_000)).run(lambda _: None)
    assert report.answer is Answer.BROKEN
    assert path.name in report.faults[0]


def test_an_empty_ledger_is_nothing(tmp_path: Path) -> None:
    with open_ledger(tmp_path / "ledger", "demo", StillClock()):
        pass
    assert verified(tmp_path / "ledger").answer is Answer.NOTHING

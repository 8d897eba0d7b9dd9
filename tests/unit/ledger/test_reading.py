"""Reading far behind the head: by index, without it, past the tail in memory; and what records may hold."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from coldchain.errors import IntegrityError
from coldchain.seal import GENESIS, seal
from coldchain_backend.ledger import (
    BatchMeta,
    Busy,
    Damage,
    Declared,
    Grade,
    Kind,
    Ledger,
    NewRecord,
    Record,
    batch_record,
    declared,
    open_ledger,
    read_json,
    split_batch,
)
from coldchain_backend.ledger.checkpoints import read_checkpoints
from coldchain_backend.ledger.tail import TAIL_BYTES, Tail
from support.ledgers import GATEWAY, segments, write_ledger
from support.still_clock import StillClock


def act(payload: bytes) -> NewRecord:
    return NewRecord(kind=Kind.ACT, payload=payload)


async def fill(ledger: Ledger, count: int) -> Sequence[Record]:
    records: list[Record] = []
    for number in range(count):
        records += await ledger.append([act(b"%d" % number)])
    return records


@pytest.mark.parametrize("index", [b"", b"rubbish", b"ccl1-index\n", None])
async def test_an_index_that_is_lost_or_no_index_is_made_again(tmp_path: Path, index: bytes | None) -> None:
    with open_ledger(tmp_path / "ledger", "demo", StillClock(), segment_bytes=20_000) as ledger:
        written = await fill(ledger, 600)
    for path in (tmp_path / "ledger").glob("*.idx"):
        path.unlink() if index is None else path.write_bytes(index)
    with open_ledger(tmp_path / "ledger", "demo", StillClock(), segment_bytes=20_000) as ledger:
        for after in (0, 63, 64, 65, 130, 399):
            assert list(ledger.read(after, 3)) == list(written[after : after + 3])


async def test_damage_met_while_reading_is_named(tmp_path: Path) -> None:
    with open_ledger(tmp_path / "ledger", "demo", StillClock(), segment_bytes=1_000) as ledger:
        await fill(ledger, 40)
    path = segments(tmp_path / "ledger")[0]
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)
    with open_ledger(tmp_path / "ledger", "demo", StillClock(), segment_bytes=1_000) as ledger:
        with pytest.raises(Damage, match=r"record \d+, segment 00000001\.seg"):
            ledger.read(0, 100)
        assert ledger.read(30, 1)[0].offset == 31


def test_the_tail_forgets_what_is_too_much() -> None:
    tail = Tail()
    half = bytes(TAIL_BYTES // 2)
    for offset in range(1, 6):
        record = Record(offset=offset, kind=Kind.ACT, received_ms=0, payload=half, hash="")
        tail.extend([record])
    assert tail.read(0, 10) is None
    found = tail.read(3, 10)
    assert found is not None
    assert [record.offset for record in found] == [4, 5]


async def test_too_much_that_waits_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coldchain_backend.ledger.writer.WAITING_BYTES", 1_000)
    with open_ledger(tmp_path / "ledger", "demo", StillClock()) as ledger:
        answers = await asyncio.gather(
            *(ledger.append([act(bytes(600))]) for _ in range(50)), return_exceptions=True
        )
        refused = [answer for answer in answers if isinstance(answer, Busy)]
        assert refused
        assert ledger.end == len(answers) - len(refused)


def test_a_torn_checkpoint_says_nothing(tmp_path: Path) -> None:
    write_ledger(tmp_path / "ledger", checkpoint=True)
    path = tmp_path / "ledger" / "checkpoints"
    path.write_bytes(path.read_bytes() + b'\n{"organisation":"demo","off')
    assert len(read_checkpoints(tmp_path / "ledger")) == 1


def test_a_batchs_first_line_comes_back() -> None:
    meta = BatchMeta(
        gateway="gw",
        run="r",
        seq=7,
        grade=Grade.RECEIPT,
        conflict=True,
        unmapped={"cpu": 3},
        unread=2,
        sample="cpu x",
    )
    assert split_batch(batch_record(meta, b"# cc1").payload) == (meta, b"# cc1")


@pytest.mark.parametrize(
    ("line", "meta"),
    [
        (b'{"grade":"followed","seq":2,"run":"r","gateway":"g"}', ("g", "r", 2, Grade.FOLLOWED)),
        (b'{"gateway":7,"run":8,"seq":9,"grade":"sealed"}', ("7", "8", 9, Grade.SEALED)),
        (b'{"gateway":"g","run":"r","seq":1,"grade":"receipt","unread":0}', ("g", "r", 1, Grade.RECEIPT)),
    ],
)
def test_a_short_first_line_is_read_as_a_long_one(line: bytes, meta: tuple[str, str, int, Grade]) -> None:
    gateway, run, seq, grade = meta
    said = BatchMeta(gateway=gateway, run=run, seq=seq, grade=grade)
    assert split_batch(line + b"\n# cc1") == (said, b"# cc1")


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{}\n",
        b"no\n",
        b"[]\n",
        b'{"gateway":"g","run":"r","seq":"x","grade":"sealed"}\n',
        b'{"gateway":"g","run":"r","seq":1,"grade":"gold"}\n',
        b'{"gateway":"g","run":"r","seq":1,"grade":[]}\n',
        b'{"gateway":"g","run":"r","seq":1,"conflict":true}\n',
    ],
)
def test_what_is_no_batch_is_refused(payload: bytes) -> None:
    with pytest.raises(IntegrityError):
        split_batch(payload)


@pytest.mark.parametrize("payload", [b"", b"1", b"{"])
def test_what_is_no_object_is_refused(payload: bytes) -> None:
    with pytest.raises(IntegrityError):
        read_json(payload)


def declared_in(body: bytes, seq: int = 9) -> Declared:
    return declared(seal(GATEWAY, org="demo", run="r", seq=seq, prev=GENESIS, body=body))


@pytest.mark.parametrize(("last", "holes"), [(8, 1), (9, 0), (10, 0), (2**63 - 1, 0)])
def test_a_batch_says_nothing_of_its_own_number_or_later_ones(last: int, holes: int) -> None:
    body = b'hole,run=%b first=3i,last=%di,hash="" 1\n'
    assert len(declared_in(body % (b"r", last)).holes) == holes
    assert declared_in(body % (b"before", last)).holes[0].last == last


def test_lines_that_declare_badly_declare_nothing() -> None:
    said = declared_in(
        b'hole,run=r first=5i,last=2i,hash="" 1\nhole first=1i,last=2i 1\nhole,run=r first=1,last=2i 1\n'
        b'hole,run=r no line\nrun,run=r previous="" 1\nrun,run=r previous="a",previous_seq=1.5 1\n'
        b'going_down reason="sigterm" 1\nhole,run=r first=1i,last=2i,hash="h" 1\n'
    )
    assert said.going_down
    assert said.previous is None
    assert [(hole.first, hole.last, hole.hash) for hole in said.holes] == [(1, 2, "h")]

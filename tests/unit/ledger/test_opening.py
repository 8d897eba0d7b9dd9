"""After any end a ledger opens with every record that was promised, or says which one is damaged."""

import asyncio
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coldchain.errors import Unavailable
from coldchain_backend.ledger import (
    Damage,
    Kind,
    Ledger,
    MarkName,
    NewRecord,
    Record,
    mark_record,
    open_ledger,
    read_json,
)
from coldchain_backend.ledger.checkpoints import read_checkpoints
from support.ledgers import BACKEND, ModestDisk, segments, write_ledger
from support.soak import rounds
from support.still_clock import StillClock


def records_in(folder: Path) -> list[Record]:
    clock = StillClock(2_000_000_000_000)
    with open_ledger(folder, "demo", clock, disk=ModestDisk(), segment_bytes=2_000) as ledger:
        found: list[Record] = []
        while records := ledger.read(len(found), 1_000):
            found += records
    return found


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("written") / "ledger"
    write_ledger(folder, segment_bytes=1 << 20)
    return folder


@settings(
    max_examples=rounds(25, 800), suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(data=st.data())
def test_a_cut_at_any_byte_keeps_every_whole_record_and_is_told(
    written: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("cut") / "ledger"
    shutil.copytree(written, folder)
    before = records_in(written)
    path = segments(folder)[0]
    content = path.read_bytes()
    kept = content[: data.draw(st.integers(0, len(content) - 1))]
    path.write_bytes(kept)
    after = records_in(folder)
    whole = after[:-1] if after and b"repaired" in after[-1].payload else after
    assert whole == before[: len(whole)]
    if whole != after:
        assert after[-1].kind is Kind.MARK
        assert 0 < int(str(read_json(after[-1].payload)["bytes"])) <= len(kept)
    shutil.rmtree(folder)


def test_damage_before_the_tail_is_refused_with_its_record(written: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(written, tmp_path / "ledger"))
    path = segments(folder)[0]
    content = bytearray(path.read_bytes())
    content[content.index(b"ccl1 3 batch") + 200] ^= 1
    path.write_bytes(content)
    with (
        pytest.raises(Damage, match=r"record 3, segment 00000001\.seg, byte"),
        open_ledger(folder, "demo", StillClock()),
    ):
        pass
    assert path.read_bytes() == bytes(content)


def test_a_damaged_last_record_that_a_checkpoint_names_is_refused(tmp_path: Path) -> None:
    write_ledger(tmp_path / "ledger", segment_bytes=1 << 20, checkpoint=True)
    path = segments(tmp_path / "ledger")[0]
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(Damage, match="record 9"), open_ledger(tmp_path / "ledger", "demo", StillClock()):
        pass


def test_what_is_cut_off_is_kept_beside(written: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(written, tmp_path / "ledger"))
    path = segments(folder)[0]
    with path.open("ab") as file:
        file.write(b"ccl1 10 mark 1795376523")
    records_in(folder)
    assert [kept.read_bytes() for kept in folder.glob("*.cut-*")] == [b"ccl1 10 mark 1795376523"]


def test_a_segment_that_was_never_born_is_dropped(tmp_path: Path) -> None:
    write_ledger(tmp_path / "ledger")
    before = records_in(tmp_path / "ledger")
    torn = tmp_path / "ledger" / f"{len(segments(tmp_path / 'ledger')) + 1:08d}.seg"
    torn.write_bytes(b"ccl1-segment organisa")
    assert records_in(tmp_path / "ledger")[: len(before)] == before


def test_a_second_server_on_one_ledger_is_refused(tmp_path: Path) -> None:
    with (
        open_ledger(tmp_path / "ledger", "demo", StillClock()),
        pytest.raises(Unavailable),
        open_ledger(tmp_path / "ledger", "demo", StillClock()),
    ):
        pass


def test_the_ledger_of_another_organisation_is_refused(written: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(written, tmp_path / "ledger"))
    with pytest.raises(Damage, match="belongs to demo"), open_ledger(folder, "other", StillClock()):
        pass


def test_stamps_go_on_behind_the_last_one_after_a_restart(tmp_path: Path) -> None:
    write_ledger(tmp_path / "ledger")
    last = records_in(tmp_path / "ledger")[-1].received_ms
    with open_ledger(tmp_path / "ledger", "demo", StillClock(last - 3_600_000)) as ledger:
        records = asyncio.run(_append(ledger, [mark_record(MarkName.ALIVE)]))
        told = ledger.read(records[0].offset - 2, 1)[0]
    assert records[0].received_ms >= last
    assert read_json(told.payload) == {"mark": "clock_back", "by_ms": 3_600_000}


async def _append(ledger: Ledger, records: Sequence[NewRecord]) -> Sequence[Record]:
    return await ledger.append(records)


def test_checkpoints_are_signed(tmp_path: Path) -> None:
    write_ledger(tmp_path / "ledger", checkpoint=True)
    (checkpoint,) = read_checkpoints(tmp_path / "ledger")
    assert checkpoint.signed_by(BACKEND.public)
    assert not checkpoint.signed_by(b"x" * 32)

"""What ingest knows survives restarts, lost snapshots, full ledgers, and requests that are given up."""

import asyncio
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldchain.errors import InvalidInput, Unavailable
from coldchain.seal import Key, encode_public, fingerprint
from coldchain_backend.ingest import Fate, Lost, NotAdmitted, public_key
from coldchain_backend.ingest.hashes import OPEN_FILES, BatchHashes
from coldchain_backend.ingest.keys import AdmittedBy, GatewayKeys
from coldchain_backend.ingest.sequences import Sequences
from coldchain_backend.ledger import NOTHING
from support.doors import Door, request
from support.ledgers import GATEWAY, sealed

OTHER = Key.from_seed(b"x" * 32)


@pytest.fixture
def door(tmp_path: Path) -> Door:
    return Door(tmp_path / "ingest")


@pytest.mark.parametrize("snapshot", [None, b"", b"{}", b'{"format":99}', b"[]"])
async def test_without_a_snapshot_everything_is_read_again(door: Door, snapshot: bytes | None) -> None:
    await door.admission.acts.enrol("gw2", OTHER.public, by="code")
    await door.admission.write_sealed("gw", request(sealed(4)[:3]))
    lost = Lost(key=GATEWAY.fingerprint, run="r1", first=4, last=6, reason="burnt")
    await door.admission.acts.declare_lost(lost, "ann")
    door.admission.close()
    path = door.folder / "ingest.json"
    path.unlink() if snapshot is None else path.write_bytes(snapshot)
    again = door.open()
    assert again.held(GATEWAY.fingerprint) == [("r1", 6)]
    assert [key.name for key in again.keys.of("gw2")] == ["gw2"]
    written = await again.write_sealed("gw", request(sealed(4)))
    assert [fate.fate for fate in written.fates] == [Fate.DUPLICATE] * 3 + [Fate.STORED]


async def test_a_snapshot_is_written_now_and_then(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coldchain_backend.ingest.register.SNAPSHOT_EVERY", 10)
    batches = sealed(60)
    await asyncio.gather(*(door.admission.write_sealed("gw", request([batch])) for batch in batches))
    assert (door.folder / "ingest.json").exists()
    assert door.open().held(GATEWAY.fingerprint) == [("r1", 60)]


async def test_a_request_that_is_given_up_lands_all_the_same(door: Door) -> None:
    writing = asyncio.create_task(door.admission.write_sealed("gw", request(sealed(1))))
    await asyncio.sleep(0)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    written = await door.admission.write_sealed("gw", request(sealed(1)))
    assert [fate.fate for fate in written.fates] == [Fate.DUPLICATE]
    assert len(door.stored()) == 1


async def test_a_condition_that_cannot_be_told_is_told_later(door: Door) -> None:
    foreign = request(sealed(1, key=OTHER))
    door.ledger.mood = Unavailable("full")
    with pytest.raises(NotAdmitted):
        await door.admission.write_sealed("gw", foreign)
    assert door.marks() == []
    door.ledger.mood = None
    with pytest.raises(NotAdmitted):
        await door.admission.write_sealed("gw", foreign)
    assert door.marks() == ["foreign_key"]


async def test_two_keys_that_take_turns_under_one_name_are_told(door: Door) -> None:
    await door.admission.acts.enrol("gw3", OTHER.public, by="code")
    third = Key.from_seed(b"y" * 32)
    await door.admission.acts.enrol("gw3", third.public, by="code")
    again = door.open()  # a new process has told nothing yet
    first, second = sealed(2, key=OTHER), sealed(2, run="r9", key=third)
    before = door.marks().count("two_gateways")
    await again.write_sealed("gw3", request([first[0]]))
    await again.write_sealed("gw3", request([second[0]]))
    assert door.marks().count("two_gateways") == before
    await again.write_sealed("gw3", request([first[1]]))
    assert door.marks().count("two_gateways") == before + 1


async def test_two_batches_of_one_number_in_one_request_are_both_kept(door: Door) -> None:
    written = await door.admission.write_sealed("gw", request([*sealed(1), *sealed(1, lines=3)]))
    assert [fate.fate for fate in written.fates] == [Fate.STORED] * 2
    assert door.marks() == ["clone"]
    door.ledger.mood = Unavailable("full")
    written = await door.admission.write_sealed("gw", request([*sealed(2)[1:], *sealed(2, lines=4)[1:]]))
    assert [fate.fate for fate in written.fates] == [Fate.LATER] * 2


async def test_a_number_above_the_named_head_is_told_as_a_clone(door: Door) -> None:
    from coldchain.seal import GENESIS, seal

    await door.admission.write_sealed("gw", request(sealed(2)))
    body = b'run,run=r2 previous="r1",previous_seq=2i,previous_hash="" 1\n'
    await door.admission.write_sealed(
        "gw", request([seal(GATEWAY, org="demo", run="r2", seq=1, prev=GENESIS, body=body)])
    )
    written = await door.admission.write_sealed("gw", request(sealed(3)[2:]))
    assert [fate.fate for fate in written.fates] == [Fate.STORED]
    assert door.marks() == ["clone"]


def test_hashes_of_many_runs_share_few_files(tmp_path: Path) -> None:
    hashes = BatchHashes(tmp_path)
    for number in range(OPEN_FILES + 20):
        hashes.put("g", f"r{number}", 3, f"{number + 1:032x}" * 2)
        assert hashes.get("g", f"r{number}", 2) is None
    assert hashes.get("g", "r0", 3) == bytes.fromhex(f"{1:032x}")
    assert hashes.get("g", "r0", 9) is None
    hashes.sync()
    hashes.close()


@given(st.permutations(range(8)), st.sets(st.integers(1, 7)))
def test_batches_taken_together_are_known_as_one_by_one(order: list[int], cuts: set[int]) -> None:
    batches = sealed(8)
    with TemporaryDirectory() as name:
        alone, linked = (Sequences(BatchHashes(Path(name) / folder)) for folder in ("alone", "linked"))
        for number in order:
            alone.take(batches[number], NOTHING)
        edges = [0, *sorted(cuts), 8]
        for first, last in sorted(pairwise(edges), key=lambda edge: order[edge[0]]):
            linked.take_linked(batches[first:last])
        linked.take_linked(batches[2:5])
        for batch in [*batches, *sealed(8, lines=4)]:
            assert alone.standing(batch) is linked.standing(batch)
        states = [each.state(GATEWAY.fingerprint, "r1") for each in (alone, linked)]
        assert states[0].run.intervals == states[1].run.intervals
        assert states[1].others == set()


@pytest.mark.parametrize("text", ["", "x", "AAAA", "é" * 44])
def test_what_is_no_public_key_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        public_key(text)


def test_a_fleet_file_takes_back_only_what_it_admitted() -> None:
    keys = GatewayKeys()
    by_code = Key.from_seed(b"c" * 32)
    keys.admit("b", by_code.public, AdmittedBy.CODE, 1)
    keys.follow_fleet([("a", encode_public(GATEWAY.public)), ("b", None)], 2)
    assert [key.name for key in keys] == ["b", "a"]
    keys.revoke(fingerprint(GATEWAY.public), 3, "stolen")
    keys.revoke("unknown", 3, "stolen")
    keys.revoke(fingerprint(GATEWAY.public), 5, "later")
    assert [key.name for key in keys.revocable("a", 2)] == ["a"]
    assert keys.revocable("a", 3) == []
    keys.follow_fleet([], 4)
    assert keys.of("a") == []
    assert [key.revoked_ms for key in keys] == [None, 3]
    keys.follow_fleet([("a", encode_public(GATEWAY.public))], 5)
    assert keys.of("a") == []
